"""The whole life of one bot, top to bottom, for every bot there is. Read `BotSession.run` first.

First bot, retry, replacement after a move, unconfirmed, found late, adopted, shared, one too many: each is a
session. Each phase returns at once unless the session is in its stage, so that a session goes on where it was after
a continue-as-new; whatever a phase waits for is derived from the state.
"""

import contextlib
from collections.abc import Callable
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, FailureError

from workflows import activity_calls
from workflows.artifact_collection import ArtifactCollector
from workflows.bot_dispatch import BotDispatcher
from workflows.context import MeetingContext
from workflows.publishing import count_provider_change
from workflows.timers import DeadlineTimer

with workflow.unsafe.imports_passed_through():
    from minutekeeper.meetings import observation, polling_policy, provider_changes, webhook_health
    from minutekeeper.meetings.bot_state import BotState
    from minutekeeper.meetings.deadlines import Deadlines
    from minutekeeper.meetings.dispatch import RemovalResult, is_worth_joining
    from minutekeeper.meetings.rooms import SharedBotRemoved
    from minutekeeper.meetings.session_state import SessionStage, SessionState, StopKind
    from minutekeeper.meetings.status import FailureReason, MeetingStatus
    from minutekeeper.temporal.names import SHARED_BOT_REMOVED_SIGNAL

_LOBBY_TOLERANCE = timedelta(seconds=30)


class BotSession:
    """Runs one session of a meeting. All that it knows is in the state, so that it can go on in another run."""

    def __init__(self, context: MeetingContext, session: SessionState) -> None:
        self._context = context
        self._meeting = context.state
        self.state = session
        self._clock = context.clock
        self._in_flight = context.in_flight
        self._timer = DeadlineTimer(context.clock)

    async def run(self) -> None:
        """From the request for a bot to the last file that it left."""
        await BotDispatcher(self._context, self.state).run()
        while self.state.stage in {SessionStage.ACTIVE, SessionStage.LEAVING}:
            await self._follow()
            await self._leave()
        await self._settle()
        await ArtifactCollector(self._context, self.state).run()
        self._meeting.changed()

    # Following: webhooks bring the news, a timer sees to it that silence is asked about.

    async def _follow(self) -> None:
        """Until the bot's final event, or until it is to leave."""

        def is_done() -> bool:
            return self._bot.final is not None or self.state.leave_requested

        while self.state.stage is SessionStage.ACTIVE:
            if self._is_released():
                self._end()
            elif not is_done():
                await self._wait_or_check(is_done)
            elif self._bot.shared_with or self._has_ended():
                self.state.stage = SessionStage.SETTLING
            else:
                self.state.stage = SessionStage.LEAVING

    async def _leave(self) -> None:
        """Tells the bot to leave, again as long as the provider says that it is still there.

        Its final event ends that, because a bot that has ended must never be told to leave.
        """
        while self.state.stage is SessionStage.LEAVING:
            bot = self._bot
            if self._has_ended():
                self.state.stage = SessionStage.SETTLING
            elif self._stays_after_all():
                provider_changes.keep_after_all(self._meeting, self.state, self._clock.now())
                self.state.stage = SessionStage.ACTIVE
            elif self.state.replaced_from is not None and bot.polled_at is None and bot.removed_at is None:
                await self._poll()
            elif self.state.retry_at is not None:
                await self._clock.wait_until(
                    lambda: self._has_ended() or self._stays_after_all(),
                    self.state.retry_at,
                    "the bot could not be told to leave: again",
                )
                self.state.retry_at = None
                await self._check_refusing()
            elif bot.removed_at is None or (bot.polled_at is not None and bot.polled_at > bot.removed_at):
                await self._remove()
            else:
                await self._wait_or_check(self._has_ended)

    async def _settle(self) -> None:
        """Until nothing more is to be expected of the bot, with one patience for all bots, however they ended."""
        while self.state.stage is SessionStage.SETTLING:
            if self._is_released():
                self._end()
            elif polling_policy.is_over(self._bot):
                self.state.stage = SessionStage.COLLECTING
                self._meeting.changed()
            else:
                await self._wait_or_check(lambda: polling_policy.is_over(self._bot) or self._is_released())

    def _is_released(self) -> bool:
        """Whether this meeting has no more to do with a bot that another one owns.

        After a `leave` it waits for the recording all the same.
        """
        stop = self._meeting.stop
        is_left = stop is not None and stop.kind is StopKind.LEAVE
        return self.state.is_shared and self.state.leave_requested and not is_left

    def _end(self) -> None:
        self.state.stage = SessionStage.DONE
        self._meeting.changed()

    # What these phases are made of.

    @property
    def _bot(self) -> BotState:
        """Raises ValueError before there is a bot."""
        if self.state.bot is None:
            raise ValueError("this session has no bot")
        return self.state.bot

    @property
    def _deadlines(self) -> Deadlines:
        return self._meeting.policy.deadlines

    def _update_bot(self, **changes: object) -> None:
        self.state.bot = self._bot.model_copy(update=changes)
        self._meeting.changed()

    @property
    def _leave_at(self) -> datetime | None:
        return self._meeting.leave_at(self.state)

    def _has_ended(self) -> bool:
        """Whether the bot is in the call no more, by its own or the provider's words."""
        return self._bot.final is not None or self._bot.status is MeetingStatus.ENDED

    async def _wait_or_check(self, is_done: Callable[[], bool]) -> None:
        """Waits for news of the bot; when a deadline has passed without any, does what is due then."""
        due = self._next_check()
        if self._clock.now() >= due:
            await self._check()
            return
        self._meeting.next_check_at = due
        self._set_timer(due)
        leave_at = self._leave_at
        await workflow.wait_condition(
            lambda: (
                is_done() or not self._timer.is_running or (self._next_check(), self._leave_at) != (due, leave_at)
            )
        )
        self._meeting.next_check_at = None

    def _next_check(self) -> datetime:
        check = polling_policy.next_status_check(self._bot, self._deadlines)
        if self.state.stage is SessionStage.SETTLING and self._meeting.has_recording_beside(self.state):
            check = polling_policy.final_status_check(self._bot) or check
        if self.state.stage is not SessionStage.ACTIVE:
            return check
        extra = [each for each in (self._leave_at, self._lobby_alert_at()) if each is not None]
        return min([check, *extra])

    def _set_timer(self, due: datetime) -> None:
        bot = self._bot
        at = polling_policy.timer_instant(bot, self._meeting.request.expected_end, self._deadlines)
        tolerance = polling_policy.timer_tolerance(bot, self._deadlines)
        for instant, slack in ((self._leave_at, timedelta()), (self._lobby_alert_at(), _LOBBY_TOLERANCE)):
            if instant is not None and self.state.stage is SessionStage.ACTIVE:
                latest = min(at + tolerance, instant + slack)
                at = min(at, instant)
                tolerance = latest - at
        if at <= self._clock.now():
            at, tolerance = due, timedelta()
        self._timer.set(at, f"{bot.status.value}: any news?", tolerance=tolerance)

    def _lobby_alert_at(self) -> datetime | None:
        if self._bot.status is not MeetingStatus.WAITING_ROOM or self.state.lobby_alerted:
            return None
        since = max(self._bot.last_event_at or self._bot.sent_at, self._bot.join_at)
        return since + timedelta(seconds=self._deadlines.lobby)

    async def _check(self) -> None:
        now, bot = self._clock.now(), self._bot
        if polling_policy.has_given_up(bot, now, self._deadlines):
            self.state.stage = SessionStage.ABANDONED
            self._meeting.changed()
        elif self.state.stage is not SessionStage.ACTIVE:
            await self._poll()
        elif self._leave_at is not None and now >= self._leave_at:
            self._leave_as_planned()
        elif (alert_at := self._lobby_alert_at()) is not None and now >= alert_at:
            self._alert_about_lobby()
        elif not bot.shared_with and now >= polling_policy.relief_at(bot, self._deadlines):
            await self._relieve()
        else:
            await self._poll()
            await self._replace_if_missing()

    async def _replace_if_missing(self) -> None:
        """Has another provider send a bot if this one is due and the provider has no news of it either."""
        if not (self._may_be_missing() and is_worth_joining(self._meeting.request, self._clock.now())):
            return
        count_provider_change(self.state.choice, FailureReason.NO_ANSWER)
        provider_changes.replace_missing(self._meeting, self.state, self._bot, self._clock.now())
        await self._tell_sharers()

    def _stays_after_all(self) -> bool:
        return provider_changes.stays_after_all(self._meeting, self.state)

    def _leave_as_planned(self) -> None:
        stay_ends_at = self._meeting.stay_ends_at(self.state)
        if stay_ends_at is not None and self._clock.now() >= stay_ends_at:
            # No other bot is missed then, however long the meeting goes on.
            self.state.leave_requested = True
            text = "The bot has stayed for as long as its options allow, and leaves."
            self._meeting.note(self._clock.now(), "longest_stay", text)
            return
        self.state.left_as_planned = self.state.leave_requested = True
        if self.state.leave_at is None or self._clock.now() < self.state.leave_at:
            text = "The meeting's planned end is over: the bot leaves, as its options say."
            self._meeting.note(self._clock.now(), "leave_at_end", text)
        self._meeting.changed()

    async def _relieve(self) -> None:
        """Ends the longest stay of a bot, unless the provider says that it has left: webhooks get lost."""
        await self._poll()
        if self._has_ended():
            return
        self.state.is_relieved = self._bot.is_in_call
        self.state.leave_requested = True
        self._meeting.note(self._clock.now(), "overstayed", "The bot leaves, because no bot may stay for longer.")

    def _alert_about_lobby(self) -> None:
        self.state.lobby_alerted = True
        text = f"Bot {self._bot.bot_id} is still in the waiting room: a participant has to let it in."
        self._meeting.note(self._clock.now(), "waiting_in_lobby", text)
        workflow.logger.warning("%s (%s)", text, self._meeting.request.public_url)
        workflow.metric_meter().create_counter(
            "minutekeeper_lobby_alerts", "Bots that waited in a lobby for longer than the deadline."
        ).add(1)

    async def _remove(self) -> None:
        """Tells the bot to leave, unless its final event arrives first.

        Its departure can overtake the provider's answer, and then the sharers have lost it all the same.
        """
        is_first, self.state.removal_requested = self._bot.removed_at is None, True
        with self._in_flight:
            removing = activity_calls.remove_bot(self._bot)
            await workflow.wait_condition(lambda: removing.done() or self._has_ended() or self._stays_after_all())
            if not removing.done():
                activity_calls.give_up(removing)
                if self._has_ended():
                    await self._tell_sharers()
                return
            try:
                answer = await removing
            except ActivityError as error:
                text = f"Bot {self._bot.bot_id} could not be told to leave: {error.cause}"
                self._meeting.note(self._clock.now(), "removal_refused", text)
                self.state.retry_at = self._clock.now() + timedelta(seconds=self._deadlines.removed_bot)
                return
        if answer == RemovalResult.REFUSED_NOW:
            self._await_removal()
            return
        if is_first:
            self._meeting.note(
                self._clock.now(), "bot_withdrawn", f"Told bot {self._bot.bot_id} to leave ({answer})."
            )
        self._update_bot(removed_at=self._clock.now())
        if is_first:
            await self._tell_sharers()

    def _await_removal(self) -> None:
        """The bot is told again after pauses that grow; the timeline has one note of it."""
        now = self._clock.now()
        if self.state.refused_removals == 0:
            text = f"Bot {self._bot.bot_id} cannot be removed while it is being started; it is told again."
            self._meeting.note(now, "removal_refused", text)
        self.state.retry_at = now + polling_policy.removal_pause(self.state.refused_removals, self._deadlines)
        self.state.refused_removals += 1

    async def _check_refusing(self) -> None:
        """Asks about a bot that could not be told to leave; one that never came, or is past its time, is gone."""
        now, bot = self._clock.now(), self._bot
        if polling_policy.has_given_up(bot, now, self._deadlines):
            self._abandon("the provider was asked in vain for too long")
        elif self.state.refused_removals and polling_policy.is_refusal_checked(bot, now, self._deadlines):
            is_known_open = await self._poll() and not self._has_ended()
            if is_known_open and polling_policy.is_refusal_final(self._bot, now, self._deadlines):
                self._abandon("it refuses to leave, and should have been gone by now")

    def _abandon(self, reason: str) -> None:
        text = f"Bot {self._bot.bot_id} is given up: {reason}."
        self._meeting.note(self._clock.now(), "bot_given_up", text)
        self.state.stage = SessionStage.ABANDONED
        self._meeting.changed()

    async def _tell_sharers(self) -> None:
        """Workflows that share the bot send one of their own, as the room is free now."""
        removed = SharedBotRemoved(bot_id=self._bot.bot_id)
        with self._in_flight:
            for workflow_id in self.state.sharers:
                sharer = workflow.get_external_workflow_handle(workflow_id)
                # One that has ended needs none any more.
                with contextlib.suppress(FailureError):
                    await sharer.signal(SHARED_BOT_REMOVED_SIGNAL, removed)

    async def _poll(self) -> bool:
        """Asks the provider about a silent bot; the answer goes through the same transitions as a webhook.

        Returns whether there was an answer.
        """
        before = self._bot
        with self._in_flight:
            query = webhook_health.status_query_for(before, self._clock.now())
            reason = f"no news of bot {before.bot_id} ({before.status.value})"
            try:
                seen = await activity_calls.observe_bot(query, reason, is_urgent=self._may_be_missing())
            except ActivityError as error:
                text = f"The provider gave no answer about the bot: {error.cause}"
                self._meeting.note(self._clock.now(), "asked", text)
                self._update_bot(polled_at=self._clock.now(), polls_without_news=before.polls_without_news + 1)
                return False
        observation.apply_observation(self._meeting, self.state, before, seen, self._clock.now())
        return True

    def _may_be_missing(self) -> bool:
        """Whether another provider has to send a bot unless this one is found to be at work."""
        patience = timedelta(seconds=self._deadlines.first_webhook)
        return provider_changes.is_missing(self.state, self._clock.now(), patience)
