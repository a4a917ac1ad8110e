"""What the API takes and answers. Unknown fields of a request are refused, never dropped in silence."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel, SkipValidation

from minutekeeper.meetings.collection import DownloadProgress
from minutekeeper.meetings.fields import (
    BotOptions,
    Metadata,
    NormalisedMeetingUrl,
    Title,
    WantedArtifacts,
)
from minutekeeper.meetings.record import RecordedFile
from minutekeeper.meetings.status import FailureReason, MeetingStatus, TranscriptFormat, TranscriptState
from minutekeeper.meetings.views import Evidence, MeetingView, TimelineEntry
from starter.calendars.events import DecidedEvent
from starter.calendars.summaries import CalendarSummary
from starter.meeting_models import BookingOutcome, KnownFrom, MeetingSummary, PendingActivity
from web.api.problems import Problem
from web.meetings_query import Instant

MAX_BATCH = 100
_MEETINGS_OF_A_REQUEST = 5


MeetingLink = Annotated[NormalisedMeetingUrl, Field(max_length=4096)]


class _Input(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class BotChoice(BotOptions):
    """The appearance and behaviour of the bot."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class FilesChoice(WantedArtifacts):
    """What is kept of the meeting."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class BookMeeting(_Input):
    """A meeting to record. The same link and start are the same meeting, so a repeated request books it once."""

    meeting_url: MeetingLink
    """A link of Google Meet, Zoom or Microsoft Teams."""
    start_time: Instant
    end_time: Instant | None = None
    """Its planned end; not needed."""
    title: Title = Field("", max_length=500)
    bot: BotChoice = BotChoice()
    """How the bot looks and behaves."""
    wanted: FilesChoice = FilesChoice()
    """What is kept of the meeting."""
    metadata: Metadata = {}
    """Data of your own: at most 20 keys of small letters, digits, dots and dashes."""
    id: str | None = Field(None, min_length=1, max_length=120, pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]*$")
    """A workflow id of your own, if the same link and start may be two meetings."""


class MoveMeeting(_Input):
    """A new start, and optionally a new end, link or title."""

    start_time: Instant
    end_time: Instant | None = None
    """Without one, the meeting keeps its length."""
    meeting_url: MeetingLink | None = None
    """Without one, the meeting keeps its link."""
    title: Title | None = Field(None, max_length=500)


class CollectMeeting(_Input):
    """What is fetched again."""

    retranscribe: bool = False
    """Whether the provider is asked for new transcripts first."""


class StopMeeting(_Input):
    """Why, for the meeting's timeline."""

    why: str = Field("", max_length=500)
    """A sentence for the timeline."""


class WaitQuery(_Input):
    """Whether the answer is held back."""

    wait: int = Field(0, ge=0, le=60)
    """For how many seconds the answer is held back until something happens; with If-None-Match."""


class NoQuery(_Input):
    """No parameters."""


class MeetingPage(BaseModel):
    """Some meetings: open ones in order of their start, then ended ones, the latest start first."""

    items: tuple[MeetingSummary, ...]
    next_cursor: str | None
    complete: bool
    """False if meetings may be missing, because Temporal or the artifact store does not answer."""


class MeetingDetail(MeetingView):
    """All that is known of a meeting. Without a worker that is what Temporal itself knows, and not `complete`."""

    known_from: KnownFrom = Field(serialization_alias="from")
    complete: bool
    pending: tuple[PendingActivity, ...] = ()
    """What failed and is tried again."""
    download: DownloadProgress | None = None
    """Progress of a running download, in bytes."""


class EventsQuery(_Input):
    """Which events are listed."""

    past: bool = False
    """Whether events that are over are listed as well."""


class EventOverride(_Input):
    """What is decided for one event, or its whole series, before any policy; `none` leaves it to the policy."""

    choice: Literal["always", "never", "none"]
    series: bool = False
    """Whether it is decided for the whole series of the event."""


class PolicyDocument(RootModel[dict[str, Any]]):
    """A policy, as docs/policy.schema.json describes it."""


class ListedCalendars(BaseModel):
    """All calendars."""

    items: tuple[CalendarSummary, ...]


class CalendarEvents(BaseModel):
    """Events as they were last read, in order of their start."""

    items: tuple[DecidedEvent, ...]


class TranscriptQuery(_Input):
    """The format of the transcript."""

    form: TranscriptFormat = Field(TranscriptFormat.JSON, alias="format")


class FileList(BaseModel):
    """The stored files of a meeting. The hashes are there once it has ended."""

    files: tuple[RecordedFile, ...]
    transcript: TranscriptState
    complete: bool
    """Whether nothing more is to come."""


class FileContent(BaseModel):
    """Stands for the bytes of a file."""


class BookedDetail(BaseModel):
    """The meeting of a booking, and whether it had been booked before."""

    meeting_id: str
    workflow_id: str
    booking: BookingOutcome
    url: str
    """The address of the meeting in this API."""
    view: MeetingView | None = None
    """The meeting as Temporal itself knows it, if it had been booked before."""


class BatchItem(BaseModel):
    """The result for one of several bookings: the meeting, or why there is none."""

    meeting: BookedDetail | None = None
    problem: Problem | None = None


class BookMeetings(_Input):
    """Several meetings; each is booked or refused on its own."""

    meetings: tuple[SkipValidation[BookMeeting], ...] = Field(min_length=1, max_length=MAX_BATCH)

    @property
    def further_requests(self) -> int:
        """As how many requests it counts, beside the one that it is: five meetings count as one."""
        return (len(self.meetings) - 1) // _MEETINGS_OF_A_REQUEST


class BatchResult(BaseModel):
    """One result for each meeting of the request, in its order."""

    results: tuple[BatchItem, ...]


class MeetingExplanation(BaseModel):
    """Why the meeting is as it is, in sentences, and what these rest on."""

    explanation: str
    status: MeetingStatus
    reason: FailureReason | None
    evidence: Evidence | None
    timeline: tuple[TimelineEntry, ...]
    known_from: KnownFrom = Field(serialization_alias="from")


class HealthReport(BaseModel):
    """Whether the process works, and what it needs."""

    ok: bool
    temporal: bool | None = None
