"""What the service keeps of calendars: connections, and its own copies of series and events."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID, uuid4

from devtools.simulator.calendars.accounts import RawCalendar
from devtools.simulator.calendars.provider_events import ProviderEvent
from devtools.simulator.calendars.wire import Credentials
from devtools.simulator.meetingbaas_v2.bots import ScheduledBot
from devtools.simulator.meetingbaas_v2.calendars.models import EventBotRequest, EventStatus, EventType
from devtools.simulator.meetingbaas_v2.models import Platform, platform_of
from devtools.simulator.state import now

ConnectionStatus = Literal["active", "error", "revoked", "permission_denied"]
_CHANNEL_DAYS = {"Google": 7, "Microsoft": 3}


@dataclass(eq=False)
class Series:
    """A series, or a single event, which has one of its own. `bot` is for all occurrences that are to come."""

    key: str
    uid: str
    event_type: EventType
    uuid: UUID = field(default_factory=uuid4)
    created_at: datetime = field(default_factory=now)
    bot: EventBotRequest | None = None


@dataclass(eq=False)
class Event:
    """The copy of an event as it was at the last sync. `bots` are those that were scheduled for it."""

    calendar: "V2Calendar"
    series: Series
    provider_event: ProviderEvent
    provider_id: str
    uuid: UUID = field(default_factory=uuid4)
    created_at: datetime = field(default_factory=now)
    updated_at: datetime = field(default_factory=now)
    is_gone: bool = False
    bots: list[ScheduledBot] = field(default_factory=list)

    @property
    def status(self) -> EventStatus:
        """An event that the owner declined is a cancelled one; "tentative" is how Outlook shows it (a guess)."""
        event = self.provider_event
        if self.is_gone or event.cancelled or event.response_of(self.calendar.email) == "declined":
            return "cancelled"
        return "tentative" if event.show_as == "tentative" else "confirmed"

    @property
    def meeting_url(self) -> str | None:
        return self.provider_event.link or None

    @property
    def meeting_platform(self) -> Platform | None:
        return platform_of(self.meeting_url) if self.meeting_url else None

    @property
    def waiting_bot(self) -> ScheduledBot | None:
        """The newest that is scheduled and was not made yet."""
        return next((bot for bot in reversed(self.bots) if bot.status == "scheduled"), None)

    @property
    def bot_scheduled(self) -> bool:
        return any(bot.status in ("scheduled", "completed") for bot in self.bots)


@dataclass(eq=False)
class V2Calendar:
    """A connected calendar, the `turn`-th. `status_message` and `sync_error` are why it is not active."""

    turn: int
    credentials: Credentials
    raw: RawCalendar
    uuid: UUID = field(default_factory=uuid4)
    created_at: datetime = field(default_factory=now)
    updated_at: datetime = field(default_factory=now)
    status: ConnectionStatus = "active"
    status_message: str | None = None
    sync_status: Literal["success", "failed"] | None = None
    sync_error: str | None = None
    synced_at: datetime | None = None
    subscription_id: UUID = field(default_factory=uuid4)
    subscribed_at: datetime = field(default_factory=now)
    events: dict[str, Event] = field(default_factory=dict)
    series: dict[str, Series] = field(default_factory=dict)
    pushed: asyncio.Event = field(default_factory=asyncio.Event)
    following: asyncio.Task[None] | None = None
    sending: asyncio.Lock = field(default_factory=asyncio.Lock)
    held: list[asyncio.Event] = field(default_factory=list)
    end_told: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def meeting_url(self) -> str:
        """A calendar has none; those that webhooks tell of are asked for it."""
        return ""

    @property
    def email(self) -> str:
        return self.raw.account.email

    @property
    def subscription_expires_at(self) -> datetime:
        return self.subscribed_at + timedelta(days=_CHANNEL_DAYS[self.raw.account.platform])

    def subscribe(self) -> None:
        """A new channel in place of the one before."""
        self.subscription_id, self.subscribed_at = uuid4(), now()
