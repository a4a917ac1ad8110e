"""What the simulated Recall.ai remembers: bots, their recordings, and the files made of these."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID, uuid4

from devtools.simulator.file_answers import StoredFile
from devtools.simulator.recall.meeting_links import parsed_link
from devtools.simulator.recall.models import BotConfig
from devtools.simulator.recall.scripts import Script
from devtools.simulator.recall.settings import RecallSettings
from devtools.simulator.state import now

ArtifactKind = Literal["video_mixed", "audio_mixed", "transcript", "participant_events", "meeting_metadata"]
Phase = Literal["scheduled", "gap", "dispatched", "ended"]


@dataclass(frozen=True)
class StatusChange:
    """A status of a bot. `sent` says whether a webhook was due for it."""

    code: str
    sub_code: str | None
    message: str | None
    created_at: datetime
    sent: bool = True


@dataclass
class Status:
    """How a recording, or a thing made of it, stands."""

    code: str = "processing"
    sub_code: str | None = None
    updated_at: datetime = field(default_factory=now)

    def change(self, code: str, sub_code: str | None = None) -> None:
        self.code, self.sub_code, self.updated_at = code, sub_code, now()


@dataclass
class Artifact:
    """One thing made of a recording. `files` are there once it is done, by name; `details` are of its kind."""

    kind: ArtifactKind
    recording: "Recording"
    metadata: dict[str, str | None]
    details: dict[str, Any] = field(default_factory=dict)
    uuid: UUID = field(default_factory=uuid4)
    created_at: datetime = field(default_factory=now)
    status: Status = field(default_factory=Status)
    files: dict[str, StoredFile] = field(default_factory=dict)


@dataclass
class Recording:
    """What a bot recorded in one go. `seconds` are simulated ones."""

    bot: "Bot"
    metadata: dict[str, str | None]
    uuid: UUID = field(default_factory=uuid4)
    created_at: datetime = field(default_factory=now)
    completed_at: datetime | None = None
    expires_at: datetime | None = None
    status: Status = field(default_factory=Status)
    seconds: float = 0
    running_since: float | None = None
    artifacts: list[Artifact] = field(default_factory=list)

    def pause(self) -> None:
        if self.running_since is not None:
            self.seconds += self.bot.elapsed - self.running_since
            self.running_since = None

    def latest(self, kind: ArtifactKind) -> Artifact | None:
        """The newest of a kind; of transcripts there may be several."""
        return next((artifact for artifact in reversed(self.artifacts) if artifact.kind == kind), None)


@dataclass(frozen=True)
class CalendarLink:
    """A meeting of Calendar V1 for which the bot was sent, with the user whose meeting it is."""

    meeting_id: UUID
    start: datetime
    end: datetime
    user_id: UUID
    external_id: str


@dataclass
class Bot:
    """One bot, the `turn`-th of its meeting. `elapsed` counts simulated seconds; times are UTC.

    `join_at` is when it is due, None for one that was wanted at once; `is_adhoc` if it takes a machine of the pool.
    `by_calendar` is a bot of an event, which is changed through the event only. One that `is_muted` sends nothing.
    """

    number: int
    turn: int
    config: BotConfig
    script: Script
    join_at: datetime | None
    is_adhoc: bool
    by_calendar: bool = False
    uuid: UUID = field(default_factory=uuid4)
    created_at: datetime = field(default_factory=now)
    dispatched_at: datetime | None = None
    joined_at: datetime | None = None
    leave_requested_at: datetime | None = None
    left_at: datetime | None = None
    ended_at: datetime | None = None
    end_reason: str | None = None
    deleted_at: datetime | None = None
    media_expired: bool = False
    timed_out: bool = False
    is_muted: bool = False
    elapsed: float = 0
    status_changes: list[StatusChange] = field(default_factory=list)
    recordings: list[Recording] = field(default_factory=list)
    calendar_meetings: list[CalendarLink] = field(default_factory=list)
    task: asyncio.Task[None] | None = None
    nudge: asyncio.Event = field(default_factory=asyncio.Event)
    sending: asyncio.Lock = field(default_factory=asyncio.Lock)
    held: list[asyncio.Event] = field(default_factory=list)
    end_told: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def meeting_url(self) -> str:
        return self.config.meeting_url

    @property
    def platform(self) -> str:
        return str((parsed_link(self.meeting_url) or {}).get("platform", ""))

    def is_long_over(self, settings: RecallSettings) -> bool:
        """Whether it has ended so long ago that its link is forgotten."""
        if self.ended_at is None:
            return False
        return (now() - self.ended_at).total_seconds() >= settings.real(settings.meeting_url_lifetime)

    @property
    def leaving(self) -> bool:
        """Asked to leave, but still there."""
        return self.leave_requested_at is not None and self.left_at is None

    @property
    def code(self) -> str:
        """The newest status; `ready` before there is one."""
        return self.status_changes[-1].code if self.status_changes else "ready"

    @property
    def running(self) -> Recording | None:
        """The recording that goes on, or is paused."""
        last = self.recordings[-1] if self.recordings else None
        return last if last and last.completed_at is None else None

    @property
    def artifacts(self) -> Iterator[Artifact]:
        return (artifact for recording in self.recordings for artifact in recording.artifacts)

    def phase(self, settings: RecallSettings) -> Phase:
        """What can be done with it: `gap` is the time in which it can neither be deleted nor told to leave."""
        if self.ended_at or self.left_at:
            return "ended"
        if self.dispatched_at or self.join_at is None or self.is_adhoc:
            return "dispatched"
        launch = self.join_at - timedelta(seconds=settings.real(settings.scheduled_lead))
        return "gap" if now() >= launch else "scheduled"
