"""How a meeting ended, and what everybody is shown of it."""

from pydantic import AwareDatetime, BaseModel, ConfigDict

from meetings.status import FailureReason, MeetingStatus, TranscriptState, WebhookState
from meetings.timeline import TimelineEntry


class KeptFile(BaseModel):
    """A file that a meeting keeps. `path` is relative to the store, `size` in bytes; the manifest has its hash."""

    model_config = ConfigDict(frozen=True)

    path: str
    size: int


class Artifact(BaseModel):
    """One file in the store, as it was written. `sha256` is empty once the manifest says it."""

    model_config = ConfigDict(frozen=True)

    path: str
    size: int
    sha256: str = ""

    @property
    def kept(self) -> KeptFile:
        return KeptFile(path=self.path, size=self.size)


class Evidence(BaseModel):
    """What an outcome rests on: the event, when it happened, and the provider's own words."""

    model_config = ConfigDict(frozen=True)

    event: str
    at: AwareDatetime
    text: str = ""


class Outcome(BaseModel):
    """The result of a meeting's workflow. `status` is `completed`, `failed` or `cancelled`."""

    model_config = ConfigDict(frozen=True)

    meeting_id: str
    status: MeetingStatus
    evidence: Evidence
    reason: FailureReason | None = None
    bot_id: str = ""
    transcript: TranscriptState = TranscriptState.NOT_ASKED
    artifacts: tuple[KeptFile, ...] = ()


class InterestedCalendar(BaseModel):
    """A calendar that wants a meeting, and the event by which it does."""

    model_config = ConfigDict(frozen=True)

    calendar_id: str
    event_id: str


class MeetingView(BaseModel):
    """What the `status` query answers."""

    model_config = ConfigDict(frozen=True)

    meeting_id: str
    workflow_id: str
    status: MeetingStatus
    reason: FailureReason | None
    evidence: Evidence | None
    bot_id: str
    meeting_url: str
    platform: str
    title: str
    start_time: AwareDatetime
    end_time: AwareDatetime | None
    transcript: TranscriptState
    artifacts: tuple[KeptFile, ...]
    dispatches: int
    next_deadline: AwareDatetime | None
    timeline: tuple[TimelineEntry, ...]
    webhooks: WebhookState = WebhookState.NOT_EXPECTED
    """Whether the newest bot reports by itself."""
    calendars: tuple[InterestedCalendar, ...] = ()
