"""Orders for bots: how one is written and carried out, how it fails, and whether a bot came of it after all."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.exceptions import TimeoutError as NobodyWorkedError

from workflows import handling, steps
from workflows.journal import Journal
from workflows.waiting import wait

with workflow.unsafe.imports_passed_through():
    from meetings import story
    from meetings.deadlines import Deadlines
    from meetings.dispatch import DispatchOrder, DispatchPlan, SentBot
    from meetings.outcome import Evidence
    from meetings.record import MeetingRecord
    from meetings.status import FailureReason

_SEARCHES = 3
_BY_WORKERS = frozenset({"HandedBack", "Overdue"})
"""Failures that say nothing of the provider: a worker that went away, and one that was frozen."""
_WORDS = {
    FailureReason.REQUEST_REJECTED: "The provider does not take this request",
    FailureReason.ACCOUNT: "The provider refuses our account, which is tried again until it works",
    FailureReason.PROVIDER_UNREACHABLE: "No bot could be sent in time",
    FailureReason.MISSED: "Nothing ran when the bot was due",
}


class Dispatcher:
    """Sends the bots of one meeting and remembers the order of which nobody knows whether a bot came of it.

    `is_changed` says whether the meeting was moved or stopped since its last order was thought of.
    """

    def __init__(self, journal: Journal, is_changed: Callable[[], bool]) -> None:
        self._journal = journal
        self._is_changed = is_changed
        self.plan: DispatchPlan | None = None
        self.doubt: DispatchOrder | None = None

    @property
    def deadlines(self) -> Deadlines:
        return self.plan.deadlines if self.plan else Deadlines()

    async def send(self, plan: DispatchPlan) -> int | None:
        """Sends one bot at the exact instant; its number, or None if none was sent.

        A change that arrives meanwhile is honoured right after: the answer is waited for, because a bot id that
        exists must not be lost.
        """
        record = self._journal.record
        order = _order_for(record, plan, self.doubt)
        summary = story.sleep_summary(plan.call_at, record.request.start_time)
        sending = steps.send_bot(order, record.request.expected_end, summary)
        await workflow.wait_condition(lambda: sending.done() or self._is_changed())
        if not sending.done():
            sending.cancel()
        try:
            sent = await sending
        except (ActivityError, asyncio.CancelledError) as error:
            return await self._answer_failure(order, _read_failure(error))
        return self._welcome(order, sent)

    async def find_doubted(self) -> int | None:
        """The number of the bot that came of the order in doubt, if one did. There is no doubt afterwards."""
        order, self.doubt = self.doubt, None
        if order is None:
            return None
        sent = await self._search(order)
        self._journal.record.dispatches = order.dispatch + 1
        return self._welcome(order, sent) if sent else None

    async def _answer_failure(self, order: DispatchOrder, failed: "_FailedDispatch") -> int | None:
        """A refused account may recover while the meeting runs. Anything else ends the meeting.

        Unless a bot came of the order after all: its number.
        """
        record = self._journal.record
        # An order that began with a search proves nothing when it was the search that was refused.
        self.doubt = order if failed.in_doubt or order.look_first else None
        if self._is_changed():
            return None
        failure = (failed.reason, Evidence(event="dispatch", at=workflow.now(), text=failed.text))
        if failed.reason is not FailureReason.ACCOUNT or record.trouble is None:
            self._journal.note("dispatch_failed", failed.sentence)
        if failed.reason is FailureReason.ACCOUNT:
            record.trouble = failure
            await wait(self._is_changed, self.deadlines.account, "the account is refused: check key and tokens")
            return None
        number = await self.find_doubted()
        if number is not None or self._is_changed():
            return number
        if failed.reason is FailureReason.MISSED:
            record.fail_too_late(workflow.now())
        else:
            record.failure = failure
        return None

    async def _search(self, order: DispatchOrder) -> SentBot | None:
        """Looks more than once: a request that timed out here may still take effect over there."""
        journal = self._journal
        for _search in range(_SEARCHES):
            if sent := await handling.find(journal, order):
                return sent
            await wait(
                lambda: bool(journal.record.early_bot(order.dispatch)),
                self.deadlines.removal / (2 * _SEARCHES),
                "did a bot come of the order in doubt?",
            )
        return await handling.find(journal, order)

    def _welcome(self, order: DispatchOrder, sent: SentBot) -> int:
        self.doubt = None
        return self._journal.welcome(order.dispatch, sent, self.plan.join_at if self.plan else sent.sent_at)


def _order_for(record: MeetingRecord, plan: DispatchPlan, doubt: DispatchOrder | None) -> DispatchOrder:
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
class _FailedDispatch:
    """Why no bot was sent. `in_doubt`: one may exist all the same, because an answer was lost on the way."""

    reason: FailureReason
    text: str
    in_doubt: bool

    @property
    def sentence(self) -> str:
        return f"{_WORDS[self.reason]}: {self.text}"


def _read_failure(error: BaseException) -> _FailedDispatch:
    cause: BaseException = error
    while isinstance(cause, ActivityError | NobodyWorkedError) and cause.cause is not None:
        cause = cause.cause
    text = str(cause) or type(cause).__name__
    reason = FailureReason.PROVIDER_UNREACHABLE
    first_attempt = False
    if isinstance(cause, ApplicationError):
        first_attempt = list(cause.details[:1]) == [1]
        if cause.type == "RequestRejected":
            reason = FailureReason.REQUEST_REJECTED
        elif cause.type == "Account":
            reason = FailureReason.ACCOUNT
        elif cause.type in _BY_WORKERS:
            reason = FailureReason.MISSED
    elif isinstance(cause, NobodyWorkedError):
        reason = FailureReason.MISSED
    refused = reason in {FailureReason.REQUEST_REJECTED, FailureReason.ACCOUNT} and first_attempt
    return _FailedDispatch(reason, text, in_doubt=not refused)
