"""What commands print with `--json`, where that is more than a single model of the domain."""

from pydantic import AwareDatetime, BaseModel, ConfigDict

from minutekeeper.meetings.collection import DownloadProgress
from minutekeeper.meetings.status import FailureReason, MeetingStatus
from minutekeeper.meetings.views import Evidence, Known, MeetingView, TimelineEntry
from starter.booking import BookingOutcome
from starter.health_checks import CheckResult
from starter.meeting_snapshot import PendingActivity


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

    metadata: dict[str, str]
    pending_activities: tuple[PendingActivity, ...]


class WatchOutput(MeetingView):
    """One line of `watch`, printed at each change, with the progress of a running download."""

    download: DownloadProgress | None


class WhyOutput(_Output):
    """Output of `why`: the history of the meeting as `show` has it, and the same in sentences."""

    explanation: str
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


class ErrorOutput(_Output):
    """What every command prints on standard error, in one line, when it fails."""

    error: str
    exit_code: int
