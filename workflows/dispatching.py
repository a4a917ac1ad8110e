"""Requests for bots: how one is made and carried out, how it fails, and whether a bot came of it after all."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, TimeoutType
from temporalio.exceptions import TimeoutError as NobodyWorkedError

from workflows import handling, steps
from workflows.journal import Journal
from workflows.runs import later_run
from workflows.waiting import wait

with workflow.unsafe.imports_passed_through():
    from meetings.dispatch import DispatchRequest, SentBot, Terms
    from meetings.outcome import Evidence
    from meetings.record import MeetingRecord
    from meetings.request import AdoptedBot, MeetingRequest
    from meetings.status import FailureReason

_SEARCHES = 3
_WORDS = {
    FailureReason.REQUEST_REJECTED: "The provider does not take this request",
    FailureReason.ACCOUNT: "The provider refuses our account, which is tried again until it works",
    FailureReason.PROVIDER_UNREACHABLE: "No bot could be sent in time",
    FailureReason.MISSED: "Nothing ran when the bot was due",
    FailureReason.SEND_TIMEOUT: "No worker finished sending the bot",
}
_REASONS = {
    "RequestRejected": FailureReason.REQUEST_REJECTED,
    "Account": FailureReason.ACCOUNT,
    "HandedBack": FailureReason.MISSED,
    "Overdue": FailureReason.SEND_TIMEOUT,
}
"""By the type of a worker's failure; all other types are the provider's. `HandedBack` comes last if no other worker
took the order over, and `Overdue` of a worker that was frozen."""


class Dispatcher:
    """Sends the bots of one meeting and remembers the request of which nobody knows whether a bot came of it.

    `is_changed` says whether the meeting was moved or stopped since its last request was thought of.
    """

    def __init__(self, journal: Journal, is_changed: Callable[[], bool]) -> None:
        self._journal = journal
        self._is_changed = is_changed
        self.terms = Terms()
        """As the last worker that had to do with a bot said."""
        self.doubt: DispatchRequest | None = None

    async def send(self, call_at: datetime) -> int | None:
        """Sends one bot at about `call_at` (UTC); its number, or None if none was sent.

        A change that arrives meanwhile is honoured right after: the answer is waited for, because a bot id that
        exists must not be lost.
        """
        record = self._journal.record
        request = _request_for(record, self.doubt)
        sending = steps.send_bot(request, call_at, record.request.expected_end)
        await workflow.wait_condition(lambda: sending.done() or self._is_changed())
        if not sending.done():
            sending.cancel()
        try:
            sent = await sending
        except (ActivityError, asyncio.CancelledError) as error:
            return await self._answer_failure(request, read_failure(error))
        return self._welcome(request, sent)

    def adopt(self, bot: AdoptedBot) -> int:
        """Takes in a bot that the provider sent by itself; its number. No other is sent, whatever becomes of it."""
        self.terms = Terms(deadlines=bot.deadlines, max_dispatches=1)
        return self._journal.welcome(0, SentBot(bot_id=bot.bot_id, sent_at=bot.sent_at, adopted=True), bot.sent_at)

    async def find_doubted(self) -> int | None:
        """The number of the bot that came of the request in doubt, if one did. There is no doubt afterwards."""
        request, self.doubt = self.doubt, None
        if request is None:
            return None
        sent = await self._search(request)
        self._journal.record.dispatches = request.dispatch + 1
        return self._welcome(request, sent) if sent else None

    async def _answer_failure(self, request: DispatchRequest, failed: "FailedDispatch") -> int | None:
        """A refused account may recover while the meeting runs. Anything else ends the meeting.

        Unless a bot came of the order after all: its number.
        """
        record = self._journal.record
        self.terms = failed.terms or self.terms
        self.doubt = request if failed.in_doubt else None
        if self._is_changed():
            return None
        failure = (failed.reason, Evidence(event="dispatch", at=workflow.now(), text=failed.text))
        if failed.reason is not FailureReason.ACCOUNT or record.trouble is None:
            self._journal.note("dispatch_failed", failed.sentence)
        if failed.reason is FailureReason.ACCOUNT:
            record.trouble = failure
            pause = self.terms.deadlines.account
            await wait(self._is_changed, pause, "the account is refused: check key and tokens")
            return None
        number = await self.find_doubted()
        if number is not None or self._is_changed():
            return number
        if failed.reason is FailureReason.MISSED:
            record.fail_too_late(workflow.now())
        else:
            record.failure = failure
        return None

    async def _search(self, request: DispatchRequest) -> SentBot | None:
        """Looks more than once: a request that timed out here may still take effect over there."""
        journal = self._journal
        for _search in range(_SEARCHES):
            if sent := await handling.find(journal, request):
                return sent
            await wait(
                lambda: bool(journal.record.early_bot(request.dispatch)),
                self.terms.deadlines.removal / (2 * _SEARCHES),
                "did a bot come of the request in doubt?",
            )
        return await handling.find(journal, request)

    def _welcome(self, request: DispatchRequest, sent: SentBot) -> int:
        self.doubt = None
        self.terms = sent.terms
        return self._journal.welcome(request.dispatch, sent, sent.join_at or request.start_time)


def _request_for(record: MeetingRecord, doubt: DispatchRequest | None) -> DispatchRequest:
    """The request for the meeting's next bot; its key is the same however often it is made."""
    meeting = record.request
    return DispatchRequest(
        key=record.next_dispatch_key,
        dispatch=record.dispatches,
        run=later_run(),
        meeting_url=meeting.meeting_url,
        start_time=meeting.start_time,
        asked_at=workflow.now(),
        transcript=meeting.wanted.transcript,
        bot=meeting.bot,
        look_first=doubt is not None or meeting.rebooked,
        rebooked=meeting.rebooked,
        first_asked_at=_first_asked_at(meeting, doubt),
    )


def _first_asked_at(meeting: MeetingRequest, doubt: DispatchRequest | None) -> datetime | None:
    if doubt is not None:
        return doubt.first_asked_at or doubt.asked_at
    return meeting.start_time - timedelta(seconds=meeting.wake_up.lead) if meeting.rebooked else None


@dataclass(frozen=True)
class FailedDispatch:
    """Why no bot was sent. `in_doubt`: one may exist all the same, because an answer was lost on the way."""

    reason: FailureReason
    text: str
    in_doubt: bool
    terms: Terms | None

    @property
    def sentence(self) -> str:
        return f"{_WORDS[self.reason]}: {self.text}"


def read_failure(error: BaseException) -> FailedDispatch:
    """Why a request failed, by what the last attempt said.

    If that one said nothing, what the one before it said may be the reason still, but proves nothing any more.
    """
    cause = (error.cause if isinstance(error, ActivityError) else None) or error
    is_last = isinstance(cause, ApplicationError)
    was_begun = isinstance(error, ActivityError) and error.started_event_id > 0
    while isinstance(cause, NobodyWorkedError):
        was_begun = was_begun or cause.type is TimeoutType.START_TO_CLOSE
        if cause.cause is None:
            reason = FailureReason.SEND_TIMEOUT if was_begun else FailureReason.MISSED
            return FailedDispatch(reason, "no worker answered in time", in_doubt=True, terms=None)
        cause = cause.cause
    reason, is_proven, terms = FailureReason.PROVIDER_UNREACHABLE, False, None
    if isinstance(cause, ApplicationError):
        reason = _REASONS.get(cause.type or "", reason)
        is_proven = list(cause.details[:1]) == [True]
        terms = Terms.model_validate(cause.details[1]) if len(cause.details) > 1 else None
    if reason is FailureReason.MISSED and was_begun and not is_last:
        reason = FailureReason.SEND_TIMEOUT
    text = str(cause) or type(cause).__name__
    return FailedDispatch(reason, text, in_doubt=not (is_proven and is_last), terms=terms)
