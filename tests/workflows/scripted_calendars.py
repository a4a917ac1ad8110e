"""A calendar provider that shows what a test writes into it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from minutekeeper.calendars.event import CalendarEvent
from minutekeeper.providers.base import NotFoundError
from minutekeeper.providers.calendar_base import (
    AccessCheck,
    AccessProblemSource,
    CalendarCapabilities,
    ConnectedCalendar,
    EventFilter,
    SyncFailure,
)

REFUSED_TOKEN = "1//planted-refresh-token-of-a-user"
"""What a careless provider quotes."""


@dataclass
class ScriptedCalendars:
    """`events_by_id` is what exists; `listed` hides some from lists, `failures` are raised by the next lists."""

    events_by_id: dict[str, CalendarEvent] = field(default_factory=dict)
    listed: Callable[[CalendarEvent], bool] = lambda _event: True
    failures: list[Exception] = field(default_factory=list)
    deletion_failures: list[Exception] = field(default_factory=list)
    """Raised by the next deletions: no reconcile that is still under way takes them away."""
    unreadable: dict[str, Exception] = field(default_factory=dict)
    breaks_after: int | None = None
    """A list ends with `failure` after so many events."""
    failure: Exception = field(default_factory=RuntimeError)
    unknown: set[str] = field(default_factory=set)
    """Calendars that the provider has lost; their lists are empty then."""
    asked: list[EventFilter | str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    connected: list[str] = field(default_factory=list)
    """What a resync names, as synced unless it is `refused`."""
    refused: dict[str, AccessProblemSource | None] = field(default_factory=dict)
    resyncs: int = 0
    provider: str = "meetingbaas"
    capabilities: CalendarCapabilities = field(default_factory=CalendarCapabilities)
    clock: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def name(self) -> str:
        return self.provider

    def put(self, event_id: str, calendar_id: str, **fields: Any) -> CalendarEvent:
        """Writes an event, or changes it; each time it is later."""
        self.clock += timedelta(milliseconds=10)
        before = self.events_by_id.get(event_id)
        known = before.model_dump() if before else {"event_id": event_id, "calendar_id": calendar_id}
        event = CalendarEvent.model_validate(known | {"updated_at": self.clock} | fields)
        self.events_by_id[event_id] = event
        return event

    async def events(self, calendar_id: str, filters: EventFilter | None = None) -> AsyncIterator[CalendarEvent]:
        wanted = filters or EventFilter()
        self.asked.append(wanted)
        if self.failures:
            raise self.failures.pop(0)
        for number, event in enumerate(list(self.events_by_id.values())):
            if self.breaks_after is not None and number >= self.breaks_after:
                raise self.failure
            if (
                event.calendar_id == calendar_id
                and calendar_id not in self.unknown
                and self.listed(event)
                and _fits(event, wanted)
            ):
                yield event
        await asyncio.sleep(0)

    async def event(self, calendar_id: str, event_id: str) -> CalendarEvent:
        assert calendar_id, "a calendar's workflow knows its id"
        self.asked.append(event_id)
        if event_id in self.unreadable:
            raise self.unreadable[event_id]
        event = self.events_by_id.get(event_id)
        if event is None or event.calendar_id in self.unknown:
            raise NotFoundError(f"no event {event_id}")
        return event

    async def calendar(self, calendar_id: str) -> ConnectedCalendar:
        if calendar_id in self.unknown:
            raise NotFoundError("CalendarNotFound")
        return ConnectedCalendar(calendar_id=calendar_id)

    async def check_access(self) -> AccessCheck:
        self.resyncs += 1
        if self.failures:
            raise self.failures.pop(0)
        synced = tuple(each for each in self.connected if each not in self.refused)
        failures = (
            SyncFailure(calendar_id=each, text=f"refused: {REFUSED_TOKEN}", trouble=trouble)
            for each, trouble in self.refused.items()
        )
        return AccessCheck(synced, tuple(failures))

    async def delete_calendar(self, calendar_id: str) -> None:
        if self.deletion_failures:
            raise self.deletion_failures.pop(0)
        self.deleted.append(calendar_id)

    async def aclose(self) -> None:
        return


def _fits(event: CalendarEvent, wanted: EventFilter) -> bool:
    if wanted.updated_since and (event.updated_at is None or event.updated_at < wanted.updated_since):
        return False
    return wanted.starts_from is None or event.start_time >= wanted.starts_from
