"""What people can do about a meeting that failed, by its reason."""

from typing import NamedTuple

from minutekeeper.meetings.status import FailureReason


class Remedy(NamedTuple):
    """What to do while the meeting goes on, and what once it is over; empty if nothing helps."""

    meanwhile: str
    afterwards: str = ""


_SEND_ANOTHER = "Send another bot."
_LOST = "This meeting cannot be recorded any more."

_REMEDIES = {
    FailureReason.MISSED: Remedy(
        f"Start a worker. {_SEND_ANOTHER}", f"{_LOST} Keep a worker running, so that the next ones are."
    ),
    FailureReason.SEND_TIMEOUT: Remedy(_SEND_ANOTHER, f"{_LOST} The worker's log says what held it up."),
    FailureReason.INVALID_MEETING_URL: Remedy("Correct the link: book the meeting again with the right one."),
    FailureReason.CANNOT_JOIN: Remedy(f"Ask the host to let guests in, or correct the link. {_SEND_ANOTHER}"),
    FailureReason.NOT_ACCEPTED: Remedy(f"Ask a participant to admit the bot. {_SEND_ANOTHER}"),
    FailureReason.NEEDS_AUTHORISATION: Remedy(
        f"Have a participant authorise the bot with the meeting service. {_SEND_ANOTHER}"
    ),
    FailureReason.WAITING_TIMEOUT: Remedy(f"Ask a participant to admit the bot. {_SEND_ANOTHER}"),
    FailureReason.STREAMING_FAILED: Remedy(_SEND_ANOTHER),
    FailureReason.PROVIDER_ERROR: Remedy(
        _SEND_ANOTHER, "Collect again: the provider may have kept what it had recorded by then."
    ),
    FailureReason.PROVIDER_UNREACHABLE: Remedy(
        _SEND_ANOTHER, f"{_LOST} Look whether the provider can be reached: minutekeeper doctor."
    ),
    FailureReason.ROOM_OCCUPIED: Remedy(f"Have the other meeting's bot leave. {_SEND_ANOTHER}"),
    FailureReason.ACCOUNT: Remedy(
        f"Check the API key and the tokens left at the provider. {_SEND_ANOTHER}",
        "Check the API key and the tokens left at the provider, or the next meetings fail as well.",
    ),
    FailureReason.REQUEST_REJECTED: Remedy(
        "Read the provider's words on the meeting's page, correct what it rejects, and book again.",
        "Read the provider's words on the meeting's page, or the next meetings fail as well.",
    ),
    FailureReason.INVALID_REQUEST: Remedy(
        "Correct the program that started the workflow, and book again.",
        "Correct the program that started the workflow.",
    ),
    FailureReason.NO_ANSWER: Remedy(
        _SEND_ANOTHER, "Collect again: the provider may know by now what became of the bot."
    ),
    FailureReason.EMPTY_RECORDING: Remedy(
        "Collect again, as long as the provider keeps the recording.",
        "Collect again, as long as the provider keeps the recording.",
    ),
    FailureReason.RECORDING_LOST: Remedy(
        "Collect again, as long as the provider keeps the recording.",
        "Collect again, as long as the provider keeps the recording.",
    ),
    FailureReason.TERMINATED: Remedy(
        "Remove its bot at the provider, if there is one, and book again.",
        "Collect again, if a bot had recorded by then.",
    ),
    FailureReason.UNKNOWN: Remedy(
        f"Read the provider's words on the meeting's page. {_SEND_ANOTHER}",
        "Read the provider's words on the meeting's page.",
    ),
}


def remedy_for(reason: FailureReason, *, is_over: bool) -> str:
    """What to do about a failure; empty if no other act could mend it."""
    remedy = _REMEDIES.get(reason)
    if remedy is None:
        return ""
    return remedy.afterwards if is_over else remedy.meanwhile
