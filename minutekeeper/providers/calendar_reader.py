"""Reads a calendar: as little as the pending changes need, and confirms which events are gone."""

import asyncio
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from minutekeeper.calendars.event import CalendarEvent
from minutekeeper.calendars.messages import PendingChanges
from minutekeeper.calendars.tracked_events import TrackedEvents
from minutekeeper.providers.base import NotFoundError, UnavailableError
from minutekeeper.providers.calendar_base import ConnectedCalendars, EventFilter, EventStatus

_LOOK_BACK = timedelta(days=1)
"""Meetings that began within this time may still be running."""
_OVERLAP = timedelta(minutes=2)
"""Read again before the cursor, because changes of the same time may become visible one after the other."""
_MAX_INDIVIDUAL_LOOKUPS = 10
"""Up to this many events are looked up one by one; for more, the list of changes is read first."""
_MAX_CONCURRENT_LOOKUPS = 5


class CalendarSnapshot(NamedTuple):
    """`gone` are the ids of events that do not exist any more, `unread` of those that could not be read.

    `cursor` is the newest change up to which everything was read; it stays if only some events were looked up.
    """

    events: list[CalendarEvent]
    gone: frozenset[str]
    unread: tuple[str, ...]
    cursor: datetime | None
    was_full: bool = False


class _EventLookups(NamedTuple):
    """The results of looking up events one by one."""

    found: list[CalendarEvent]
    gone: frozenset[str]
    unread: tuple[str, ...]


class CalendarReader:
    """Every method raises ProviderError for an incomplete answer, and NotFoundError for an unknown calendar."""

    def __init__(self, provider: ConnectedCalendars, calendar_id: str) -> None:
        self._provider = provider
        self._calendar_id = calendar_id

    async def read(
        self, changes: PendingChanges, cursor: datetime | None, tracked: TrackedEvents, now: datetime
    ) -> CalendarSnapshot:
        """Reads the events that the changes name, what changed since the cursor, or everything that is to come.

        Everything is also read if something changed and no change is found, because an event may have been removed,
        and if the provider cannot list changes.
        """
        if changes.full or cursor is None:
            return await self._read_all(changes, cursor, tracked, now)
        if not changes.unnamed and 0 < len(changes.event_ids) <= _MAX_INDIVIDUAL_LOOKUPS:
            answers = await self.ask(changes.event_ids, self._begun(tracked, now))
            if not answers.unread:
                return CalendarSnapshot(answers.found, answers.gone, (), cursor)
        if not self._provider.capabilities.filters_changes:
            return await self._read_all(changes, cursor, tracked, now)
        changed = await self._listed(EventFilter(status=EventStatus.ALL, updated_since=cursor - _OVERLAP))
        if changes.unnamed and not any(_is_changed(tracked, event) for event in changed):
            return await self._read_all(changes, cursor, tracked, now)
        found, gone, unread = await self.ask(_others(changes.event_ids, changed), self._begun(tracked, now))
        return CalendarSnapshot(changed + found, gone, unread, _newest(changed, cursor, now))

    async def ask(self, event_ids: Iterable[str], begun: Collection[str] = ()) -> _EventLookups:
        """Looks up each event, because a list may lack events that could not be read or lie too far ahead.

        An event that has `begun` is never gone, because the provider may only have forgotten it.
        """
        slots = asyncio.Semaphore(_MAX_CONCURRENT_LOOKUPS)
        found: list[CalendarEvent] = []
        gone: set[str] = set()
        unread: list[str] = []

        async def ask(event_id: str) -> None:
            async with slots:
                try:
                    event = await self._provider.event(self._calendar_id, event_id)
                except NotFoundError:
                    gone.add(event_id)
                except UnavailableError:
                    unread.append(event_id)
                else:
                    if event.calendar_id in {"", self._calendar_id}:
                        found.append(event)

        try:
            async with asyncio.TaskGroup() as group:
                for event_id in dict.fromkeys(event_ids):
                    group.create_task(ask(event_id))
        except ExceptionGroup as several:
            raise several.exceptions[0] from None
        if gone:
            # A provider that has lost the whole calendar, or is asked with another key, knows none of its events.
            await self._provider.calendar(self._calendar_id)
        return _EventLookups(found, frozenset(gone.difference(begun)), tuple(unread))

    def _begun(self, tracked: TrackedEvents, now: datetime) -> frozenset[str]:
        """The tracked events that have begun, if the provider may forget such events."""
        if self._provider.capabilities.keeps_begun_events:
            return frozenset()
        return frozenset(each.event_id for each in tracked.entries.values() if each.desired.start_time <= now)

    async def _read_all(
        self, changes: PendingChanges, cursor: datetime | None, tracked: TrackedEvents, now: datetime
    ) -> CalendarSnapshot:
        events = await self._listed(EventFilter(status=EventStatus.ALL, starts_from=now - _LOOK_BACK))
        listed = _ids(events)
        missing = [
            each for each in tracked.entries.values() if each.event_id not in listed and not each.is_over(now)
        ]
        booked = {entry.meeting_id for entry in tracked.entries.values() if entry.booked}
        at_stake = [entry.event_id for entry in missing if entry.meeting_id in booked]
        begun = self._begun(tracked, now)
        found, gone, unread = await self.ask([*at_stake, *_others(changes.event_ids, events)], begun)
        # The others have no meeting, so they need no confirmation.
        gone |= {entry.event_id for entry in missing}.difference(at_stake, begun)
        pending = tuple(event_id for event_id in unread if event_id in changes.event_ids)
        return CalendarSnapshot(events + found, gone, pending, _newest(events, cursor, now), was_full=True)

    async def _listed(self, filters: EventFilter) -> list[CalendarEvent]:
        events = [event async for event in self._provider.events(self._calendar_id, filters)]
        return sorted(events, key=lambda event: event.updated_at.timestamp() if event.updated_at else 0.0)


def _ids(events: Iterable[CalendarEvent]) -> set[str]:
    return {event.event_id for event in events}


def _others(event_ids: Iterable[str], seen: Collection[CalendarEvent]) -> list[str]:
    known = _ids(seen)
    return [event_id for event_id in event_ids if event_id not in known]


def _is_changed(tracked: TrackedEvents, event: CalendarEvent) -> bool:
    known = tracked.entries.get(event.event_id)
    return known is None or known.updated_at != event.updated_at


def _newest(events: Iterable[CalendarEvent], cursor: datetime | None, now: datetime) -> datetime | None:
    """Never in the future, because such a change would hide later ones."""
    changes = [min(event.updated_at, now) for event in events if event.updated_at]
    return max([*changes, *([cursor] if cursor else [])], default=None)
