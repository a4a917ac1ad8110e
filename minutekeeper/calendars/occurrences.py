"""Adds to events what no calendar tells: under which meeting id they are tracked, and their numbers in a series."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from minutekeeper.calendars.event import CalendarEvent
from minutekeeper.calendars.tracked_events import TrackedEvents


def as_tracked(events: Iterable[CalendarEvent], tracked: TrackedEvents) -> list[CalendarEvent]:
    """The events with their tracked meeting ids, and their numbers in the order in which a series takes place.

    Number one is the first that the calendar has shown; what is cancelled does not count.
    """
    events = tracked.identify(events)
    starts = _starts(events, tracked)
    return [
        event.model_copy(update={"number": _number(event, starts[event.series], tracked)})
        if event.series and not event.deleted
        else event
        for event in events
    ]


def _starts(events: list[CalendarEvent], tracked: TrackedEvents) -> Mapping[str, list[datetime]]:
    """When the known occurrences of each series take place, in order."""
    read = {event.event_id for event in events}
    starts: defaultdict[str, list[datetime]] = defaultdict(list)
    for event in events:
        if event.series and not event.deleted:
            starts[event.series].append(event.start_time)
    for key, entry in tracked.entries.items():
        if entry.series in starts and key not in read and not entry.is_cancelled:
            starts[entry.series].append(entry.desired.start_time)
    for each in starts.values():
        each.sort()
    return starts


def _number(event: CalendarEvent, starts: list[datetime], tracked: TrackedEvents) -> int:
    passed = tracked.passed.get(event.series)
    return bisect_right(starts, event.start_time) + (passed.count if passed else 0)
