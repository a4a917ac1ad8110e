"""Brings the service's copies of a calendar's events up to date."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from devtools.simulator.calendars.ids import graph_id
from devtools.simulator.calendars.provider_events import ProviderEvent
from devtools.simulator.meetingbaas_v2.calendars.models import EventType
from devtools.simulator.meetingbaas_v2.calendars.store import Event, Series, V2Calendar
from devtools.simulator.state import now


@dataclass
class Changes:
    """What a sync found, by what became of the events; `moved` are those updated ones whose details were others."""

    created: list[Event] = field(default_factory=list)
    updated: list[Event] = field(default_factory=list)
    cancelled: list[Event] = field(default_factory=list)

    @property
    def all(self) -> list[Event]:
        return [*self.created, *self.updated, *self.cancelled]


def take_over(calendar: V2Calendar, provider_events: Iterable[ProviderEvent], horizon: datetime) -> Changes:
    """Copy what is in the calendar. New events are copied if they are not over and start by the horizon."""
    changes, at = Changes(), now()
    left = dict(calendar.events)
    for provider_event in sorted(provider_events, key=lambda event: (event.start, event.id)):
        identifier = _provider_id(calendar, provider_event)
        event = left.pop(identifier, None)
        if event is None:
            if not provider_event.cancelled and at < provider_event.end and provider_event.start <= horizon:
                event = Event(calendar, _series(calendar, provider_event), provider_event, identifier)
                calendar.events[identifier] = event
                changes.created.append(event)
        elif event.provider_event != provider_event or event.is_gone:
            was = event.status
            event.provider_event, event.is_gone, event.updated_at = provider_event, False, at
            is_over = event.status == "cancelled" != was
            (changes.cancelled if is_over else changes.updated).append(event)
    for event in left.values():
        if not event.is_gone:
            was, event.is_gone, event.updated_at = event.status, True, at
            if was != "cancelled":
                changes.cancelled.append(event)
    return changes


def _provider_id(calendar: V2Calendar, provider_event: ProviderEvent) -> str:
    account = calendar.raw.account
    return provider_event.id if account.platform == "Google" else graph_id(account.email, provider_event.id)


def _series(calendar: V2Calendar, provider_event: ProviderEvent) -> Series:
    """The event's series. One that takes the place of another has the wish for bots of that."""
    key = provider_event.series or provider_event.id
    found = calendar.series.get(key)
    if found is None:
        event_type: EventType = "recurring" if provider_event.series else "one_off"
        found = calendar.series[key] = Series(key, provider_event.uid, event_type)
        alike = [each for each in calendar.series.values() if each.uid == found.uid and each.bot]
        found.bot = alike[-1].bot if alike and provider_event.series else None
    return found
