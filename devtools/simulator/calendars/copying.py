"""Brings the service's copies of a calendar's events up to date."""

from collections.abc import Iterable
from datetime import datetime

from devtools.simulator.calendars.connected import Connected, Entry
from devtools.simulator.calendars.ids import graph_id
from devtools.simulator.calendars.provider_events import ProviderEvent


def take_over(
    calendar: Connected, provider_events: Iterable[ProviderEvent], horizon: datetime, *, everything: bool
) -> list[Entry]:
    """The copies that changed, or (`everything`) all. New events are copied if they start by the horizon."""
    changed = []
    left = dict(calendar.entries)
    for provider_event in sorted(provider_events, key=lambda event: (event.start, event.id)):
        provider_id = _provider_id(calendar, provider_event)
        entry = left.pop(provider_id, None)
        if entry is None:
            if provider_event.cancelled or provider_event.start > horizon:
                continue
            bot = calendar.series.get(provider_event.series)
            entry = calendar.entries[provider_id] = Entry(
                calendar, provider_event, provider_id, bot=bot, is_due=bot is not None
            )
        elif not everything and entry.provider_event == provider_event:
            continue
        entry.provider_event, entry.deleted = provider_event, _is_gone(calendar, provider_event)
        changed.append(entry)
    for entry in left.values():
        if not entry.deleted:
            entry.deleted = True
            changed.append(entry)
    return changed


def _provider_id(calendar: Connected, provider_event: ProviderEvent) -> str:
    owner = calendar.raw.account
    return provider_event.id if owner.platform == "Google" else graph_id(owner.email, provider_event.id)


def _is_gone(calendar: Connected, provider_event: ProviderEvent) -> bool:
    """Outlook keeps a cancelled meeting in the calendars of those who were invited, and only marks it."""
    owner = calendar.raw.account
    return provider_event.cancelled and (
        owner.platform == "Google" or provider_event.organizer.email == owner.email
    )
