"""What commands print for programs, where that is more than one model of its own."""

from pydantic import AwareDatetime, BaseModel, ConfigDict

from meetings.collection import DownloadProgress
from meetings.outcome import Evidence, Known, MeetingView
from meetings.status import FailureReason, MeetingStatus
from meetings.timeline import TimelineEntry
from starter.booking import Booking
from starter.checkup import Check
from starter.waiting import Waiting


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True)


class Booked(_Shape):
    """`schedule`. `notes` are what somebody who books should know."""

    meeting_id: str
    workflow_id: str
    already_existed: bool
    booking: Booking
    start_time: AwareDatetime
    meeting_url: str
    status: MeetingStatus
    notes: tuple[str, ...]


class Moved(MeetingView):
    """`reschedule`."""

    notes: tuple[str, ...]


class Shown(MeetingView):
    """`show`. `waiting` is work that failed and is tried again."""

    waiting: tuple[Waiting, ...]


class Watched(MeetingView):
    """One line of `watch`: the meeting when something has changed, and how far a download is."""

    download: DownloadProgress | None


class Explained(_Shape):
    """`why`: what `show` has of a meeting's story, and the same in sentences."""

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


class SetUp(_Shape):
    """`setup`: which search attributes the namespace had, and which it was given."""

    namespace: str
    were_there: tuple[str, ...]
    added: tuple[str, ...]


class Examined(_Shape):
    """`doctor`."""

    ok: bool
    checks: tuple[Check, ...]


class Problem(_Shape):
    """What every command prints on standard error, in one line, when it fails."""

    error: str
    exit_code: int
