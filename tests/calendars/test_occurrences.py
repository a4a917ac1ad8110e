"""Which occurrence of its series an event is, from what its calendar has shown."""

from datetime import timedelta
from typing import Any

from minutekeeper.calendars.event import CalendarEvent
from minutekeeper.calendars.occurrences import as_tracked
from minutekeeper.calendars.tracked_events import TrackedEvents
from tests.calendars.support import DAY, NOW, START, an_entry, an_event, through_temporal

WEEK = 7 * DAY


def occurrence(week: int, **fields: Any) -> CalendarEvent:
    plain = {"event_id": f"e{week}", "start_time": START + week * WEEK, "recurring_event_id": "s"}
    return an_event(**plain | fields)


def numbers(events: list[CalendarEvent], tracked: TrackedEvents | None = None) -> list[int]:
    return [event.number for event in as_tracked(events, tracked or TrackedEvents(calendar_id="c1"))]


def after(
    tracked: TrackedEvents, *events: CalendarEvent, weeks: int = 0, gone: tuple[str, ...] = ()
) -> TrackedEvents:
    """What is tracked once the events were read, so many weeks later."""
    now = NOW + weeks * WEEK
    entries = [an_entry(event, now=now) for event in events]
    return tracked.with_snapshot(entries, now, complete=False, gone=gone).pruned(now)


EMPTY = TrackedEvents(calendar_id="c1")


def test_occurrences_are_counted_in_their_order() -> None:
    assert numbers([occurrence(2), occurrence(0), occurrence(1)]) == [3, 1, 2]


def test_other_series_and_single_events_are_not_counted() -> None:
    events = [occurrence(1, recurring_event_id="t"), occurrence(0, recurring_event_id=""), occurrence(2)]
    assert numbers(events) == [1, 0, 1]


def test_what_is_known_already_counts_although_it_was_not_read_again() -> None:
    tracked = after(EMPTY, occurrence(0), occurrence(1))
    assert numbers([occurrence(2)], tracked) == [3]
    assert numbers([occurrence(1)], tracked) == [2]


def test_what_was_cancelled_does_not_count() -> None:
    tracked = after(EMPTY, occurrence(0, deleted=True), occurrence(1), occurrence(2))
    assert numbers([occurrence(2)], tracked) == [2]
    tracked = after(tracked, gone=("e1",))
    assert numbers([occurrence(2)], tracked) == [1]
    assert numbers([occurrence(0, deleted=True), occurrence(2)]) == [0, 1]


def test_one_that_is_moved_behind_the_next_takes_place_after_it() -> None:
    moved = occurrence(0, start_time=START + WEEK + DAY)
    assert numbers([moved, occurrence(1), occurrence(2)]) == [2, 1, 3]


def test_a_series_that_google_split_is_counted_on() -> None:
    old = [occurrence(week, recurring_event_id="abc") for week in range(3)]
    tracked = after(EMPTY, *old)
    start, split = START + timedelta(hours=1), "abc_R20261208T110000Z"
    new = [
        an_event(event_id=f"n{week}", recurring_event_id=split, start_time=start + week * WEEK) for week in (1, 2)
    ]
    cancelled = [event.model_copy(update={"deleted": True}) for event in old[1:]]
    assert numbers([*cancelled, *new], tracked) == [0, 0, 2, 3]


def test_what_took_place_long_ago_is_still_counted() -> None:
    tracked = EMPTY
    for week in range(30):
        tracked = after(tracked, occurrence(week), occurrence(week + 1), weeks=week)
    assert len(tracked.entries) < 10
    assert numbers([occurrence(31)], tracked) == [32]
    again = after(tracked, occurrence(2), weeks=30)
    assert numbers([occurrence(31)], again) == [32], "an old one that is read again is not counted twice"
    assert numbers([occurrence(31)], through_temporal(again)) == [32]
    stored = TrackedEvents.model_validate_json(again.model_dump_json(exclude_defaults=True))
    assert numbers([occurrence(31)], stored) == [32]


def test_cancelled_ones_are_not_counted_when_they_are_forgotten_either() -> None:
    tracked = after(EMPTY, occurrence(0), occurrence(1, deleted=True), occurrence(2))
    tracked = after(tracked, weeks=8)
    assert tracked.entries == {}
    assert numbers([occurrence(9)], tracked) == [3]


def test_a_series_that_ended_long_ago_is_forgotten() -> None:
    tracked = after(after(EMPTY, occurrence(0)), weeks=8)
    assert tracked.passed["s"].count == 1
    assert after(tracked, weeks=56).passed == tracked.passed
    assert after(tracked, weeks=60).passed == {}


def test_nothing_is_kept_of_single_events() -> None:
    tracked = after(after(EMPTY, an_event()), weeks=8)
    assert (tracked.entries, tracked.passed) == ({}, {})
