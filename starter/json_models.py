"""What commands print with `--json`, where that is more than a single model of the domain."""

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from minutekeeper.api_keys import ApiScope
from minutekeeper.meetings.collection import DownloadProgress
from minutekeeper.meetings.status import FailureReason, MeetingStatus
from minutekeeper.meetings.views import Evidence, Known, MeetingView, TimelineEntry
from starter.health_checks import CheckResult
from starter.meeting_models import BookingOutcome, KnownFrom, PendingActivity


class _Output(BaseModel):
    model_config = ConfigDict(frozen=True)


class ScheduleOutput(_Output):
    """Output of `schedule`. `notes` say what was assumed or differs from the request."""

    meeting_id: str
    workflow_id: str
    already_existed: bool
    booking: BookingOutcome
    start_time: AwareDatetime
    meeting_url: str
    status: MeetingStatus
    notes: tuple[str, ...]


class RescheduleOutput(MeetingView):
    """Output of `reschedule`."""

    notes: tuple[str, ...]


class ChangeResult(_Output):
    """The result for one of several meetings: the meeting after the change, or why it was not changed."""

    workflow_id: str
    meeting: MeetingView | None = None
    error: str = ""


class ShowOutput(MeetingView):
    """Output of `show`. `pending_activities` are activities that failed and are retried."""

    known_from: KnownFrom = Field(serialization_alias="from")
    pending_activities: tuple[PendingActivity, ...]


class WatchOutput(MeetingView):
    """One line of `watch`, printed at each change, with the progress of a running download."""

    known_from: KnownFrom = Field(serialization_alias="from")
    download: DownloadProgress | None


class WhyOutput(_Output):
    """Output of `why`: the history of the meeting as `show` has it, and the same in sentences."""

    explanation: str
    known_from: KnownFrom = Field(serialization_alias="from")
    meeting_id: str
    workflow_id: str
    status: MeetingStatus
    reason: FailureReason | None
    evidence: Evidence | None
    trouble: Known
    next_deadline: AwareDatetime | None
    bot_goes_at: AwareDatetime | None
    timeline: tuple[TimelineEntry, ...]


class OpenOutput(_Output):
    """Output of `open`."""

    workflow_id: str
    url: str


class SetupOutput(_Output):
    """Output of `setup`: search attributes that the namespace had, and those that were added."""

    namespace: str
    were_there: tuple[str, ...]
    added: tuple[str, ...]


class DoctorOutput(_Output):
    """Output of `doctor`."""

    ok: bool
    checks: tuple[CheckResult, ...]


class RebuiltRecords(_Output):
    """Output of `records rebuild`: how many ended meetings had a record, and the paths of those that were made.

    `without_timeline` are the ones among them of which no worker told more than Temporal itself knows.
    """

    already_there: int
    made: tuple[str, ...]
    without_timeline: tuple[str, ...]


class IndexOutput(_Output):
    """Output of `index`: how many meetings were read, removed and left as they were.

    `unreadable` are records that are damaged.
    """

    written: int
    removed: int
    unchanged: int
    unreadable: int


class PageLinkOutput(_Output):
    """Output of `page-link`. The link is good once."""

    link: str


class NewKeyOutput(_Output):
    """Output of `key new`. The key is shown once."""

    name: str
    key: str


class KeyOutput(_Output):
    """A key of the HTTP API, without the key itself."""

    key_id: str
    name: str
    scopes: tuple[ApiScope, ...]
    created_at: AwareDatetime
    expires_at: AwareDatetime | None


class ErrorOutput(_Output):
    """What every command prints on standard error, in one line, when it fails."""

    error: str
    exit_code: int
