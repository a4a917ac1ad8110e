"""The request for a bot: made when it is due, raced with the bot's own first webhook, repeated while it helps."""

import asyncio
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError
from temporalio.workflow import ActivityHandle

from workflows import activity_calls
from workflows.context import MeetingContext
from workflows.dispatch_failures import DispatchFailure, read_dispatch_failure
from workflows.publishing import count_provider_change

with workflow.unsafe.imports_passed_through():
    from minutekeeper.meetings import provider_changes
    from minutekeeper.meetings.deadlines import Deadlines
    from minutekeeper.meetings.dispatch import LAST_USEFUL_MINUTE, DispatchedBot, SendBotInput
    from minutekeeper.meetings.fields import ASSUMED_LENGTH
    from minutekeeper.meetings.ids import dispatch_key
    from minutekeeper.meetings.provider_choice import ProviderChoice
    from minutekeeper.meetings.session_state import SessionStage, SessionState
    from minutekeeper.meetings.status import FailureReason
    from minutekeeper.meetings.verdict import fail_too_late
    from minutekeeper.meetings.views import Evidence, Failure
    from minutekeeper.meetings.webhook_health import BotStatusQuery

_MAX_SEARCHES = 4
"""A request that timed out here may still take effect over there, so its bot is looked for more than once."""


class BotDispatcher:
    """The first phase of a session: it ends with a confirmed bot, or with the certainty that none came of it."""

    def __init__(self, context: MeetingContext, session: SessionState) -> None:
        self._meeting = context.state
        self.state = session
        self._clock = context.clock
        self._in_flight = context.in_flight
        self._late_answer: asyncio.Task[None] | None = None

    async def run(self) -> None:
        while self.state.stage is SessionStage.DISPATCHING:
            if self.state.retry_at is not None:
                summary = "the account is refused: check key and tokens"
                await self._clock.wait_until(lambda: self.state.leave_requested, self.state.retry_at, summary)
                self.state.retry_at = None
            if self.state.choice is not None and self.state.request is None:
                summary = f"until {self.state.choice.provider} is asked for the bot"
                await self._clock.wait_until(lambda: self.state.leave_requested, self.state.choice.ask_at, summary)
            if self.state.leave_requested:
                self._end_without_bot()
            elif self._clock.now() >= self._last_useful:
                fail_too_late(self._meeting, self._clock.now())
                self._end_without_bot(self._meeting.failure)
            else:
                await self._request_bot()
        while self.state.stage is SessionStage.UNCONFIRMED:
            await self._search_bot()

    async def _request_bot(self) -> None:
        """A change that arrives meanwhile is honoured afterwards, because a bot id that exists must not be lost."""
        request = self.state.request = self._next_request()
        call_at, give_up_at = self._meeting.request.wake_up.dispatch_at(self.state.start_time), self._give_up_at
        if choice := self.state.choice:
            call_at, give_up_at = choice.dispatch_at, min(choice.switch_at or give_up_at, give_up_at)
        with self._in_flight:
            sending = activity_calls.send_bot(request, call_at, give_up_at)
            while not sending.done():
                await workflow.wait_condition(
                    lambda: sending.done() or self._has_reported() or self.state.leave_requested
                )
                if not sending.done() and self._has_reported():
                    if await self._is_confirmed_by_webhook():
                        sending.cancel()
                        self._late_answer = asyncio.create_task(self._compare_answer(request, sending))
                        return
                elif not sending.done():
                    sending.cancel()
                    break
            try:
                sent = await sending
            except (ActivityError, asyncio.CancelledError) as error:
                self._apply_failure(read_dispatch_failure(error))
            else:
                if isinstance(sent, ProviderChoice):
                    provider_changes.choose(self._meeting, self.state, sent, self._clock.now())
                else:
                    self._confirm(sent)

    def _next_request(self) -> SendBotInput:
        """The request for the session's bot; its key is the same however often it is made."""
        meeting, session = self._meeting.request, self.state
        asked_before = (
            session.request.first_requested_at or session.request.requested_at if session.request else None
        )
        if meeting.rebooked and asked_before is None:
            asked_before = meeting.start_time - timedelta(seconds=meeting.wake_up.lead)
        chosen = session.choice.provider if session.choice else ""
        name = provider_changes.bot_name(self._meeting, meeting.bot.name)
        return SendBotInput(
            key=dispatch_key(session.meeting_url, session.start_time, session.dispatch, chosen),
            dispatch=session.dispatch,
            run=activity_calls.earlier_run(self._meeting.run_id),
            meeting_url=session.meeting_url,
            start_time=session.start_time,
            end_time=meeting.end_time,
            requested_at=self._clock.now(),
            transcript=meeting.wanted.transcript,
            bot=meeting.bot if name == meeting.bot.name else meeting.bot.model_copy(update={"name": name}),
            provider=chosen or meeting.bot.provider,
            tried=provider_changes.tried_providers(self._meeting),
            may_change=session.may_change_provider,
            metadata=meeting.metadata,
            gone_bots=self._meeting.ended_shared_bots,
            search_first=session.request is not None or meeting.rebooked,
            rebooked=meeting.rebooked,
            first_requested_at=asked_before,
        )

    def _confirm(self, sent: DispatchedBot) -> None:
        self._meeting.policy = sent.terms
        self._meeting.add_bot(self.state, sent)
        for text in sent.notes:
            self._meeting.note(self._clock.now(), "options_changed", text)

    def _has_reported(self) -> bool:
        return self._meeting.early_event(self.state) is not None

    async def _is_confirmed_by_webhook(self) -> bool:
        """The bot's own webhook says which bot came of the request, if the provider knows that bot."""
        event = self._meeting.early_event(self.state)
        if event is None:
            return False
        provider = self.state.request.provider if self.state.request else self._meeting.request.bot.provider
        question = BotStatusQuery(bot_id=event.bot_id, provider=provider, asked_at=self._clock.now())
        try:
            is_stranger = (await activity_calls.identify_bot(question)).gone
        except ActivityError:
            is_stranger = False
        if is_stranger:
            self._meeting.forget_bot(event.bot_id, self._clock.now())
            return False
        now = self._clock.now()
        sent = DispatchedBot(bot_id=event.bot_id, provider=provider, sent_at=now, is_adopted=True)
        self._meeting.add_bot(self.state, sent)
        return True

    async def _compare_answer(
        self, request: SendBotInput, sending: ActivityHandle[DispatchedBot | ProviderChoice]
    ) -> None:
        """The answer that comes after the bot's webhook may name another bot, which is one too many."""
        with self._in_flight:
            try:
                sent = await sending
            except (ActivityError, asyncio.CancelledError) as error:
                policy = read_dispatch_failure(error).policy
                self._meeting.policy = policy or await activity_calls.dispatch_policy(request)
                return
        if isinstance(sent, ProviderChoice):
            return
        self._meeting.policy = sent.terms
        reported = self.state.bot
        if reported is not None and not reported.has_id(sent.bot_id):
            # The answer is the provider's own word; anything may report at the address, a bot of an old run too.
            self._meeting.replace_bot(self.state, sent)
            self._meeting.add_unexpected_bot(reported.bot_id, self.state.dispatch, self._clock.now())

    def _apply_failure(self, failed: DispatchFailure) -> None:
        """A refused account may recover while the meeting runs. All else ends the session once it is certain."""
        now = self._clock.now()
        self._meeting.policy = failed.policy or self._meeting.policy
        failure = Failure(reason=failed.reason, evidence=Evidence(event="dispatch", at=now, text=failed.text))
        if not failed.is_uncertain:
            self.state.request = None
        if self._changes_provider(failed, failure):
            return
        if not self.state.leave_requested:
            if failed.reason is not FailureReason.ACCOUNT or self._meeting.account_problem is None:
                self._meeting.note(now, "dispatch_failed", failed.sentence)
            if failed.reason is FailureReason.ACCOUNT:
                self._meeting.account_problem = failure
                self.state.retry_at = now + timedelta(seconds=self._deadlines.account_retry)
                self._meeting.changed()
                return
        if failed.is_uncertain:
            self.state.failure = failure
            self.state.stage = SessionStage.UNCONFIRMED
        else:
            self._end_without_bot(failure)
        self._meeting.changed()

    def _changes_provider(self, failed: DispatchFailure, failure: Failure) -> bool:
        """Whether the request goes on: at another provider, or at this one for longer."""
        now, session = self._clock.now(), self.state
        if provider_changes.is_cured_elsewhere(session, failed.reason) and now < self._last_useful:
            if failed.reason is FailureReason.ACCOUNT:
                workflow.logger.error("%s", failed.sentence)
            count_provider_change(session.choice, failed.reason)
            if failed.is_uncertain:
                provider_changes.replace_unconfirmed(self._meeting, session, failure, now)
                session.stage, session.failure = SessionStage.UNCONFIRMED, failure
            else:
                provider_changes.ask_elsewhere(self._meeting, session, failure, now)
            self._meeting.changed()
            return True
        if session.choice is not None and provider_changes.asks_longer(session, failed.reason):
            session.choice = session.choice.model_copy(update={"switch_at": None})
            return True
        return False

    async def _search_bot(self) -> None:
        """Whether a bot came of a request whose answer was lost: as the provider lists it, or as it reports."""
        request = self.state.request
        if request is None or self._clock.now() >= self.state.presence_end(self._deadlines):
            self._end_without_bot(self.state.failure, SessionStage.ABANDONED)
            return
        if self.state.retry_at is not None:
            summary = "did a bot come of the unconfirmed request?"
            await self._clock.wait_until(self._has_reported, self.state.retry_at, summary)
            self.state.retry_at = None
        with self._in_flight:
            searching = activity_calls.find_bot(request)
            await workflow.wait_condition(lambda: searching.done() or self._has_reported())
            if self._has_reported():
                activity_calls.give_up(searching)
                if await self._is_confirmed_by_webhook():
                    self._meeting.policy = await activity_calls.dispatch_policy(request)
                return
            self.state.retry_at = self._clock.now() + timedelta(seconds=self._deadlines.removed_bot / 6)
            try:
                sent = await searching
            except ActivityError as error:
                text = f"The provider could not say whether a bot was sent: {error.cause}"
                self._meeting.note(self._clock.now(), "search_failed", text)
                self.state.retry_at = self._clock.now() + timedelta(seconds=self._deadlines.grace)
                return
        if sent is not None:
            self._confirm(sent)
            return
        self.state.searches += 1
        if self.state.searches >= _MAX_SEARCHES:
            self._end_without_bot(self.state.failure)

    def _end_without_bot(self, failure: Failure | None = None, stage: SessionStage = SessionStage.DONE) -> None:
        self.state.request = self.state.retry_at = None
        self.state.stage = stage
        self.state.failure = failure
        if failure is None or self.state.superseded or self._meeting.stop:
            return
        if failure.reason is FailureReason.MISSED:
            fail_too_late(self._meeting, self._clock.now())
        else:
            self._meeting.failure = failure
        self._meeting.changed()

    @property
    def _give_up_at(self) -> datetime:
        """When a bot is of no use any more (UTC)."""
        end = self._meeting.request.expected_end
        return max(end, self.state.join_at + ASSUMED_LENGTH) if self.state.is_relief else end

    @property
    def _last_useful(self) -> datetime:
        return max(self.state.start_time, self._give_up_at - LAST_USEFUL_MINUTE)

    @property
    def _deadlines(self) -> Deadlines:
        return self._meeting.policy.deadlines
