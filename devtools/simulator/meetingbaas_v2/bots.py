"""The bots of Meeting BaaS v2, made and yet to be made."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Literal
from uuid import UUID, uuid4

from devtools.simulator.meetingbaas_v2.models import BotRequest, Extra, Platform, platform_of
from devtools.simulator.state import BotLife, now
from devtools.simulator.transcripts import Segment, conversation

FINAL = frozenset({"completed", "failed"})
IN_CALL = frozenset({"in_call_not_recording", "in_call_recording", "recording_paused", "recording_resumed"})
ACTIVE = IN_CALL | {"queued", "pickup_delayed", "joining_call", "in_waiting_room", "in_waiting_for_host"}
"""States in which a bot can be told to leave; undocumented for the time between the call and the end."""

_conversation = lru_cache(maxsize=64)(conversation)
ScheduleStatus = Literal["scheduled", "completed", "failed", "cancelled"]


@dataclass(frozen=True)
class ChatMessage:
    """Written by a participant, or (no `sender_id`) by the bot."""

    id: str
    sender_name: str
    sender_id: int | None
    text: str
    at: datetime


@dataclass(kw_only=True)
class V2Bot(BotLife):
    """One bot. `status` is the only one that the API knows, `extra` changes with update-config.

    `paused_seconds` of the recording were cut out by order. `event_id` is that of the calendar event that it was
    scheduled for.
    """

    number: int
    request: BotRequest
    extra: Extra | None
    audio_size: int
    event_id: str | None = None
    was_scheduled: bool = False
    status: str = "queued"
    status_at: datetime = field(default_factory=now)
    error_code: str | None = None
    error_message: str | None = None
    recording_size: int = 0
    files_ready: bool = False
    transcript: tuple[Segment, ...] | None = None
    screenshots: int = 0
    chat: list[ChatMessage] = field(default_factory=list)
    paused_at: datetime | None = None
    paused_seconds: float = 0
    waited_since: datetime | None = None

    @property
    def meeting_url(self) -> str:
        return self.request.meeting_url

    @property
    def platform(self) -> Platform:
        return platform_of(self.meeting_url) or "meet"

    @property
    def is_over(self) -> bool:
        return self.status in FINAL

    @property
    def duration(self) -> int:
        """Whole simulated seconds that were recorded; a pause is cut out."""
        return max(0, int(self.recorded - self.paused_seconds))

    @property
    def heard(self) -> tuple[Segment, ...]:
        """What was said while it recorded, whether or not it is transcribed."""
        if not self.recording_started or self.script.nobody_speaks:
            return ()
        return _conversation(self.duration)

    @property
    def has_screenshots(self) -> bool:
        return self.platform != "zoom" and self.request.recording_mode != "audio_only"

    def move(self, status: str, at: datetime) -> None:
        self.status, self.status_at = status, at


@dataclass
class ScheduledBot:
    """A bot that will be made at `join_at`, with the same id; `waiting` is whoever will make it."""

    number: int
    turn: int
    request: BotRequest
    join_at: datetime
    uuid: UUID = field(default_factory=uuid4)
    status: ScheduleStatus = "scheduled"
    event_id: str | None = None
    error_code: str | None = None
    created_at: datetime = field(default_factory=now)
    updated_at: datetime = field(default_factory=now)
    cancelled_at: datetime | None = None
    waiting: asyncio.Task[None] | None = None
    sending: asyncio.Lock = field(default_factory=asyncio.Lock)
    held: list[asyncio.Event] = field(default_factory=list)
    end_told: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def meeting_url(self) -> str:
        return self.request.meeting_url

    def move(self, status: ScheduleStatus) -> None:
        self.status, self.updated_at = status, now()
