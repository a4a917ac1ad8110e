"""What the stand-in remembers: bots, requests, deliveries, syncs."""

import asyncio
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import UUID, uuid4

from devtools.simulator.scripts import Script


def now() -> datetime:
    return datetime.now(UTC)


def stamp(moment: datetime | None) -> str | None:
    """RFC 3339 in UTC with microseconds."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


@dataclass(frozen=True)
class Moment:
    """A step that happened; `sent` says whether a webhook was due for it."""

    code: str
    at: datetime
    sent: bool


class WebhookSource(Protocol):
    """Whoever webhooks tell of, the `turn`-th of its kind. Faults hold its deliveries back in `held`."""

    uuid: UUID
    turn: int
    sending: asyncio.Lock
    held: list[asyncio.Event]
    end_told: asyncio.Event

    @property
    def meeting_url(self) -> str: ...


@dataclass(kw_only=True)
class BotLife(ABC):
    """One bot of any provider, the `turn`-th of its meeting.

    `elapsed` and `recorded` count simulated seconds; times are UTC. `timed_out` if its recording became as long as
    is allowed. `held` is what waits to be overtaken by the next delivery; `end_told` whether the final one has been
    sent, or lost.
    """

    turn: int
    script: Script
    uuid: UUID = field(default_factory=uuid4)
    created_at: datetime = field(default_factory=now)
    joined_at: datetime | None = None
    left_at: datetime | None = None
    ended_at: datetime | None = None
    leave_requested_at: datetime | None = None
    end_reason: str | None = None
    error: str | None = None
    message: str | None = None
    elapsed: float = 0
    recorded: float = 0
    recording_since: float | None = None
    recording_started: datetime | None = None
    timed_out: bool = False
    double_of: UUID | None = None
    content_deleted: bool = False
    timeline: list[Moment] = field(default_factory=list)
    nudge: asyncio.Event = field(default_factory=asyncio.Event)
    sending: asyncio.Lock = field(default_factory=asyncio.Lock)
    held: list[asyncio.Event] = field(default_factory=list)
    end_told: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    @abstractmethod
    def meeting_url(self) -> str: ...

    @property
    def leaving(self) -> bool:
        """Asked to leave, but still there."""
        return self.leave_requested_at is not None and self.left_at is None

    @property
    def seconds_recorded(self) -> float:
        """Simulated seconds up to now."""
        return self.recorded + (0 if self.recording_since is None else self.elapsed - self.recording_since)

    @property
    def duration(self) -> int:
        """Whole simulated seconds that were recorded."""
        return int(self.recorded)

    def stop_recording(self) -> None:
        """Add what was recorded since the recording began or went on."""
        self.recorded, self.recording_since = self.seconds_recorded, None


@dataclass
class RequestRecord:
    """A request of the API or the media store; no `status` means that it has no answer yet, or never got one."""

    received_at: datetime
    method: str
    path: str
    query: dict[str, str]
    range: str | None
    idempotency_key: str | None = None
    body: Any = None
    status: int | None = None


@dataclass(frozen=True)
class DeliveryRecord:
    """One attempt to deliver a webhook: answered with `status`, or ended by `error`.

    It tells of a bot or of a calendar; the id of the other is empty. `sha256` is that of the body as it was sent;
    `created_at` is what the event itself says. `message_id` is that of its signature, the same on every repeat.
    """

    delivery_id: str
    bot_id: str
    calendar_id: str
    event: str | None
    code: str | None
    created_at: str | None
    url: str
    sha256: str
    attempt: int
    at: datetime
    status: int | None = None
    error: str | None = None
    timed_out: bool = False
    message_id: str = ""

    @property
    def acknowledged(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


@dataclass
class FaultRecord:
    """A fault that struck, and whom; what the request or delivery has not is empty.

    `withheld_status` is the status of an answer that was made, but not given.
    """

    at: datetime
    order: str
    kind: str
    method: str
    path: str
    meeting_url: str
    bot_id: str
    event: str
    code: str
    withheld_status: int | None = None


@dataclass(frozen=True)
class SyncRecord:
    """A look at a calendar: the uuids of the events that changed, or the `error` that prevented it."""

    calendar_id: str
    at: datetime
    trigger: str
    changed: tuple[str, ...] = ()
    error: str = ""


@dataclass
class Ledger:
    """Everything that happened, in the order in which it began (requests, faults) or ended (deliveries, syncs)."""

    requests: list[RequestRecord] = field(default_factory=list)
    deliveries: list[DeliveryRecord] = field(default_factory=list)
    faults: list[FaultRecord] = field(default_factory=list)
    syncs: list[SyncRecord] = field(default_factory=list)
