"""A thousand calendars do not ask at once, whatever happened before."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from minutekeeper.calendars.messages import CalendarWorkflowInput, next_full_sync
from minutekeeper.meetings.ids import jitter_fraction

CALENDARS = [f"3f6f2c42-5d0f-4c0b-8d4e-{number:012x}" for number in range(1000)]
EVERY = timedelta(seconds=CalendarWorkflowInput(calendar_id="any").full_sync_seconds)
START = datetime(2026, 12, 1, 10, tzinfo=UTC)


@given(
    last=st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2040, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis adds the zone
    minutes=st.integers(1, 7 * 24 * 60),
    calendar_id=st.text(min_size=1),
)
def test_a_full_look_comes_after_half_a_period_and_within_a_whole(
    last: datetime, minutes: int, calendar_id: str
) -> None:
    every = timedelta(minutes=minutes)
    assert last + every / 2 < next_full_sync(last, every, calendar_id) <= last + every


def test_a_thousand_calendars_that_were_read_at_once_are_read_evenly_from_then_on() -> None:
    """The figures of docs/calendars.md: full looks a day, and at most in a minute and in a second."""
    looks: list[datetime] = []
    for calendar_id in CALENDARS:
        at = START
        while (at := next_full_sync(at, EVERY, calendar_id)) <= START + timedelta(days=10):
            looks.append(at)
            at += timedelta(seconds=1)
    in_a_minute = Counter(int((at - START).total_seconds()) // 60 for at in looks)
    in_a_second = Counter(int((at - START).total_seconds()) for at in looks)
    assert 3900 <= len(looks) / 10 <= 4100
    assert max(in_a_minute.values()) <= 14
    assert max(in_a_second.values()) <= 3


def test_each_calendar_keeps_its_own_instants_whenever_it_was_read() -> None:
    """They lie on a grid that begins with the epoch, one place on it for each calendar."""
    every = timedelta(hours=7)  # So that no whole number of periods lies between two epochs.
    half = every / 2
    for calendar_id in CALENDARS[:50]:
        looks = {
            next_full_sync(START + timedelta(minutes=minutes), every, calendar_id) for minutes in range(0, 720, 7)
        }
        (place,) = {(look - datetime(1970, 1, 1, tzinfo=UTC)) % half for look in looks}
        assert place == half * jitter_fraction(calendar_id)


def test_calendars_that_were_read_at_one_instant_are_read_at_as_many_others() -> None:
    minutes = Counter(int((next_full_sync(START, EVERY, each) - START).total_seconds()) // 60 for each in CALENDARS)
    assert len(minutes) > 170
    assert max(minutes.values()) <= 20
