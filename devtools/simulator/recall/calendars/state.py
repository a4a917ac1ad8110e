"""Calendars of V2 and the copies of their events."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID, uuid4

from devtools.simulator.calendars.accounts import RawCalendar
from devtools.simulator.calendars.ids import graph_uid
from devtools.simulator.calendars.provider_events import ProviderEvent
from devtools.simulator.recall.calendars.models import NewCalendar
from devtools.simulator.recall.meeting_links import find_link
from devtools.simulator.recall.state import Bot
from devtools.simulator.state import now

CalendarStatus = Literal["connecting", "connected", "disconnected"]


@dataclass(frozen=True)
class CalendarChange:
    """A status of a calendar, with the words of Google or Microsoft if it is why access has ended."""

    status: CalendarStatus
    reason: str | None = None
    created_at: datetime = field(default_factory=now)


@dataclass(frozen=True)
class EventBot:
    """A bot that was scheduled for an event, as it was then."""

    bot: Bot
    start: datetime
    deduplication_key: str
    meeting_url: str


@dataclass
class Event:
    """The copy of an event as it was at the last sync. Bots that have come and gone stay in `bots`."""

    calendar: "Calendar"
    provider_event: ProviderEvent
    provider_id: str
    uuid: UUID = field(default_factory=uuid4)
    created_at: datetime = field(default_factory=now)
    updated_at: datetime = field(default_factory=now)
    deleted: bool = False
    bots: list[EventBot] = field(default_factory=list)

    @property
    def meeting_url(self) -> str:
        """The link as the service finds it; empty for one that it does not know."""
        event = self.provider_event
        return find_link(" ".join((event.link, event.text_of("location"), event.text_of("description"))))

    @property
    def ical_uid(self) -> str:
        is_google = self.calendar.config.platform == "google_calendar"
        return self.provider_event.uid if is_google else graph_uid(self.provider_event)


@dataclass
class Calendar:
    """A connected calendar, the `turn`-th. `raw` is the account's primary one, None before it could be read."""

    turn: int
    config: NewCalendar
    uuid: UUID = field(default_factory=uuid4)
    created_at: datetime = field(default_factory=now)
    updated_at: datetime = field(default_factory=now)
    raw: RawCalendar | None = None
    changes: list[CalendarChange] = field(default_factory=lambda: [CalendarChange("connecting")])
    events: dict[str, Event] = field(default_factory=dict)
    pushed: asyncio.Event = field(default_factory=asyncio.Event)
    following: asyncio.Task[None] | None = None
    ending: asyncio.Task[None] | None = None
    sending: asyncio.Lock = field(default_factory=asyncio.Lock)
    held: list[asyncio.Event] = field(default_factory=list)
    end_told: asyncio.Event = field(default_factory=asyncio.Event)
    meeting_url: str = ""

    @property
    def status(self) -> CalendarStatus:
        return self.changes[-1].status
