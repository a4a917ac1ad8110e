"""What a look into a calendar does about its meetings, noted in the book so that a crash costs little."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from activities.meeting_calls import CALL_ERRORS, Claimed, MeetingCalls
from artifacts.notebook import Notebook, Notebooks
from meetings.calendars.book import Book
from meetings.calendars.entry import BookedState
from meetings.calendars.planning import Step, StepKind, after
from meetings.calendars.rules import FixedRule
from meetings.request import Claim, Release

_BATCH = 100
"""Meetings between two writings of the book: so many are done again after a crash, and nothing comes of it."""
_AT_ONCE = 20
_ENDING_SECONDS = 1.0
_PAUSE = timedelta(minutes=2)

_COUNTED = {
    StepKind.BOOK: "booked",
    StepKind.MOVE: "moved",
    StepKind.UPDATE: "updated",
    StepKind.RELEASE: "released",
}


class Clock(NamedTuple):
    """`seen_at` tells one attempt at a look from all others of its calendar, and puts them in order."""

    now: datetime
    seen_at: datetime


class Deeds:
    """One attempt's work on the meetings of one calendar.

    `book` and `cursor` are what is written down before each batch; `in_doubt` are the meetings of which nobody
    knows whether they were changed. Every method may raise StoreError or OvertakenError, which end the attempt.
    """

    def __init__(self, known: Notebook, clock: Clock, notebooks: Notebooks, meetings: MeetingCalls) -> None:
        self.book: Book = known.book
        self.cursor = known.cursor
        self.in_doubt = set(known.under_way)
        self.lost = set(known.under_way)
        """Meetings that Temporal may have had before: a bot of theirs may exist."""
        self.counts: Counter[str] = Counter()
        self.again_at: datetime | None = None
        self.failures: list[Exception] = []
        """What calls to meetings failed with: one of CALL_ERRORS each."""
        self.progress = (0, 0)
        """Meetings that were dealt with, of so many."""
        self._calendar_id = known.book.calendar_id
        self._now, self._seen_at = clock
        self._notebooks = notebooks
        self._meetings = meetings

    async def carry_out(self, steps: Sequence[Step]) -> None:
        """In order of start. What fails holds nothing else up, and is in doubt afterwards."""
        for first in range(0, len(steps), _BATCH):
            batch = steps[first : first + _BATCH]
            self.in_doubt |= {step.meeting_id for step in batch}
            await self.note()
            await self._side_by_side({step.meeting_id: partial(self._take, step) for step in batch})
            self.progress = (first + len(batch), len(steps))

    async def let_go(self, meeting_ids: Iterable[str], why: str) -> None:
        """Of meetings for which there is no step: nobody knows any more what they were booked for."""
        await self._side_by_side({each: partial(self._let_go, each, why) for each in meeting_ids})

    async def note(self) -> None:
        """Writes down what is known now."""
        await self._notebooks.write(
            Notebook(seen_at=self._seen_at, cursor=self.cursor, book=self.book, under_way=frozenset(self.in_doubt))
        )

    async def _side_by_side(self, deeds: Mapping[str, Callable[[], Awaitable[None]]]) -> None:
        slots = asyncio.Semaphore(_AT_ONCE)

        async def do(meeting_id: str, deed: Callable[[], Awaitable[None]]) -> None:
            async with slots:
                try:
                    await deed()
                except CALL_ERRORS as error:
                    self.failures.append(error)
                else:
                    self.in_doubt.discard(meeting_id)

        try:
            async with asyncio.TaskGroup() as group:
                for meeting_id, deed in deeds.items():
                    group.create_task(do(meeting_id, deed))
        except ExceptionGroup as several:
            raise several.exceptions[0] from None

    async def _take(self, step: Step) -> None:
        if step.kind is StepKind.RELEASE:
            await self._meetings.release(step.meeting_id, self._release(step.reason, self._deleted_at(step)))
        elif not await self._claim(step):
            return
        self.book = after(self.book, step)
        if step.kind in _COUNTED:
            self.counts[_COUNTED[step.kind]] += 1

    async def _let_go(self, meeting_id: str, why: str) -> None:
        await self._meetings.release(meeting_id, self._release(why))
        self.book = self.book.released(meeting_id)
        self.counts["released"] += 1

    async def _claim(self, step: Step) -> bool:
        """Whether the meeting knows now what the calendar wants."""
        request = step.wish.request(self._calendar_id, step.event_id)
        request = request.model_copy(update={"rebooked": step.meeting_id in self.lost})
        entry = self.book.entries[step.event_id]
        if entry.ended_as is BookedState.CANCELLED:
            # Temporal may have forgotten by now that people cancelled it.
            return True
        claim = Claim(
            calendar_id=self._calendar_id,
            event_id=step.event_id,
            seen_at=self._seen_at,
            start_time=request.start_time,
            end_time=request.end_time,
            meeting_url=request.meeting_url,
            title=request.title,
            bot=step.wish.bot,
            is_organizer=entry.is_organizer,
            updated_at=entry.updated_at,
        )
        is_new = step.kind is StepKind.BOOK
        claimed = await self._meetings.claim(step.meeting_id, request, claim, self._now, is_new=is_new)
        if claimed is Claimed.ENDING:
            # One that was just cancelled ends within a moment, and can be booked anew then.
            await asyncio.sleep(_ENDING_SECONDS)
            claimed = await self._meetings.claim(step.meeting_id, request, claim, self._now)
        if claimed is Claimed.ENDING:
            self._put_off(self._now + _PAUSE)
            return False
        if claimed is Claimed.HELD and step.before is not None:
            # Once it was held, its event has another meeting at its new time.
            self._put_off(max(step.before.expected_end, self._now) + _PAUSE)
            return False
        return True

    def _put_off(self, again_at: datetime) -> None:
        self.counts["put_off"] += 1
        self.again_at = min(self.again_at or again_at, again_at)

    def _deleted_at(self, step: Step) -> datetime | None:
        entry = self.book.entries.get(step.event_id)
        return entry.updated_at if entry and entry.rule == FixedRule.DELETED else None

    def _release(self, why: str, deleted_at: datetime | None = None) -> Release:
        return Release(calendar_id=self._calendar_id, seen_at=self._seen_at, why=why[:500], deleted_at=deleted_at)
