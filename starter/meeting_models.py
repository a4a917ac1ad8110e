"""What clients answer about meetings, whichever way they reach them."""

from enum import StrEnum
from typing import NamedTuple

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from minutekeeper.meetings.collection import DownloadProgress
from minutekeeper.meetings.record import RecordedFile
from minutekeeper.meetings.status import MeetingStatus, TranscriptState
from minutekeeper.meetings.views import MeetingView


class BookingOutcome(StrEnum):
    """The result of booking a meeting."""

    BOOKED = "booked"
    BOOKED_AGAIN = "booked_again"
    """The meeting had been booked before, was cancelled or failed, and is not over yet."""
    ALREADY_BOOKED = "already_booked"
    JOINED = "joined"
    """Another meeting of the same link starts at about the same time. They are one call and need one bot."""
    ALREADY_COMPLETED = "already_completed"
    FILES_STORED = "files_stored"
    """The meeting was cancelled or failed after it had stored files, which a new run would replace."""
    ALREADY_OVER = "already_over"
    """The meeting ended without a recording, and its time has passed."""


class BookedMeeting(BaseModel):
    """The meeting of a booking. `view` shows a meeting that existed before, as Temporal itself knows it."""

    model_config = ConfigDict(frozen=True)

    meeting_id: str
    workflow_id: str
    booking: BookingOutcome
    view: MeetingView | None = None

    @property
    def already_existed(self) -> bool:
        return self.booking not in {BookingOutcome.BOOKED, BookingOutcome.BOOKED_AGAIN}


class KnownFrom(StrEnum):
    """Where an answer about a meeting comes from."""

    TEMPORAL = "temporal"
    RECORD = "record"
    """The record in the artifact store: Temporal has forgotten the meeting, or no worker answers."""


class MeetingSummary(BaseModel):
    """One line of a list. `booked_at` is when its workflow was started; all times are UTC."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    meeting_id: str
    workflow_id: str
    status: MeetingStatus
    start_time: AwareDatetime | None
    title: str
    meeting_url: str
    platform: str
    bot_id: str
    metadata: dict[str, str]
    """The caller's own data, as much of it as fits into a search attribute."""
    booked_at: AwareDatetime
    closed_at: AwareDatetime | None
    trouble: str = ""
    """Why no worker executes it although Temporal has it; empty if nothing is wrong."""
    known_from: KnownFrom = Field(KnownFrom.TEMPORAL, alias="from")


class PendingActivity(BaseModel):
    """An activity that failed `attempts` times and is retried at `retry_at` (UTC; None: it is running now)."""

    model_config = ConfigDict(frozen=True)

    activity: str
    attempts: int
    failure: str
    retry_at: AwareDatetime | None


class MeetingActivity(NamedTuple):
    """A meeting's progress as Temporal knows it without a worker: `revision` differs after every event."""

    revision: tuple[str, int]
    is_closed: bool
    progress: DownloadProgress | None


class MeetingDetails(NamedTuple):
    """A meeting, where that is known from, and its activities that failed and are retried."""

    view: MeetingView
    known_from: KnownFrom
    pending: tuple[PendingActivity, ...]


class MeetingFiles(NamedTuple):
    """What is stored of a meeting below `folder`. `is_final`: nothing more is to come."""

    folder: str
    files: tuple[RecordedFile, ...]
    transcript: TranscriptState
    is_final: bool

    def named(self, name: str) -> RecordedFile | None:
        return next((file for file in self.files if file.name == name), None)
