"""What the stand-in remembers: bots, requests, deliveries, syncs."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import UUID, uuid4

from devtools.simulator.media import MediaFile
from devtools.simulator.models import BotRequest
from devtools.simulator.scripts import Script
from devtools.simulator.transcripts import Segment, conversation

_LANGUAGE = "en"


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


class DuplicateBotError(Exception):
    """A bot went to the same meeting a short while ago."""


class WebhookSource(Protocol):
    """Whoever webhooks tell of, the `turn`-th of its kind. Faults hold its deliveries back in `held`."""

    uuid: UUID
    turn: int
    sending: asyncio.Lock
    held: list[asyncio.Event]
    end_told: asyncio.Event

    @property
    def meeting_url(self) -> str: ...


@dataclass
class Bot:
    """One bot, the `turn`-th of its meeting. `elapsed` and `recorded` count simulated seconds; times are UTC.

    `event_uuid` is that of the calendar event that it was scheduled for. A bot that is the `double_of` another was
    sent by the service for the request of that one. `timed_out` if its recording became as long as is allowed.
    """

    number: int
    turn: int
    request: BotRequest
    script: Script
    uuid: UUID = field(default_factory=uuid4)
    event_uuid: str | None = None
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
    recording: MediaFile | None = None
    audio: MediaFile | None = None
    screenshot: MediaFile | None = None
    screenshot_at: datetime | None = None
    transcript: tuple[Segment, ...] | None = None
    transcriptions: int = 0
    timed_out: bool = False
    double_of: UUID | None = None
    content_deleted: bool = False
    timeline: list[Moment] = field(default_factory=list)
    nudge: asyncio.Event = field(default_factory=asyncio.Event)
    sending: asyncio.Lock = field(default_factory=asyncio.Lock)
    # What waits to be overtaken by the next delivery, and whether the final one has been sent, or lost.
    held: list[asyncio.Event] = field(default_factory=list)
    end_told: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def meeting_url(self) -> str:
        return self.request.meeting_url

    @property
    def leaving(self) -> bool:
        """Asked to leave, but still there."""
        return self.leave_requested_at is not None and self.left_at is None

    @property
    def files(self) -> dict[str, MediaFile]:
        """What can be fetched now, by file name."""
        if self.content_deleted:
            return {}
        return {file.name: file for file in (self.recording, self.audio, self.screenshot) if file}

    @property
    def final_code(self) -> str | None:
        """`complete` or `failed`, whichever came last."""
        return next((m.code for m in reversed(self.timeline) if m.code in ("complete", "failed")), None)

    def transcribe(self) -> None:
        """Make a transcript of what was recorded; each one differs from those before."""
        heard = self.recording is not None and not self.script.nobody_speaks
        self.transcript = conversation(self.recorded, self.transcriptions) if heard else ()
        self.transcriptions += 1

    @property
    def language(self) -> str:
        """The language of its transcript: that which was asked for in one of the ways of the transcriber."""
        asked = self.request.transcription_custom_parameters
        if not isinstance(asked, dict):
            return _LANGUAGE
        config = asked.get("language_config")
        languages = config.get("languages") if isinstance(config, dict) else None
        named = languages[0] if isinstance(languages, list) and languages else asked.get("language")
        return named if isinstance(named, str) and named else _LANGUAGE

    @property
    def speakers(self) -> list[str]:
        return sorted({segment.speaker for segment in self.transcript or ()})

    @property
    def duration(self) -> int:
        """Whole simulated seconds that were recorded."""
        return int(self.recorded)


@dataclass
class RequestRecord:
    """A request of the API or the media store; no `status` means that it has no answer yet, or never got one."""

    received_at: datetime
    method: str
    path: str
    query: dict[str, str]
    range: str | None
    body: Any = None
    status: int | None = None


@dataclass(frozen=True)
class DeliveryRecord:
    """One attempt to deliver a webhook: answered with `status`, or ended by `error`.

    It tells of a bot or of a calendar; the id of the other is empty. `sha256` is that of the body as it was sent;
    `created_at` is what the event itself says.
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
