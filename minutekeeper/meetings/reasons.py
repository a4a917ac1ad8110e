"""Why a meeting has no recording, and what people can do about it, in plain words."""

from collections.abc import Mapping

from minutekeeper.meetings.status import FailureReason

REASON: Mapping[FailureReason, str] = {
    FailureReason.MISSED: "no worker ran when the bot was due, and it was too late afterwards",
    FailureReason.SEND_TIMEOUT: "a worker started to send the bot and did not finish in time",
    FailureReason.MEETING_OVER: "it was over, or had less than a minute left, when it was booked or rescheduled",
    FailureReason.INVALID_MEETING_URL: "the provider says that the link leads to no meeting",
    FailureReason.CANNOT_JOIN: "the bot could not join: the meeting does not exist, or only members may enter",
    FailureReason.NOT_ACCEPTED: "a participant refused to admit the bot",
    FailureReason.NEEDS_AUTHORISATION: "the meeting admits only bots that a participant has authorised with the "
    "meeting service",
    FailureReason.WAITING_TIMEOUT: "the bot was not admitted from the waiting room",
    FailureReason.NOBODY_CAME: "no participant joined the meeting",
    FailureReason.NOBODY_SPOKE: "no participant spoke in the meeting",
    FailureReason.REMOVED: "a participant removed the bot from the call",
    FailureReason.STOPPED: "the bot was told to leave before it had recorded anything",
    FailureReason.RECORDING_TIMEOUT: "the recording exceeded the provider's maximum length",
    FailureReason.STREAMING_FAILED: "the provider could not set up the stream",
    FailureReason.PROVIDER_ERROR: "an error at the provider",
    FailureReason.PROVIDER_UNREACHABLE: "the provider could not be reached in time",
    FailureReason.ROOM_OCCUPIED: "the bot of another meeting stayed in the room for as long as one was useful",
    FailureReason.ACCOUNT: "the provider rejects the account: check the API key and the remaining tokens",
    FailureReason.REQUEST_REJECTED: "the provider rejects the request",
    FailureReason.INVALID_REQUEST: "its workflow was started with a request that cannot be read",
    FailureReason.NO_ANSWER: "the bot stopped reporting, and the provider could not say what happened to it",
    FailureReason.EMPTY_RECORDING: "the recording cannot be played",
    FailureReason.RECORDING_LOST: "there was a recording, but it could not be fetched",
    FailureReason.TERMINATED: "its workflow was terminated in Temporal; a bot that had been sent was not removed",
    FailureReason.UNKNOWN: "for a reason that is not known here; see the provider's own words",
}

_CHECK_LINK = "Check the link of the meeting, and book it again with the right one."
_ADMIT = "Ask a participant to admit the bot, and send another one while the meeting runs."
_OPERATOR = "Tell the operators: something of the installation needs their attention."
_COLLECT = "Have the files fetched again; the provider keeps them for some days."
_NOTHING = "Nothing is to be done."

_WHAT_TO_DO: Mapping[FailureReason, str] = {
    FailureReason.MISSED: _OPERATOR,
    FailureReason.SEND_TIMEOUT: _OPERATOR,
    FailureReason.MEETING_OVER: "Book meetings before they are over.",
    FailureReason.INVALID_MEETING_URL: _CHECK_LINK,
    FailureReason.CANNOT_JOIN: "Check the link, and whether guests may enter the meeting.",
    FailureReason.NOT_ACCEPTED: _ADMIT,
    FailureReason.NEEDS_AUTHORISATION: "Ask the organiser to allow bots in the meeting service.",
    FailureReason.WAITING_TIMEOUT: _ADMIT,
    FailureReason.NOBODY_CAME: _NOTHING,
    FailureReason.NOBODY_SPOKE: _NOTHING,
    FailureReason.REMOVED: "Ask the participants whether the meeting may be recorded.",
    FailureReason.STOPPED: _NOTHING,
    FailureReason.RECORDING_TIMEOUT: "Book long meetings in parts.",
    FailureReason.STREAMING_FAILED: "Send another bot while the meeting runs.",
    FailureReason.PROVIDER_ERROR: "Send another bot while the meeting runs. If it happens often, ask the provider.",
    FailureReason.PROVIDER_UNREACHABLE: "Look at the provider's status page.",
    FailureReason.ROOM_OCCUPIED: "Leave time between two meetings of one link.",
    FailureReason.ACCOUNT: _OPERATOR,
    FailureReason.REQUEST_REJECTED: "Read the provider's words, and book again without what it rejects.",
    FailureReason.INVALID_REQUEST: "Correct the request, and book the meeting again.",
    FailureReason.NO_ANSWER: _COLLECT,
    FailureReason.EMPTY_RECORDING: _COLLECT,
    FailureReason.RECORDING_LOST: _COLLECT,
    FailureReason.TERMINATED: "Look whether a bot is still in the call, and remove it there.",
    FailureReason.UNKNOWN: "Read the provider's words.",
}


def what_to_do(reason: FailureReason | None) -> str:
    """What people can do about the end of a meeting; empty for one that did not fail."""
    return _WHAT_TO_DO[reason] if reason else ""
