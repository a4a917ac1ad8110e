"""Brings the service's copies of a calendar's events up to date."""

from collections.abc import Iterable
from datetime import datetime

from devtools.simulator.calendars.connected import Connected, Entry
from devtools.simulator.calendars.ids import graph_id
from devtools.simulator.calendars.provider_events import ProviderEvent


def take_over(
    calendar: Connected, happenings: Iterable[ProviderEvent], horizon: datetime, *, everything: bool
) -> list[Entry]:
    """The copies that changed, or (`everything`) all. New events are copied if they start by the horizon."""
    changed = []
    left = dict(calendar.entries)
    for happening in sorted(happenings, key=lambda event: (event.start, event.id)):
        provider_id = _provider_id(calendar, happening)
        entry = left.pop(provider_id, None)
        if entry is None:
            if happening.cancelled or happening.start > horizon:
                continue
            bot = calendar.series.get(happening.series)
            entry = calendar.entries[provider_id] = Entry(
                calendar, happening, provider_id, bot=bot, is_due=bot is not None
            )
        elif not everything and entry.happening == happening:
            continue
        entry.happening, entry.deleted = happening, _is_gone(calendar, happening)
        changed.append(entry)
    for entry in left.values():
        if not entry.deleted:
            entry.deleted = True
            changed.append(entry)
    return changed


def _provider_id(calendar: Connected, happening: ProviderEvent) -> str:
    owner = calendar.raw.account
    return happening.id if owner.platform == "Google" else graph_id(owner.email, happening.id)


def _is_gone(calendar: Connected, happening: ProviderEvent) -> bool:
    """Outlook keeps a cancelled meeting in the calendars of those who were invited, and only marks it."""
    owner = calendar.raw.account
    return happening.cancelled and (owner.platform == "Google" or happening.organizer.email == owner.email)
