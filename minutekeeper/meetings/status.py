"""The closed lists of statuses and reasons, into which adapters translate the words of their provider."""

from enum import StrEnum


class MeetingStatus(StrEnum):
    """Where a meeting is, in the order of a good day; the last three are final."""

    SCHEDULED = "scheduled"
    DISPATCHING = "dispatching"
    JOINING = "joining"
    WAITING_ROOM = "waiting_room"
    IN_CALL = "in_call"
    RECORDING = "recording"
    PAUSED = "paused"
    ENDED = "ended"
    COLLECTING = "collecting"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        return self in {MeetingStatus.COMPLETED, MeetingStatus.FAILED, MeetingStatus.CANCELLED}


class FailureReason(StrEnum):
    """Why a meeting has no recording."""

    MISSED = "missed"
    SEND_TIMEOUT = "send_timeout"
    MEETING_OVER = "meeting_over"
    INVALID_MEETING_URL = "invalid_meeting_url"
    CANNOT_JOIN = "cannot_join"
    NOT_ACCEPTED = "not_accepted"
    NEEDS_AUTHORISATION = "needs_authorisation"
    WAITING_TIMEOUT = "waiting_timeout"
    NOBODY_CAME = "nobody_came"
    NOBODY_SPOKE = "nobody_spoke"
    REMOVED = "removed"
    STOPPED = "stopped"
    RECORDING_TIMEOUT = "recording_timeout"
    STREAMING_FAILED = "streaming_failed"
    PROVIDER_ERROR = "provider_error"
    PROVIDER_UNREACHABLE = "provider_unreachable"
    ROOM_OCCUPIED = "room_occupied"
    ACCOUNT = "account"
    REQUEST_REJECTED = "request_rejected"
    INVALID_REQUEST = "invalid_request"
    NO_ANSWER = "no_answer"
    EMPTY_RECORDING = "empty_recording"
    RECORDING_LOST = "recording_lost"
    TERMINATED = "terminated"
    UNKNOWN = "unknown"


class TranscriptState(StrEnum):
    NOT_ASKED = "not_asked"
    PENDING = "pending"
    READY = "ready"
    EMPTY = "empty"
    FAILED = "failed"


class TranscriptFormat(StrEnum):
    """Formats in which a transcript is stored."""

    TXT = "txt"
    MD = "md"
    JSON = "json"
    VTT = "vtt"
    SRT = "srt"


class WebhookState(StrEnum):
    """Whether a meeting's bot reports by webhook, or has to be asked about."""

    NOT_EXPECTED = "not_expected"
    """No bot yet, or one that reports to another meeting."""
    AWAITED = "awaited"
    HEARD = "heard"
    SILENT = "silent"


_CURABLE = frozenset({FailureReason.PROVIDER_ERROR, FailureReason.STREAMING_FAILED, FailureReason.WAITING_TIMEOUT})
"""What a second bot can cure while the meeting runs: trouble at the provider, and a host who came late.
A refusal, a removal, or a meeting that only members may enter stays what it is."""


def is_curable(reason: FailureReason) -> bool:
    return reason in _CURABLE


_FAULTS_OF_MEETINGS = frozenset(
    {
        FailureReason.MEETING_OVER,
        FailureReason.INVALID_MEETING_URL,
        FailureReason.CANNOT_JOIN,
        FailureReason.NOT_ACCEPTED,
        FailureReason.NEEDS_AUTHORISATION,
        FailureReason.WAITING_TIMEOUT,
        FailureReason.NOBODY_CAME,
        FailureReason.NOBODY_SPOKE,
        FailureReason.REMOVED,
        FailureReason.STOPPED,
        FailureReason.RECORDING_TIMEOUT,
    }
)
"""What people in a meeting, its host or its link decided, so that nothing of ours needs mending."""


NEVER_JOINED = frozenset(
    {
        FailureReason.MISSED,
        FailureReason.SEND_TIMEOUT,
        FailureReason.MEETING_OVER,
        FailureReason.INVALID_MEETING_URL,
        FailureReason.CANNOT_JOIN,
        FailureReason.NOT_ACCEPTED,
        FailureReason.NEEDS_AUTHORISATION,
        FailureReason.WAITING_TIMEOUT,
        FailureReason.PROVIDER_UNREACHABLE,
        FailureReason.ROOM_OCCUPIED,
        FailureReason.ACCOUNT,
        FailureReason.REQUEST_REJECTED,
        FailureReason.INVALID_REQUEST,
    }
)
"""Failures of meetings that no bot was let into."""


def is_our_fault(reason: FailureReason) -> bool:
    """Whether the service, its provider or its account failed, and not the meeting itself."""
    return reason not in _FAULTS_OF_MEETINGS
