"""Why a request for a bot failed, read from what Temporal says of the activity."""

from dataclasses import dataclass

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, TimeoutType
from temporalio.exceptions import TimeoutError as ActivityTimeoutError

with workflow.unsafe.imports_passed_through():
    from minutekeeper.meetings.dispatch import DispatchTerms
    from minutekeeper.meetings.status import FailureReason

_SENTENCES = {
    FailureReason.REQUEST_REJECTED: "The provider does not take this request",
    FailureReason.ACCOUNT: "The provider refuses our account, which is tried again until it works",
    FailureReason.PROVIDER_UNREACHABLE: "No bot could be sent in time",
    FailureReason.MISSED: "Nothing ran when the bot was due",
    FailureReason.SEND_TIMEOUT: "No worker finished sending the bot",
    FailureReason.ROOM_OCCUPIED: "Another meeting's bot stayed in the room",
}
_REASONS = {
    "RequestRejected": FailureReason.REQUEST_REJECTED,
    "Account": FailureReason.ACCOUNT,
    "HandedBack": FailureReason.MISSED,
    "Overdue": FailureReason.SEND_TIMEOUT,
    "RoomOccupied": FailureReason.ROOM_OCCUPIED,
    "RoomsUnavailable": FailureReason.SEND_TIMEOUT,
}
"""By the type of an activity's failure; all other types are the provider's. `HandedBack` comes last if no other
worker took the request over, and `Overdue` of a worker that was frozen."""


@dataclass(frozen=True)
class DispatchFailure:
    """Why no bot was sent. `is_uncertain`: one may exist all the same, because an answer was lost on the way."""

    reason: FailureReason
    text: str
    is_uncertain: bool
    policy: DispatchTerms | None

    @property
    def sentence(self) -> str:
        return f"{_SENTENCES[self.reason]}: {self.text}"


def read_dispatch_failure(error: BaseException) -> DispatchFailure:
    """Why a request failed, by what the last attempt said.

    If that one said nothing, what the one before it said may be the reason still, but proves nothing any more.
    """
    cause = (error.cause if isinstance(error, ActivityError) else None) or error
    is_last = isinstance(cause, ApplicationError)
    was_begun = isinstance(error, ActivityError) and error.started_event_id > 0
    while isinstance(cause, ActivityTimeoutError):
        was_begun = was_begun or cause.type is TimeoutType.START_TO_CLOSE
        if cause.cause is None:
            reason = FailureReason.SEND_TIMEOUT if was_begun else FailureReason.MISSED
            return DispatchFailure(reason, "no worker answered in time", is_uncertain=True, policy=None)
        cause = cause.cause
    reason, is_proven, policy = FailureReason.PROVIDER_UNREACHABLE, False, None
    if isinstance(cause, ApplicationError):
        reason = _REASONS.get(cause.type or "", reason)
        is_proven = list(cause.details[:1]) == [True]
        policy = DispatchTerms.model_validate(cause.details[1]) if len(cause.details) > 1 else None
    if reason is FailureReason.MISSED and was_begun and not is_last:
        reason = FailureReason.SEND_TIMEOUT
    text = str(cause) or type(cause).__name__
    return DispatchFailure(reason, text, is_uncertain=not (is_proven and is_last), policy=policy)
