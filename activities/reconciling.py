"""One look into a calendar: read, decide, plan, and carry the plan out meeting by meeting."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import NamedTuple

from activities.meeting_calls import CALL_ERRORS, Claimed, MeetingCalls, stem_of
from artifacts.notebook import Notebook, Notebooks
from meetings.calendars.book import Book
from meetings.calendars.decision import decide
from meetings.calendars.entry import entry_for
from meetings.calendars.event import CalendarEvent
from meetings.calendars.keeping import LookCounts, LookOrder, LookResult
from meetings.calendars.planning import Step, StepKind, after, plan
from meetings.calendars.rules import FixedRule
from meetings.request import Claim, Release
from providers.calendar_reading import CalendarReader, is_news
from providers.calendars import ConnectedCalendars

_AT_ONCE = 20
"""Meetings that are changed side by side: the book is written before each such batch."""
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


class Look:
    """One attempt at one look."""

    def __init__(
        self,
        order: LookOrder,
        clock: Clock,
        *,
        calendars: ConnectedCalendars,
        notebooks: Notebooks,
        meetings: MeetingCalls,
    ) -> None:
        self._order = order
        self._now, self._seen_at = clock
        self._calendars = calendars
        self._reader = CalendarReader(calendars, order.calendar_id)
        self._notebooks = notebooks
        self._meetings = meetings
        self._book = Book(calendar_id=order.calendar_id)
        self._cursor: datetime | None = None
        self._doubtful: set[str] = set()
        self._counts: Counter[str] = Counter()
        self._again_at: datetime | None = None
        self._progress = (0, 0)

    def progress(self) -> tuple[int, int]:
        """Meetings that were dealt with, of so many."""
        return self._progress

    async def run(self) -> LookResult:
        """Raises ProviderError, StoreError or one of CALL_ERRORS: what was done until then stays and is noted."""
        known = await self._notebooks.read(self._order.calendar_id)
        if known is not None:
            self._book, self._cursor, self._doubtful = known.book, known.cursor, set(known.under_way)
        if self._order.farewell:
            return await self._leave()
        events, gone, was_full = await self._read()
        if known is None:
            events += await self._orphans(events)
        entries = [
            entry_for(event, decide(self._order.policy, self._order.overrides, event, self._now))
            for event in events
        ]
        made = plan(self._book, entries, self._now, complete=False, gone=gone)
        self._book = made.book.pruned(self._now)
        self._cursor = max((*_changes(events), *([self._cursor] if self._cursor else [])), default=None)
        self._counts["events"] = len(events)
        failures = await self._carry_out([step for step in made.steps if self._is_to_do(step)])
        stems = {stem_of(step.meeting_id) for step in made.steps}
        unwanted = [meeting_id for meeting_id in self._doubtful if stem_of(meeting_id) not in stems]
        failures += await self._let_go(unwanted, "The calendar no longer wants it.")
        await self._note()
        if failures:
            raise failures[0]
        return self._result(was_full=was_full)

    async def _read(self) -> tuple[list[CalendarEvent], frozenset[str], bool]:
        """Events, the ids of those that are gone, and whether everything was read.

        Where something changed and no change is to be found, an event was perhaps removed.
        """
        if self._cursor is not None and not self._order.full:
            changed = await self._reader.read_changes(self._cursor)
            if not self._order.heard or any(is_news(self._book, event) for event in changed):
                return changed, frozenset(), False
        return *await self._reader.read_all(self._book, self._now), True

    def _is_to_do(self, step: Step) -> bool:
        if step.kind is not StepKind.KEEP or step.meeting_id in self._doubtful:
            return True
        return not self._book.entries[step.event_id].claimed

    async def _carry_out(self, steps: Sequence[Step]) -> list[Exception]:
        """In batches in order of start; what fails holds nothing else up, and is in doubt afterwards."""
        failures: list[Exception] = []
        remaining = iter(steps)
        while batch := list(islice(remaining, _AT_ONCE)):
            self._doubtful |= {step.meeting_id for step in batch}
            await self._note()
            done = await asyncio.gather(*(self._take(step) for step in batch), return_exceptions=True)
            for step, outcome in zip(batch, done, strict=True):
                if isinstance(outcome, CALL_ERRORS):
                    failures.append(outcome)
                elif isinstance(outcome, BaseException):
                    raise outcome
                else:
                    self._doubtful.discard(step.meeting_id)
            self._progress = (self._progress[0] + len(batch), len(steps))
        return failures

    async def _take(self, step: Step) -> None:
        if step.kind is StepKind.RELEASE:
            await self._meetings.release(step.meeting_id, self._release_of(step))
        elif not await self._claim(step):
            return
        self._book = after(self._book, step)
        if step.kind in _COUNTED:
            self._counts[_COUNTED[step.kind]] += 1

    async def _claim(self, step: Step) -> bool:
        """Whether the meeting knows now what the calendar wants."""
        request = step.wish.request(self._order.calendar_id, step.event_id)
        entry = self._book.entries[step.event_id]
        claim = Claim(
            calendar_id=self._order.calendar_id,
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
        claimed = await self._meetings.claim(step.meeting_id, request, claim, self._now)
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
        self._counts["put_off"] += 1
        self._again_at = min(self._again_at or again_at, again_at)

    def _release_of(self, step: Step) -> Release:
        entry = self._book.entries.get(step.event_id)
        deleted_at = entry.updated_at if entry and entry.rule == FixedRule.DELETED else None
        return Release(
            calendar_id=self._order.calendar_id, seen_at=self._seen_at, why=step.reason[:500], deleted_at=deleted_at
        )

    async def _let_go(self, meeting_ids: Iterable[str], why: str) -> list[Exception]:
        failures: list[Exception] = []
        release = Release(calendar_id=self._order.calendar_id, seen_at=self._seen_at, why=why)
        for meeting_id in meeting_ids:
            try:
                await self._meetings.release(meeting_id, release)
            except CALL_ERRORS as error:
                failures.append(error)
                continue
            self._book = self._book.released(meeting_id)
            self._doubtful.discard(meeting_id)
            self._counts["released"] += 1
        return failures

    async def _orphans(self, seen: Iterable[CalendarEvent]) -> list[CalendarEvent]:
        """After the loss of the book: events of meetings that this calendar has, as far as they were not seen.

        Its meetings are in doubt then, but for those whose event cannot be read.
        """
        events = {
            meeting_id: event_id
            async for meeting_id, event_id in self._meetings.of_calendar(self._order.calendar_id)
        }
        known = {event.event_id for event in seen}
        found, gone = await self._reader.look_for(set(events.values()) - known)
        known |= gone | {event.event_id for event in found}
        self._doubtful |= {meeting_id for meeting_id, event_id in events.items() if event_id in known}
        return found

    async def _leave(self) -> LookResult:
        running = [meeting_id async for meeting_id, _ in self._meetings.of_calendar(self._order.calendar_id)]
        claimed = [entry.meeting_id for entry in self._book.entries.values() if entry.claimed]
        failures = await self._let_go(dict.fromkeys([*claimed, *self._doubtful, *running]), self._order.farewell)
        if failures:
            await self._note()
            raise failures[0]
        await self._calendars.delete_calendar(self._order.calendar_id)
        await self._notebooks.remove(self._order.calendar_id)
        return self._result(was_full=False)

    async def _note(self) -> None:
        await self._notebooks.write(
            Notebook(
                book=self._book,
                seen_at=self._seen_at,
                cursor=self._cursor,
                under_way=frozenset(self._doubtful),
            )
        )

    def _result(self, *, was_full: bool) -> LookResult:
        return LookResult(
            counts=LookCounts(**self._counts), was_full=was_full, cursor=self._cursor, again_at=self._again_at
        )


def _changes(events: Iterable[CalendarEvent]) -> list[datetime]:
    return [event.updated_at for event in events if event.updated_at]
