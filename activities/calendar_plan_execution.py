"""Applies a reconcile plan: books, moves and releases meetings, and writes checkpoints so that a retry resumes."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from activities.meeting_bookings import CALL_ERRORS, BookingResult, MeetingBookings
from minutekeeper.calendars.objections import PERSONAL_RULES
from minutekeeper.calendars.plan import ChangeKind, PlannedChange, apply_change
from minutekeeper.calendars.rules import BuiltinRule
from minutekeeper.calendars.tracked_events import BookedState, TrackedEvents
from minutekeeper.meetings.claims import Claim, ClaimRelease
from minutekeeper.storage.calendar_checkpoints import CalendarCheckpoint, CalendarCheckpointStore

_BATCH_SIZE = 100
"""Meetings between two checkpoints: so many are changed again after a crash, which has no further effect."""
_MAX_CONCURRENCY = 20
_ENDING_SECONDS = 1.0
_RETRY_AFTER = timedelta(minutes=2)

_COUNTED = {
    ChangeKind.BOOK: "booked",
    ChangeKind.MOVE: "moved",
    ChangeKind.UPDATE: "updated",
    ChangeKind.RELEASE: "released",
}


class ReconcileClock(NamedTuple):
    """`attempt_at` tells one attempt at a reconcile from all others of its calendar, and puts them in order."""

    now: datetime
    attempt_at: datetime


class PlanExecutor:
    """One attempt's work on the meetings of one calendar.

    `events` and `cursor` are written in each checkpoint; `uncertain` are the meetings that may or may not have been
    changed. Every method may raise StoreError or StaleWriteError, which end the attempt.
    """

    def __init__(
        self,
        checkpoint: CalendarCheckpoint,
        clock: ReconcileClock,
        checkpoints: CalendarCheckpointStore,
        meetings: MeetingBookings,
    ) -> None:
        self.events: TrackedEvents = checkpoint.events
        self.cursor = checkpoint.cursor
        self.uncertain = set(checkpoint.in_progress)
        self.lost = set(checkpoint.in_progress)
        """Meetings that Temporal may have had before: a bot of theirs may exist."""
        self.counts: Counter[str] = Counter()
        self.retry_at: datetime | None = None
        self.failures: list[Exception] = []
        """What calls to meetings failed with: one of CALL_ERRORS each."""
        self.progress = (0, 0)
        """Meetings that were dealt with, of so many."""
        self._calendar_id = checkpoint.events.calendar_id
        self._now, self._attempt_at = clock
        self._checkpoints = checkpoints
        self._meetings = meetings

    async def apply(self, changes: Sequence[PlannedChange]) -> None:
        """Applies changes in order of start. What fails holds nothing else up, and is uncertain afterwards."""
        for first in range(0, len(changes), _BATCH_SIZE):
            batch = changes[first : first + _BATCH_SIZE]
            self.uncertain |= {change.meeting_id for change in batch}
            await self.checkpoint()
            await self._concurrently({change.meeting_id: partial(self._apply, change) for change in batch})
            self.progress = (first + len(batch), len(changes))

    async def release(self, meeting_ids: Iterable[str], why: str) -> None:
        """Releases meetings for which there is no planned change: what they were booked for is no longer known."""
        await self._concurrently({each: partial(self._release, each, why) for each in meeting_ids})

    async def checkpoint(self) -> None:
        """Writes down what is known now."""
        await self._checkpoints.write(
            CalendarCheckpoint(
                events=self.events,
                reconciled_at=self._attempt_at,
                cursor=self.cursor,
                in_progress=frozenset(self.uncertain),
            )
        )

    async def _concurrently(self, calls: Mapping[str, Callable[[], Awaitable[None]]]) -> None:
        slots = asyncio.Semaphore(_MAX_CONCURRENCY)

        async def call_one(meeting_id: str, call: Callable[[], Awaitable[None]]) -> None:
            async with slots:
                try:
                    await call()
                except CALL_ERRORS as error:
                    self.failures.append(error)
                else:
                    self.uncertain.discard(meeting_id)

        try:
            async with asyncio.TaskGroup() as group:
                for meeting_id, call in calls.items():
                    group.create_task(call_one(meeting_id, call))
        except ExceptionGroup as several:
            raise several.exceptions[0] from None

    async def _apply(self, change: PlannedChange) -> None:
        if change.kind is ChangeKind.RELEASE:
            release = self._release_message(change.reason, self._deleted_at(change)).model_copy(
                update={"by_person": change.rule in PERSONAL_RULES}
            )
            await self._meetings.release(change.meeting_id, release)
        elif not await self._claim(change):
            return
        self.events = apply_change(self.events, change)
        if change.kind in _COUNTED:
            self.counts[_COUNTED[change.kind]] += 1

    async def _release(self, meeting_id: str, why: str) -> None:
        await self._meetings.release(meeting_id, self._release_message(why))
        self.events = self.events.without_booking(meeting_id)
        self.counts["released"] += 1

    async def _claim(self, change: PlannedChange) -> bool:
        """Whether the meeting is now as the calendar wants it."""
        request = change.desired.request(self._calendar_id, change.event_id)
        request = request.model_copy(update={"rebooked": change.meeting_id in self.lost})
        entry = self.events.entries[change.event_id]
        if entry.ended_as is BookedState.CANCELLED:
            # Temporal may have forgotten by now that a user cancelled it.
            return True
        claim = Claim(
            calendar_id=self._calendar_id,
            event_id=change.event_id,
            seen_at=self._attempt_at,
            start_time=request.start_time,
            end_time=request.end_time,
            meeting_url=request.meeting_url,
            title=request.title,
            bot=change.desired.bot,
            wanted=change.desired.wanted,
            metadata=change.desired.metadata,
            is_organizer=entry.is_organizer,
            updated_at=entry.updated_at,
        )
        is_new = change.kind is ChangeKind.BOOK
        result = await self._meetings.claim(change.meeting_id, request, claim, self._now, is_new=is_new)
        if result is BookingResult.ENDING:
            # One that was just cancelled ends within a moment, and can be booked anew then.
            await asyncio.sleep(_ENDING_SECONDS)
            result = await self._meetings.claim(change.meeting_id, request, claim, self._now)
        if result is BookingResult.ENDING:
            self._defer(self._now + _RETRY_AFTER)
            return False
        if result is BookingResult.DEFERRED and change.applied is not None:
            # Once it was held, its event has another meeting at its new time.
            self._defer(max(change.applied.expected_end, self._now) + _RETRY_AFTER)
            return False
        return True

    def _defer(self, retry_at: datetime) -> None:
        self.counts["deferred"] += 1
        self.retry_at = min(self.retry_at or retry_at, retry_at)

    def _deleted_at(self, change: PlannedChange) -> datetime | None:
        entry = self.events.entries.get(change.event_id)
        return entry.updated_at if entry and entry.rule == BuiltinRule.DELETED else None

    def _release_message(self, why: str, deleted_at: datetime | None = None) -> ClaimRelease:
        return ClaimRelease(
            calendar_id=self._calendar_id, seen_at=self._attempt_at, why=why[:500], deleted_at=deleted_at
        )
