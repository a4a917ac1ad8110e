"""The closed lists of statuses, reasons and states, in plain words."""

from collections.abc import Sequence

from meetings import story
from meetings.outcome import MeetingView
from meetings.status import FailureReason, MeetingStatus, TranscriptState
from starter.booking import Booking
from starter.output import sentence
from starter.waiting import Waiting

STATUS = {
    MeetingStatus.SCHEDULED: "is booked and waits for its time",
    MeetingStatus.DISPATCHING: "is having a bot sent to it",
    MeetingStatus.JOINING: "has a bot on its way",
    MeetingStatus.WAITING_ROOM: "has its bot in the waiting room",
    MeetingStatus.IN_CALL: "has its bot in the call, not recording yet",
    MeetingStatus.RECORDING: "is being recorded",
    MeetingStatus.PAUSED: "is being recorded, with the recording paused",
    MeetingStatus.ENDED: "is over for its bot; the provider's last word is awaited",
    MeetingStatus.COLLECTING: "is over; its recording and transcript are being brought home",
    MeetingStatus.COMPLETED: "is completed",
    MeetingStatus.FAILED: "failed",
    MeetingStatus.CANCELLED: "was cancelled",
}

REASON = {
    FailureReason.MISSED: "nothing ran when the bot was due, and it was too late afterwards",
    FailureReason.SEND_TIMEOUT: "a worker took the order for a bot and did not finish it in time",
    FailureReason.MEETING_OVER: "it was over, or less than a minute of it was left, when it was booked or moved",
    FailureReason.INVALID_MEETING_URL: "the provider says that the link leads to no meeting",
    FailureReason.CANNOT_JOIN: "the bot could not join: the meeting does not exist, or not everybody may enter",
    FailureReason.NOT_ACCEPTED: "somebody refused to let the bot in",
    FailureReason.WAITING_TIMEOUT: "nobody let the bot in from the waiting room",
    FailureReason.NOBODY_CAME: "nobody came to the meeting",
    FailureReason.NOBODY_SPOKE: "nobody spoke in the meeting",
    FailureReason.REMOVED: "somebody removed the bot from the call",
    FailureReason.STOPPED: "the bot was told to leave before it had recorded anything",
    FailureReason.RECORDING_TIMEOUT: "the recording became longer than the provider allows",
    FailureReason.STREAMING_FAILED: "the provider could not set up the stream",
    FailureReason.PROVIDER_ERROR: "something broke at the provider",
    FailureReason.PROVIDER_UNREACHABLE: "the provider could not be reached while a bot would have helped",
    FailureReason.ACCOUNT: "the provider refuses our account: check the API key and the tokens left",
    FailureReason.REQUEST_REJECTED: "the provider does not take the request as it is",
    FailureReason.INVALID_REQUEST: "it was started with a request that cannot be read",
    FailureReason.NO_ANSWER: "the bot fell silent, and the provider could not say what became of it",
    FailureReason.EMPTY_RECORDING: "the bot brought nothing that could be played",
    FailureReason.RECORDING_LOST: "there was a recording, but it could not be fetched",
    FailureReason.UNKNOWN: "for a reason that is not on our list; see the provider's own words",
}

TRANSCRIPT = {
    TranscriptState.NOT_ASKED: "No bot was asked for a transcript.",
    TranscriptState.PENDING: "The transcript is still to come.",
    TranscriptState.READY: "The transcript is in the store.",
    TranscriptState.EMPTY: "The transcript is empty: nobody spoke.",
    TranscriptState.FAILED: "There is no transcript: none could be made.",
}

BOOKING = {
    Booking.BOOKED: "Booked.",
    Booking.BOOKED_ANEW: "Booked anew: the same meeting had been booked before, but was cancelled or failed.",
    Booking.ALREADY_BOOKED: "Already booked: this is the same meeting, nothing new was started.",
    Booking.JOINED: "Already booked: another meeting of this link starts at about that time. "
    "Nothing new was started; for a bot of its own, give this one a name with --id.",
    Booking.ALREADY_COMPLETED: "Already completed: this very meeting was kept before, nothing new was started.",
    Booking.FILES_KEPT: "Ended before, with files in the store that would be replaced: nothing new was started. "
    "To keep it once more, give it a name of its own with --id.",
    Booking.ALREADY_OVER: "Already over: this meeting ended without a recording, nothing new was started.",
}


def state_sentence(view: MeetingView) -> str:
    """What state a meeting is in, and for a failure why."""
    because = f": {REASON[view.reason]}" if view.reason else ""
    return sentence(f"{view.title or view.meeting_url} {STATUS[view.status]}{because}")


def troubles(view: MeetingView, waiting: Sequence[Waiting]) -> list[str]:
    """What is tried again; while it is being tried and not yet known to fail again, what the meeting says of it."""
    tried = [_tried_again(work) for work in waiting]
    is_said = not view.trouble or any(work.failure == view.trouble for work in waiting)
    return tried if is_said else [view.trouble, *tried]


def _tried_again(work: Waiting) -> str:
    times = "once" if work.attempts == 1 else f"{work.attempts} times"
    again = f"; again at {story.clock(work.next_try)}" if work.next_try else ""
    return f"{work.work} failed {times}, last because: {work.failure}{again}"
