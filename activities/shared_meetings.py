"""Lets the calendars of one meeting hear each other: of vetoes, and of people who opted out."""

import asyncio
from collections.abc import Awaitable, Collection, Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from temporalio.client import Client

from activities.calendar_plan_execution import PlanExecutor
from activities.meeting_bookings import CALL_ERRORS, MeetingBookings
from minutekeeper.calendars.decisions import Decision
from minutekeeper.calendars.event import CalendarEvent
from minutekeeper.calendars.messages import ReconcileInput
from minutekeeper.calendars.objections import (
    NOTHING_SHARED,
    OBJECTING,
    OPTED_OUT_REASON,
    PERSONAL_RULES,
    CalendarWord,
    SharedMeetings,
    VetoScope,
    Wish,
    decide_together,
)
from minutekeeper.calendars.rules import BuiltinRule
from minutekeeper.calendars.tracked_events import TrackedEvents
from minutekeeper.meetings.claims import ClaimRelease
from minutekeeper.meetings.ids import base_meeting_id, folder_for
from minutekeeper.meetings.views import ClaimingCalendar
from minutekeeper.providers.calendar_reader import CalendarSnapshot
from minutekeeper.storage.objections import ObjectionStore, OptOutStore, StoredWord, load_shared
from minutekeeper.temporal.calendar_workflows import report_changes

_MAX_CONCURRENCY = 20
_OVERRUN = timedelta(hours=12)
"""How long after the planned end a bot may still be in a meeting that overruns."""


class _Objection(NamedTuple):
    """An objection of this calendar, of which the meeting has to hear."""

    meeting_ids: tuple[str, ...]
    reason: str
    scope: VetoScope


class SharedMeetingWords:
    """What one attempt at a reconcile hears from other calendars, and says to them.

    `load` comes first, then `decide` for every event that was read, then `publish` before meetings are changed, and
    `tell` afterwards. `load`, `publish` and `withdraw_all` raise StoreError.
    """

    def __init__(
        self,
        order: ReconcileInput,
        stores: tuple[ObjectionStore, OptOutStore],
        meetings: MeetingBookings,
        client: Client,
        veto: VetoScope,
    ) -> None:
        self._order = order
        self._stores = stores
        self._meetings = meetings
        self._client = client
        self._veto = veto
        self._shared: SharedMeetings = NOTHING_SHARED
        self._words: list[StoredWord] = []
        self._undecided: frozenset[str] = frozenset()
        self._wanted: dict[str, CalendarWord] = {}
        self._objections: dict[str, _Objection] = {}
        self._withdrawn: set[str] = set()

    async def load(
        self, events: Collection[CalendarEvent], tracked: TrackedEvents, reading: CalendarSnapshot, now: datetime
    ) -> bool:
        """Reads what others say of the meetings of these events; whether it is news since the last time."""
        before = self._shared
        seen = {event.event_id for event in events} | reading.gone
        entries = tracked.entries.values()
        self._undecided = frozenset(
            base_meeting_id(each.meeting_id)
            for each in entries
            if each.event_id not in seen and not each.is_over(now)
        )
        known = {base_meeting_id(each.meeting_id) for each in entries if each.event_id in seen}
        meeting_ids = {each for event in events for each in event.meeting_ids} | known
        identity = self._order.identity
        owners = [self._order.owner, *([identity.account] if identity else []), *self._order.policy.my_emails]
        self._shared, self._words = await load_shared(
            self._stores,
            self._order.calendar_id,
            # Everything, so that what was said of meetings which are not known any more is removed.
            None if reading.was_full else meeting_ids,
            list(filter(None, owners)),
            self._veto,
        )
        # An event that was read all the same has its own decision.
        gone = self._objections_to_gone(tracked, reading.gone, now)
        self._objections = {each: gone[each] for each in gone.keys() - {event.event_id for event in events}}
        self._wanted = {}
        return self._shared != before

    def decide(self, decision: Decision, event: CalendarEvent, now: datetime) -> Decision:
        """The decision about an event when all calendars are heard."""
        made, wish = decide_together(decision, event, self._shared, now)
        if wish is not None:
            word = CalendarWord(
                calendar_id=self._order.calendar_id, event_id=event.event_id, wish=wish, owner=self._order.owner
            )
            self._wanted |= dict.fromkeys(event.meeting_ids, word)
        # What cannot be recorded here may be recorded for others.
        is_own_word = wish in OBJECTING or (not made.record and made.rule in PERSONAL_RULES - {BuiltinRule.VETO})
        if is_own_word and event.expected_end + _OVERRUN > now:
            is_opt_out = wish is Wish.OPTED_OUT or made.rule == BuiltinRule.OPTED_OUT
            scope = VetoScope.ANY if is_opt_out else self._veto
            why = OPTED_OUT_REASON if wish is Wish.OPTED_OUT else made.reason
            # An event that was removed speaks for its own calendar only, whose bot may still be in the meeting.
            scope = VetoScope.OWN if event.deleted else scope
            self._objections[event.event_id] = _Objection(event.meeting_ids, why, scope)
        return made

    def _objections_to_gone(
        self, tracked: TrackedEvents, gone: Collection[str], now: datetime
    ) -> dict[str, _Objection]:
        """The objections to meetings whose event is gone, and whose bot may still be there."""
        found = {}
        for entry in tracked.entries.values():
            is_gone = entry.event_id in gone or entry.rule == BuiltinRule.GONE
            meeting_id = base_meeting_id(entry.meeting_id)
            override = self._order.overrides.for_meeting([meeting_id], entry.series) if is_gone else None
            if override and override.wanted == "never" and entry.last_end + _OVERRUN > now:
                found[entry.event_id] = _Objection((meeting_id,), override.never_reason, VetoScope.OWN)
        return found

    async def publish(self) -> None:
        """Stores what this calendar says now, and removes what it says no more."""
        own = [word for word in self._words if self._is_own(word)]
        folder = folder_for(self._order.calendar_id)
        added = [
            (meeting_id, word)
            for meeting_id, word in self._wanted.items()
            if StoredWord(meeting_id, word.wish, folder) not in own
        ]
        wanted = {StoredWord(meeting_id, word.wish, folder) for meeting_id, word in self._wanted.items()}
        removed = [word for word in own if word not in wanted and word.meeting_id not in self._undecided]
        await self._stores[0].change(added, removed)
        self._withdrawn = {word.meeting_id for word in removed if word.wish is not Wish.RECORD}

    async def tell(self, executor: PlanExecutor, seen: Collection[str], at: datetime) -> None:
        """Has meetings hear of objections that are new, and other calendars of what changed for them.

        Calls that fail are among the executor's failures, and are made again by the next attempt.
        """
        entries = executor.events.entries
        heard = {event_id: entry.objected for event_id, entry in entries.items()}
        new = {
            event_id: objection
            for event_id, objection in self._objections.items()
            if heard.get(event_id) is not objection.scope
        }
        # Others may have the meeting recorded again where an objection ended, or does not speak for all any more.
        over = {
            event_id: base_meeting_id(entry.meeting_id)
            for event_id, entry in entries.items()
            if (entry.objected and event_id in seen and event_id not in self._objections)
            or (entry.objected is VetoScope.ANY and event_id in new)
        }
        told: dict[str, VetoScope | None] = {}

        async def object_to(event_id: str, objection: _Objection) -> None:
            release = ClaimRelease(
                calendar_id=self._order.calendar_id,
                seen_at=at,
                why=objection.reason[:500],
                by_person=True,
                for_all=objection.scope is VetoScope.ANY,
            )
            for meeting_id in objection.meeting_ids:
                await self._signal(await self._meetings.release(meeting_id, release))
            told[event_id] = objection.scope

        await _all(executor, (object_to(*each) for each in new.items()))
        withdrawn = self._withdrawn | set(over.values())
        failures = len(executor.failures)
        await _all(executor, [self._call_back(withdrawn)] if withdrawn else [])
        if len(executor.failures) == failures:
            told = dict.fromkeys(over.keys() - new.keys()) | told
        else:
            told = {event_id: scope for event_id, scope in told.items() if event_id not in over}
        executor.events = executor.events.with_objections(told)

    async def withdraw_all(self) -> None:
        """Removes every word of this calendar, which is being disconnected, and has other calendars hear of it."""
        tell = partial(report_changes, self._client)
        await self._stores[0].withdraw_all(self._order.calendar_id, tell)

    async def _call_back(self, meeting_ids: Collection[str]) -> None:
        """Has the calendars decide again that would have had these meetings recorded."""
        waiting = [
            word
            for word in self._words
            if word.meeting_id in meeting_ids and word.wish is Wish.RECORD and not self._is_own(word)
        ]
        await self._signal(await self._stores[0].read(waiting))

    async def _signal(self, calendars: Iterable[ClaimingCalendar | CalendarWord]) -> None:
        """Has other calendars read an event again. One without a workflow has nothing to decide."""
        for each in calendars:
            if each.calendar_id != self._order.calendar_id:
                await report_changes(self._client, each.calendar_id, each.event_id)

    def _is_own(self, word: StoredWord) -> bool:
        return word.is_of(self._order.calendar_id)


async def _all(executor: PlanExecutor, calls: Iterable[Awaitable[None]]) -> None:
    slots = asyncio.Semaphore(_MAX_CONCURRENCY)

    async def call_one(call: Awaitable[None]) -> None:
        async with slots:
            try:
                await call
            except CALL_ERRORS as error:
                executor.failures.append(error)

    await asyncio.gather(*map(call_one, calls))
