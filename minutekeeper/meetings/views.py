"""What is shown of a meeting: its view, its outcome, its artifacts and its timeline."""

from bisect import insort
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, PlainSerializer

from minutekeeper.meetings.status import FailureReason, MeetingStatus, TranscriptState, WebhookState

RELEASED = "released"
"""The evidence of a meeting that was cancelled because its last claim was released."""


class TimelineEntry(BaseModel):
    model_config = ConfigDict(frozen=True)

    at: AwareDatetime
    event: str
    """A short name: a status code of the provider, or one of our own acts such as `bot_sent`."""
    text: str
    """One sentence for people."""


MAX_ENTRIES = 200
"""A bot that sends the same status for ever must not grow the workflow's answer past what Temporal carries."""


def add_entry(timeline: tuple[TimelineEntry, ...], entry: TimelineEntry) -> tuple[TimelineEntry, ...]:
    """Adds an entry in its place by time; once full, the middle gives way, as beginnings and ends explain most."""
    entries = list(timeline)
    insort(entries, entry, key=lambda each: each.at)
    if len(entries) > MAX_ENTRIES:
        del entries[MAX_ENTRIES // 2]
    return tuple(entries)


class StoredFile(BaseModel):
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
    def kept(self) -> StoredFile:
        return StoredFile(path=self.path, size=self.size)


Known = Annotated[
    str,
    BeforeValidator(lambda value: "" if value is None else value),
    PlainSerializer(lambda value: value or None, return_type=str | None, when_used="json"),
]
"""A text that may not be known: empty in Python, and null in JSON, as everything that is absent there."""


class Evidence(BaseModel):
    """What an outcome rests on: the event, when it happened, and the provider's own words."""

    model_config = ConfigDict(frozen=True)

    event: str
    at: AwareDatetime
    text: Known


class Failure(BaseModel):
    """Why there is no bot, or no recording of one."""

    model_config = ConfigDict(frozen=True)

    reason: FailureReason
    evidence: Evidence


class Outcome(BaseModel):
    """The result of a meeting's workflow. `status` is `completed`, `failed` or `cancelled`."""

    model_config = ConfigDict(frozen=True)

    meeting_id: str
    status: MeetingStatus
    evidence: Evidence
    reason: FailureReason | None = None
    bot_id: str = ""
    transcript: TranscriptState = TranscriptState.NOT_ASKED
    artifacts: tuple[StoredFile, ...] = ()


class ClaimingCalendar(BaseModel):
    """A calendar that wants a meeting, and the event by which it does."""

    model_config = ConfigDict(frozen=True)

    calendar_id: str
    event_id: str


class MeetingView(BaseModel):
    """What the `status` query answers. No field has a default: what is as by default is left out of payloads."""

    model_config = ConfigDict(frozen=True)

    meeting_id: str
    workflow_id: str
    status: MeetingStatus
    reason: FailureReason | None
    evidence: Evidence | None
    trouble: Known
    """An error that keeps files from being stored and needs a person, such as a refused URL or a full disk."""
    held_change: Known
    """Why the last reschedule did not move the meeting: its bot is in the call."""
    bot_id: Known
    provider: Known
    """The provider of the bot, or the one that was chosen for it."""
    meeting_url: Known
    platform: Known
    title: Known
    start_time: AwareDatetime
    end_time: AwareDatetime | None
    transcript: TranscriptState
    artifacts: tuple[StoredFile, ...]
    dispatches: int
    next_deadline: AwareDatetime | None
    bot_goes_at: AwareDatetime | None
    """When its bot is sent; None once one was, or if none will be."""
    timeline: tuple[TimelineEntry, ...]
    webhooks: WebhookState
    """Whether the newest bot reports by itself."""
    calendars: tuple[ClaimingCalendar, ...]
    metadata: dict[str, str]
    """The caller's own data."""
    waiting_since: AwareDatetime | None
    """Since when the bot waits to be let in; None if it does not."""
    shared_with: Known
    """The workflow of another meeting in the same room, whose bot this meeting shares."""
