"""The accounts at Google and Microsoft and the events in their calendars."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from devtools.simulator.calendars.changes import answered, changed, provider_events, recurring_anew
from devtools.simulator.calendars.control_models import (
    AccountOrder,
    EventChange,
    EventOrder,
    ResponseOrder,
    SeriesOrder,
)
from devtools.simulator.calendars.grants import CALENDAR_SCOPES, Grant, Grants
from devtools.simulator.calendars.ids import graph_id
from devtools.simulator.calendars.provider_events import ProviderEvent
from devtools.simulator.calendars.wire import Credentials, Platform
from devtools.simulator.state import now


class ApiDisabledError(Exception):
    """The app's owner has not switched the calendar API on."""

    def __init__(self, platform: Platform) -> None:
        super().__init__(f"{platform} Calendar API has not been used in this project before or it is disabled.")


class NoSuchCalendarError(Exception):
    """The account has no calendar of this id."""

    def __init__(self) -> None:
        super().__init__("The account has no such calendar.")


@dataclass
class Account:
    """`licensed` says whether a Microsoft account has a mailbox at all."""

    platform: Platform
    email: str
    name: str
    licensed: bool = True


@dataclass
class RawCalendar:
    """A calendar as the provider has it, with the ids of its events."""

    id: str
    name: str
    account: Account
    is_primary: bool
    event_ids: set[str] = field(default_factory=set)


class World:
    """Everybody's calendars. Changing methods give the raw ids of the calendars that a provider would report."""

    def __init__(self) -> None:
        self.grants = Grants()
        self.accounts: dict[str, Account] = {}
        self.calendars: dict[str, RawCalendar] = {}
        self.provider_events: dict[str, ProviderEvent] = {}

    def add_account(self, order: AccountOrder) -> Grant:
        account = self.accounts[order.email] = Account(order.platform, order.email, order.name, order.licensed)
        primary = order.email if order.platform == "Google" else graph_id(order.email, "primary")
        self.calendars[primary] = RawCalendar(primary, order.name or order.email, account, is_primary=True)
        for other in order.calendars:
            self.calendars[other.id] = RawCalendar(other.id, other.name or other.id, account, is_primary=False)
        for provider_event in self.provider_events.values():
            self._place(provider_event)
        client_id = order.client_id or self.grants.default_app(order.platform).client_id
        scopes = CALENDAR_SCOPES[order.platform]
        return self.grants.grant(order.platform, client_id, order.email, scopes, order.refresh_token)

    def open(self, credentials: Credentials) -> list[RawCalendar]:
        """The calendars that these credentials lead to. Raises GrantRefusedError, ApiDisabledError."""
        app, grant = self.grants.open(credentials)
        if not app.order.api_enabled:
            raise ApiDisabledError(credentials.platform)
        return [calendar for calendar in self.calendars.values() if calendar.account.email == grant.email]

    def pick(self, credentials: Credentials, raw_id: str | None) -> RawCalendar:
        """One of them, by default the primary one. Raises also NoSuchCalendarError."""
        for calendar in self.open(credentials):
            if calendar.id == raw_id or (calendar.is_primary and raw_id in (None, "", "primary")):
                return calendar
        raise NoSuchCalendarError

    def events_of(self, raw_id: str) -> list[ProviderEvent]:
        return [self.provider_events[identifier] for identifier in self.calendars[raw_id].event_ids]

    def add(self, order: EventOrder) -> tuple[list[str], set[str]]:
        """The ids of the new events, and where they are."""
        organizer = self.accounts.get(order.organizer.email)
        added = provider_events(order, organizer.platform if organizer else "Google")
        touched: set[str] = set()
        for provider_event in added:
            self.provider_events[provider_event.id] = provider_event
            touched |= self._place(provider_event)
        return [provider_event.id for provider_event in added], touched

    def find(self, identifier: str) -> list[ProviderEvent]:
        """The event, or all of a series; empty if there is none."""
        one = self.provider_events.get(identifier)
        return [one] if one else [event for event in self.provider_events.values() if event.series == identifier]

    def change(self, events: Iterable[ProviderEvent], change: EventChange) -> set[str]:
        return self._replace(changed(event, change) for event in events)

    def respond(self, events: Iterable[ProviderEvent], order: ResponseOrder) -> set[str]:
        return self._replace(answered(event, order) for event in events)

    def cancel(self, events: Iterable[ProviderEvent]) -> set[str]:
        return self._replace(replace(event, cancelled=True, changed_at=now()) for event in events)

    def recur(self, events: Sequence[ProviderEvent], order: SeriesOrder) -> tuple[list[str], set[str]]:
        """Let a series follow another rule: its events are cancelled, and others come in their place."""
        touched = self.cancel(events)
        added = recurring_anew(events[0], order)
        for provider_event in added:
            self.provider_events[provider_event.id] = provider_event
            touched |= self._place(provider_event)
        return [provider_event.id for provider_event in added], touched

    def _replace(self, events: Iterable[ProviderEvent]) -> set[str]:
        touched: set[str] = set()
        for event in events:
            self.provider_events[event.id] = event
            touched |= self._place(event)
        return touched

    def _place(self, provider_event: ProviderEvent) -> set[str]:
        """Put the event where it belongs now; where it was and is, is touched."""
        emails = {provider_event.organizer.email, *(guest.email for guest in provider_event.guests)}
        touched = set()
        for calendar in self.calendars.values():
            was = provider_event.id in calendar.event_ids
            belongs = calendar.id in provider_event.calendars or (
                calendar.is_primary and calendar.account.email in emails
            )
            if belongs:
                calendar.event_ids.add(provider_event.id)
            else:
                calendar.event_ids.discard(provider_event.id)
            if was or belongs:
                touched.add(calendar.id)
        return touched
