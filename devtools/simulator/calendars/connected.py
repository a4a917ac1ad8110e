"""What the service keeps: calendars that were connected, and its own copies of their events."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from devtools.simulator.calendars.accounts import RawCalendar
from devtools.simulator.calendars.provider_events import ProviderEvent
from devtools.simulator.calendars.wire import Credentials, EventBot
from devtools.simulator.state import now


@dataclass
class Entry:
    """The copy of an event as it was at the last sync.

    `bot` is how it is to be recorded; `is_due` says that this bot was not sent yet, `bot_ids` are those that were.
    """

    calendar: "Connected"
    provider_event: ProviderEvent
    provider_id: str
    uuid: UUID = field(default_factory=uuid4)
    updated_at: datetime = field(default_factory=now)
    deleted: bool = False
    bot: EventBot | None = None
    is_due: bool = False
    bot_ids: list[str] = field(default_factory=list)
    sending: asyncio.Task[None] | None = None


@dataclass
class Connected:
    """A connected calendar, the `turn`-th. `error` is why its last sync failed; `series` has bots for series."""

    turn: int
    credentials: Credentials
    raw: RawCalendar
    uuid: UUID = field(default_factory=uuid4)
    created_at: datetime = field(default_factory=now)
    synced_at: datetime | None = None
    error: str = ""
    entries: dict[str, Entry] = field(default_factory=dict)
    series: dict[str, EventBot] = field(default_factory=dict)
    pushed: asyncio.Event = field(default_factory=asyncio.Event)
    following: asyncio.Task[None] | None = None
    sending: asyncio.Lock = field(default_factory=asyncio.Lock)
    held: list[asyncio.Event] = field(default_factory=list)
    end_told: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def meeting_url(self) -> str:
        """A calendar has none; those that webhooks tell of are asked for it."""
        return ""
