"""Compares what a calendar has booked with the workflows that exist, so that what is lost is booked again."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime

from minutekeeper.calendars.event import is_past
from minutekeeper.calendars.tracked_events import BookedState, TrackedEvent, TrackedEvents
from minutekeeper.meetings.ids import occurrences_of
from minutekeeper.meetings.status import MeetingStatus

_TERMINATED = {"TERMINATED", "TIMED_OUT"}


def booked_state_of(execution_status: str, meeting_status: str) -> BookedState:
    """The state of a meeting by Temporal's name for the state of its workflow and its last search attribute."""
    if execution_status == "RUNNING":
        return BookedState.RUNNING
    if execution_status in _TERMINATED:
        return BookedState.TERMINATED
    if execution_status == "CANCELED" or meeting_status == MeetingStatus.CANCELLED:
        return BookedState.CANCELLED
    return BookedState.ENDED


async def compare_meetings(
    tracked: TrackedEvents, running: Collection[str], ask: Callable[[str], Awaitable[BookedState]], now: datetime
) -> Mapping[str, BookedState]:
    """The states of the booked meetings that are not over, by meeting id.

    `running` are the meetings that a search found. Searches lag behind, so every other one is asked for by its id,
    but for those that were once seen to have ended: after Temporal's retention they are absent, and not lost.
    """
    open_entries = [entry for entry in tracked.entries.values() if _is_open(entry, now)]
    own_names = {entry.meeting_id for entry in tracked.entries.values() if entry.booked}

    async def state(entry: TrackedEvent) -> BookedState:
        ended: BookedState | None = None
        for name in occurrences_of(entry.meeting_id):
            if name in running:
                return BookedState.RUNNING
            if entry.ended_as is not None:
                return entry.ended_as
            if ended and name in own_names:
                break
            found = await ask(name)
            if found is not BookedState.ENDED:
                return ended if ended and found is BookedState.ABSENT else found
            ended = found
        return BookedState.ENDED

    states = await asyncio.gather(*(state(entry) for entry in open_entries))
    return dict(zip((entry.meeting_id for entry in open_entries), states, strict=True))


def _is_open(entry: TrackedEvent, now: datetime) -> bool:
    return entry.booked and not is_past(entry.applied.expected_end, now)
