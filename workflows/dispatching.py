"""Orders for bots: how one is written, how it failed, and whether a bot came of it after all."""

from dataclasses import dataclass

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from workflows import handling
from workflows.journal import Journal
from workflows.waiting import wait

with workflow.unsafe.imports_passed_through():
    from meetings.deadlines import Deadlines
    from meetings.dispatch import DispatchOrder, DispatchPlan, SentBot
    from meetings.record import MeetingRecord
    from meetings.status import FailureReason

_SEARCHES = 3
_WORDS = {
    FailureReason.REQUEST_REJECTED: "The provider does not take this request",
    FailureReason.ACCOUNT: "The provider refuses our account, which is tried again until it works",
    FailureReason.PROVIDER_UNREACHABLE: "No bot could be sent in time",
}


def order_for(record: MeetingRecord, plan: DispatchPlan, doubt: DispatchOrder | None) -> DispatchOrder:
    """The order for the meeting's next bot; its key is the same however often it is written."""
    request = record.request
    return DispatchOrder(
        key=record.next_dispatch_key,
        dispatch=record.dispatches,
        run=workflow.info().first_execution_run_id,
        meeting_url=request.meeting_url,
        start_time=request.start_time,
        call_at=plan.call_at,
        mode=plan.mode,
        transcript=request.wanted.transcript,
        bot=request.bot,
        look_first=doubt is not None,
        first_call_at=(doubt.first_call_at or doubt.call_at) if doubt else None,
    )


@dataclass(frozen=True)
class FailedDispatch:
    """Why no bot was sent. `in_doubt`: one may exist all the same, because an answer was lost on the way."""

    reason: FailureReason
    text: str
    in_doubt: bool

    @property
    def sentence(self) -> str:
        return f"{_WORDS[self.reason]}: {self.text}"


def read_failure(error: BaseException) -> FailedDispatch:
    cause = error.cause if isinstance(error, ActivityError) else None
    text = str(cause or error) or type(error).__name__
    reason = FailureReason.PROVIDER_UNREACHABLE
    first_attempt = False
    if isinstance(cause, ApplicationError):
        first_attempt = list(cause.details[:1]) == [1]
        if cause.type == "RequestRejected":
            reason = FailureReason.REQUEST_REJECTED
        elif cause.type == "Account":
            reason = FailureReason.ACCOUNT
    refused = reason is not FailureReason.PROVIDER_UNREACHABLE and first_attempt
    return FailedDispatch(reason, text, in_doubt=not refused)


async def search_in_doubt(journal: Journal, order: DispatchOrder, deadlines: Deadlines) -> SentBot | None:
    """The bot of an order that ended in doubt, if one came of it.

    Looked for more than once: a request that timed out here may still take effect over there.
    """
    for _search in range(_SEARCHES):
        if sent := await handling.find(journal, order):
            return sent
        await wait(
            lambda: bool(journal.record.early_bot(order.dispatch)),
            deadlines.removal / (_SEARCHES + 1),
            "did a bot come of the order in doubt?",
        )
    return await handling.find(journal, order)
