"""Short words of the pages for statuses, reasons and transcripts, and the tones in which they are shown."""

from enum import StrEnum

from minutekeeper.meetings.status import FailureReason, MeetingStatus, TranscriptState, is_our_fault


class Tone(StrEnum):
    """What a colour says; the word beside it always says the same."""

    PLAIN = "plain"
    """To come, or of no weight."""
    ACTIVE = "active"
    """Under way."""
    LIVE = "live"
    """Being recorded now."""
    GOOD = "good"
    WARN = "warn"
    """The meeting's own doing, or worth a look."""
    BAD = "bad"
    """Ours to mend."""
    GONE = "gone"


STATUS_WORDS = {
    MeetingStatus.SCHEDULED: "Booked",
    MeetingStatus.DISPATCHING: "Sending bot",
    MeetingStatus.JOINING: "Joining",
    MeetingStatus.WAITING_ROOM: "Waiting room",
    MeetingStatus.IN_CALL: "In call",
    MeetingStatus.RECORDING: "Recording",
    MeetingStatus.PAUSED: "Paused",
    MeetingStatus.ENDED: "Ended",
    MeetingStatus.COLLECTING: "Collecting",
    MeetingStatus.COMPLETED: "Completed",
    MeetingStatus.FAILED: "Failed",
    MeetingStatus.CANCELLED: "Cancelled",
}

_TONES = {
    MeetingStatus.SCHEDULED: Tone.PLAIN,
    MeetingStatus.WAITING_ROOM: Tone.WARN,
    MeetingStatus.RECORDING: Tone.LIVE,
    MeetingStatus.COMPLETED: Tone.GOOD,
    MeetingStatus.FAILED: Tone.BAD,
    MeetingStatus.CANCELLED: Tone.GONE,
}

REASON_WORDS = {
    FailureReason.MISSED: "Missed: no worker ran",
    FailureReason.SEND_TIMEOUT: "Bot not sent in time",
    FailureReason.MEETING_OVER: "Booked too late",
    FailureReason.INVALID_MEETING_URL: "Link leads to no meeting",
    FailureReason.CANNOT_JOIN: "Bot could not join",
    FailureReason.NOT_ACCEPTED: "Bot was refused entry",
    FailureReason.NEEDS_AUTHORISATION: "Bot is not authorised",
    FailureReason.WAITING_TIMEOUT: "Bot was not let in",
    FailureReason.NOBODY_CAME: "No participant came",
    FailureReason.NOBODY_SPOKE: "No participant spoke",
    FailureReason.REMOVED: "Bot was removed",
    FailureReason.STOPPED: "Bot was told to leave",
    FailureReason.RECORDING_TIMEOUT: "Longer than recordings may be",
    FailureReason.STREAMING_FAILED: "Stream failed",
    FailureReason.PROVIDER_ERROR: "Error at the provider",
    FailureReason.PROVIDER_UNREACHABLE: "Provider out of reach",
    FailureReason.ROOM_OCCUPIED: "Room was taken by another bot",
    FailureReason.ACCOUNT: "Provider rejects the account",
    FailureReason.REQUEST_REJECTED: "Provider rejects the request",
    FailureReason.INVALID_REQUEST: "Request cannot be read",
    FailureReason.NO_ANSWER: "Bot fell silent",
    FailureReason.EMPTY_RECORDING: "Recording cannot be played",
    FailureReason.RECORDING_LOST: "Recording could not be fetched",
    FailureReason.TERMINATED: "Workflow was terminated",
    FailureReason.UNKNOWN: "Reason not known",
}

TRANSCRIPT_WORDS = {
    TranscriptState.NOT_ASKED: "No transcript asked for",
    TranscriptState.PENDING: "Transcript to come",
    TranscriptState.READY: "Transcript ready",
    TranscriptState.EMPTY: "Transcript empty",
    TranscriptState.FAILED: "Transcription failed",
}


def status_tone(status: MeetingStatus, reason: FailureReason | None = None) -> Tone:
    """The tone of a status; a failure that is the meeting's own is no fault of ours."""
    if reason is not None and status is MeetingStatus.FAILED:
        return reason_tone(reason)
    return _TONES.get(status, Tone.ACTIVE)


def reason_tone(reason: FailureReason) -> Tone:
    return Tone.BAD if is_our_fault(reason) else Tone.WARN
