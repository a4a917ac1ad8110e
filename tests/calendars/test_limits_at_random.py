"""Whatever is wanted, limits keep, the more important goes first, and the same bookings have the same outcome."""

from collections import Counter
from datetime import timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from minutekeeper.calendars.limits import Gauge, LimitReached, Limits, LimitScope, WantedBooking, admit
from tests.calendars.support import NOW, START

QUARTER = timedelta(minutes=15)
ZONE = "Asia/Kolkata"

counts = st.none() | st.integers(1, 4)
gauges = st.builds(
    lambda at_once, per_hour, per_day, hours: Gauge(
        LimitScope.USER,
        Limits(at_once=at_once, per_hour=per_hour, per_day=per_day, hours_per_month=hours),
        ZONE,
    ),
    st.integers(1, 4),
    counts,
    counts,
    counts,
)
bookings = st.builds(
    lambda number, quarters, length, importance, since, settled: WantedBooking(
        meeting_id=f"m{number}",
        start=START + quarters * QUARTER,
        until=START + (quarters + length) * QUARTER,
        importance=importance,
        since=NOW - since * QUARTER,
        fixed=settled,
    ),
    st.integers(0, 30),
    st.integers(0, 200),
    st.integers(1, 12),
    st.integers(1, 3),
    st.integers(0, 2),
    st.sampled_from([False, False, False, True]),
)
wanted = st.lists(bookings, max_size=25, unique_by=lambda each: each.meeting_id)


def kept(found: list[WantedBooking], *limits: Gauge) -> list[WantedBooking]:
    outcome = admit(found, limits, NOW)
    return [each for each in found if outcome[each.meeting_id] is None]


def exceeds(found: list[WantedBooking], gauge: Gauge) -> bool:
    """Whether bookings are more than limits allow, said as simply as can be."""
    limits = gauge.limits
    local = [each.start + timedelta(hours=5, minutes=30) for each in found]
    peak = max((sum(each.start <= one.start < each.until for each in found) for one in found), default=0)
    per_hour = Counter(f"{each:%Y-%m-%d %H}" for each in local)
    per_day = Counter(f"{each:%Y-%m-%d}" for each in local)
    hours: Counter[str] = Counter()
    for each, start in zip(found, local, strict=True):
        hours[f"{start:%Y-%m}"] += int((each.until - each.start) / QUARTER)
    figures = [
        (peak, limits.at_once),
        (max(per_hour.values(), default=0), limits.per_hour),
        (max(per_day.values(), default=0), limits.per_day),
        (max(hours.values(), default=0), limits.hours_per_month and 4 * limits.hours_per_month),
    ]
    return any(limit is not None and figure > limit for figure, limit in figures)


@given(wanted, st.lists(gauges, min_size=1, max_size=2))
def test_limits_keep_unless_what_is_settled_is_too_much_already(
    found: list[WantedBooking], limits: list[Gauge]
) -> None:
    settled = [each for each in found if each.fixed]
    admitted = kept(found, *limits)
    assert {each.meeting_id for each in settled} <= {each.meeting_id for each in admitted}
    for gauge in limits:
        assert not exceeds(admitted, gauge) or exceeds(settled, gauge)


@given(wanted, gauges)
def test_what_is_left_out_has_no_room_beside_what_comes_before_it(found: list[WantedBooking], gauge: Gauge) -> None:
    admitted = kept(found, gauge)
    for each in found:
        if each not in admitted:
            before = [
                other
                for other in admitted
                if other.fixed
                or (-other.importance, other.start, other.since, other.meeting_id)
                < (-each.importance, each.start, each.since, each.meeting_id)
            ]
            assert exceeds([*before, each], gauge)


@given(wanted, gauges, st.randoms())
def test_the_outcome_is_the_same_in_whatever_order_bookings_are_listed(
    found: list[WantedBooking], gauge: Gauge, random: Random
) -> None:
    shuffled = list(found)
    random.shuffle(shuffled)
    assert admit(shuffled, [gauge], NOW) == admit(found, [gauge], NOW)


@given(wanted, gauges)
def test_what_was_decided_once_is_decided_again(found: list[WantedBooking], gauge: Gauge) -> None:
    outcome = admit(found, [gauge], NOW)
    stored = [each.model_copy(update={"booked": outcome[each.meeting_id] is None}) for each in found]
    assert admit(stored, [gauge], NOW) == outcome
    admitted = kept(found, gauge)
    assert kept(admitted, gauge) == admitted, "what was left out played no part"


@given(wanted, gauges, bookings)
def test_a_less_important_meeting_takes_no_place_from_a_more_important_one(
    found: list[WantedBooking], gauge: Gauge, late: WantedBooking
) -> None:
    late = late.model_copy(update={"meeting_id": "late", "fixed": False})
    before, after = admit(found, [gauge], NOW), admit([*found, late], [gauge], NOW)
    changed = {each.meeting_id for each in found if _is_out(before, each) is not _is_out(after, each)}
    assert all(each.importance <= late.importance for each in found if each.meeting_id in changed)


def _is_out(outcome: dict[str, LimitReached | None], booking: WantedBooking) -> bool:
    return outcome[booking.meeting_id] is not None
