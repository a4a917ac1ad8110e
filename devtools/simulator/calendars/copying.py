"""Brings the service's copies of a calendar's events up to date."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Protocol, TypeVar

from devtools.simulator.calendars.accounts import Account
from devtools.simulator.calendars.connected import Connected, Entry
from devtools.simulator.calendars.ids import graph_id
from devtools.simulator.calendars.provider_events import ProviderEvent


def take_over(
    calendar: Connected, provider_events: Iterable[ProviderEvent], horizon: datetime, *, everything: bool
) -> list[Entry]:
    """The copies that changed, or (`everything`) all. New events are copied if they start by the horizon."""

    def copy(provider_event: ProviderEvent, provider_id: str) -> Entry:
        bot = calendar.series.get(provider_event.series)
        return Entry(calendar, provider_event, provider_id, bot=bot, is_due=bot is not None)

    def is_wanted(provider_event: ProviderEvent) -> bool:
        return provider_event.start <= horizon

    return update_copies(
        calendar.entries, calendar.raw.account, provider_events, copy, is_wanted=is_wanted, everything=everything
    )


class Copy(Protocol):
    """A provider's copy of an event."""

    provider_event: ProviderEvent
    deleted: bool


C = TypeVar("C", bound=Copy)


def update_copies(  # noqa: PLR0913 - what, whose, of what, and the provider's own ways
    copies: dict[str, C],
    owner: Account,
    provider_events: Iterable[ProviderEvent],
    copy: Callable[[ProviderEvent, str], C],
    *,
    is_wanted: Callable[[ProviderEvent], bool],
    everything: bool,
) -> list[C]:
    """Bring copies up to date, by the owner's ids of their events; those that changed, or (`everything`) all."""
    changed = []
    left = dict(copies)
    for provider_event in sorted(provider_events, key=lambda event: (event.start, event.id)):
        provider_id = _provider_id(owner, provider_event)
        entry = left.pop(provider_id, None)
        if entry is None:
            if provider_event.cancelled or not is_wanted(provider_event):
                continue
            entry = copies[provider_id] = copy(provider_event, provider_id)
        elif not everything and entry.provider_event == provider_event:
            continue
        entry.provider_event, entry.deleted = provider_event, _is_gone(owner, provider_event)
        changed.append(entry)
    for entry in left.values():
        if not entry.deleted:
            entry.deleted = True
            changed.append(entry)
    return changed


def _provider_id(owner: Account, provider_event: ProviderEvent) -> str:
    return provider_event.id if owner.platform == "Google" else graph_id(owner.email, provider_event.id)


def _is_gone(owner: Account, provider_event: ProviderEvent) -> bool:
    """Outlook keeps a cancelled meeting in the calendars of those who were invited, and only marks it."""
    return provider_event.cancelled and (
        owner.platform == "Google" or provider_event.organizer.email == owner.email
    )
