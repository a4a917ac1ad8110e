"""One look into a calendar: read, decide, plan, and carry the plan out."""

import asyncio
import logging
from collections.abc import Collection, Iterable

from activities.deeds import Clock, Deeds
from activities.meeting_calls import CALL_ERRORS, MeetingCalls
from artifacts.notebook import Notebook, Notebooks
from meetings.calendars.book import Book
from meetings.calendars.comparing import compare
from meetings.calendars.decision import decide
from meetings.calendars.entry import BookedState, entry_for
from meetings.calendars.event import CalendarEvent
from meetings.calendars.keeping import LookCounts, LookOrder, LookResult
from meetings.calendars.planning import Step, StepKind, plan
from meetings.ids import stem_of
from providers.calendar_reading import CalendarReader, Reading
from providers.calendars import ConnectedCalendars

logger = logging.getLogger(__name__)

_QUESTIONS_AT_ONCE = 20
_NAMED_IN_LOG = 5


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
        self._clock = clock
        self._calendars = calendars
        self._reader = CalendarReader(calendars, order.calendar_id)
        self._notebooks = notebooks
        self._meetings = meetings
        self._deeds = Deeds(Notebook(book=Book(calendar_id=order.calendar_id)), clock, notebooks, meetings)

    def progress(self) -> tuple[int, int]:
        """Meetings that were dealt with, of so many."""
        return self._deeds.progress

    async def run(self) -> LookResult:
        """Raises ProviderError, StoreError or one of CALL_ERRORS: what was done until then stays and is noted."""
        known = await self._notebooks.read(self._order.calendar_id)
        if known is not None:
            self._deeds = Deeds(known, self._clock, self._notebooks, self._meetings)
        if self._order.farewell:
            return await self._leave()
        reading = await self._reader.read(self._order.news, self._deeds.cursor, self._deeds.book, self._clock.now)
        events = reading.events
        if reading.was_full:
            running = [each async for each in self._meetings.of_calendar(self._order.calendar_id)]
            await self._compare(running)
            events = events + await self._forgotten(events, running)
        await self._follow(events, reading)
        return self._result(reading)

    async def _follow(self, events: Collection[CalendarEvent], reading: Reading) -> None:
        """Has the meetings follow what was read."""
        deeds, now = self._deeds, self._clock.now
        policy, overrides = self._order.policy, self._order.overrides
        entries = [entry_for(event, decide(policy, overrides, event, now)) for event in events]
        made = plan(deeds.book, entries, now, complete=False, gone=reading.gone)
        deeds.book, deeds.cursor = made.book.pruned(now), reading.cursor
        deeds.counts["events"] = len(events)
        await deeds.carry_out([step for step in made.steps if self._is_to_do(step)])
        stems = {stem_of(step.meeting_id) for step in made.steps}
        unwanted = [meeting_id for meeting_id in deeds.in_doubt if stem_of(meeting_id) not in stems]
        await deeds.let_go(unwanted, "The calendar no longer wants it.")
        await self._finish()

    def _is_to_do(self, step: Step) -> bool:
        if step.kind is not StepKind.KEEP or step.meeting_id in self._deeds.in_doubt:
            return True
        return not self._deeds.book.entries[step.event_id].claimed

    async def _compare(self, running: Collection[str]) -> None:
        """Counts meetings that the book has and Temporal has lost as not booked, so that the plan books them."""
        deeds = self._deeds
        slots = asyncio.Semaphore(_QUESTIONS_AT_ONCE)

        async def ask(meeting_id: str) -> BookedState:
            async with slots:
                try:
                    return await self._meetings.state(meeting_id)
                except CALL_ERRORS as error:
                    deeds.failures.append(error)
                    return BookedState.RUNNING

        states = await compare(deeds.book, frozenset(running), ask, self._clock.now)
        deeds.book = deeds.book.compared(states)
        lost = [meeting_id for meeting_id, state in states.items() if state.is_lost]
        deeds.counts["lost"] = len(lost)
        deeds.lost |= set(lost)
        if lost:
            logger.warning(
                "%d booked meetings of calendar %s do not run in Temporal any more; those that are wanted are "
                "booked again: %s",
                len(lost),
                self._order.calendar_id,
                ", ".join(lost[:_NAMED_IN_LOG]),
            )

    async def _forgotten(self, seen: Iterable[CalendarEvent], running: Iterable[str]) -> list[CalendarEvent]:
        """Events of meetings that this calendar has and its book does not know, as far as they were not seen.

        That is so after the loss of a book. All these meetings are in doubt, but for those whose event cannot be
        read: they stay.
        """
        claimed = {stem_of(entry.meeting_id) for entry in self._deeds.book.entries.values() if entry.claimed}
        calendar_id = self._order.calendar_id
        forgotten = {
            meeting_id: event_id
            for meeting_id in running
            if stem_of(meeting_id) not in claimed
            if (event_id := await self._meetings.event_of(meeting_id, calendar_id)) is not None
        }
        known = {"", *(event.event_id for event in seen)}
        answers = await self._reader.ask(set(forgotten.values()) - known)
        known |= answers.gone | {event.event_id for event in answers.found}
        self._deeds.in_doubt |= {meeting_id for meeting_id, event_id in forgotten.items() if event_id in known}
        return answers.found

    async def _leave(self) -> LookResult:
        deeds, calendar_id = self._deeds, self._order.calendar_id
        running = [meeting_id async for meeting_id in self._meetings.of_calendar(calendar_id)]
        claimed = [entry.meeting_id for entry in deeds.book.entries.values() if entry.claimed]
        await deeds.let_go(dict.fromkeys([*claimed, *deeds.in_doubt, *running]), self._order.farewell)
        await self._finish()
        await self._calendars.delete_calendar(calendar_id)
        await self._notebooks.remove(calendar_id)
        return self._result()

    async def _finish(self) -> None:
        await self._deeds.note()
        if self._deeds.failures:
            raise self._deeds.failures[0]

    def _result(self, reading: Reading | None = None) -> LookResult:
        deeds = self._deeds
        return LookResult(
            counts=LookCounts(**deeds.counts),
            was_full=reading is not None and reading.was_full,
            cursor=deeds.cursor,
            again_at=deeds.again_at,
            unread=reading.unread if reading else (),
        )
