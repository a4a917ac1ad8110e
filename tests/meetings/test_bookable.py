"""Which times a meeting can be booked for, and in which words another one is refused."""

from datetime import UTC, datetime, timedelta

import pytest

from minutekeeper.meetings.dispatch import is_worth_joining, unbookable
from minutekeeper.meetings.request import MeetingRequest

NOON = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


def meeting(start: datetime, length: timedelta | None = 30 * MINUTE) -> MeetingRequest:
    end = start + length if length else None
    return MeetingRequest(meeting_url="https://meet.google.com/abc-defg-hij", start_time=start, end_time=end)


def test_a_running_meeting_is_worth_joining_until_its_last_minute() -> None:
    assert is_worth_joining(meeting(NOON), NOON + 29 * MINUTE - SECOND)
    assert not is_worth_joining(meeting(NOON), NOON + 29 * MINUTE)


def test_a_meeting_of_less_than_a_minute_is_worth_joining_before_it_begins() -> None:
    short = meeting(NOON, 30 * SECOND)
    assert is_worth_joining(short, NOON - SECOND)
    assert not is_worth_joining(short, NOON)


def test_a_meeting_without_an_end_is_taken_to_last_an_hour() -> None:
    assert is_worth_joining(meeting(NOON, None), NOON + 59 * MINUTE - SECOND)
    assert not is_worth_joining(meeting(NOON, None), NOON + 59 * MINUTE)


def test_a_meeting_that_can_be_booked_is_not_refused() -> None:
    for now in (NOON - timedelta(days=3660), NOON - MINUTE, NOON + 28 * MINUTE):
        assert unbookable(meeting(NOON), now) == ""


@pytest.mark.parametrize(
    ("now", "why"),
    [
        (NOON + 29 * MINUTE, "has less than a minute left"),
        (NOON + 30 * MINUTE - SECOND, "has less than a minute left"),
        (NOON + 30 * MINUTE, "is over already"),
        (NOON + timedelta(days=1), "is over already"),
    ],
)
def test_a_meeting_that_is_as_good_as_over_is_refused(now: datetime, why: str) -> None:
    assert unbookable(meeting(NOON), now) == (
        f"start_time: a meeting from 2026-12-01T12:00:00+00:00 to 2026-12-01T12:30:00+00:00 {why}"
    )


def test_a_year_that_was_mistyped_is_asked_about() -> None:
    assert unbookable(meeting(NOON), NOON - timedelta(days=3660) - SECOND) == (
        "start_time: 2026-12-01T12:00:00+00:00 is more than ten years away; is the year right?"
    )
