"""The life of one meeting, from its booking to its recording and transcript. Read `_live` first."""

import asyncio
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import ValidationError
from temporalio import workflow
from temporalio.exceptions import ApplicationError

from workflows import attributes, collecting, handling, steps
from workflows.claiming import Claims
from workflows.dispatching import Dispatcher
from workflows.journal import Journal
from workflows.waiting import wait_until

with workflow.unsafe.imports_passed_through():
    from meetings import ids, story, watch
    from meetings.deadlines import Deadlines
    from meetings.dispatch import DispatchPlan, is_worth_joining
    from meetings.events import BotEvent
    from meetings.names import MEETING_WORKFLOW, RELEASED
    from meetings.outcome import Evidence, MeetingView, Outcome
    from meetings.record import MeetingRecord
    from meetings.request import NO_REASON, Claim, ClaimAnswer, MeetingRequest, Release, Reschedule, StopRequest
    from meetings.status import MeetingStatus, TranscriptState


class _Stop(StrEnum):
    CANCEL = "cancel"
    LEAVE = "leave"


# An input that cannot be read fails the execution at once, with a message, instead of being tried for ever.
@workflow.defn(name=MEETING_WORKFLOW, failure_exception_types=[ValidationError])
class MeetingWorkflow:
    @workflow.init
    def __init__(self, request: MeetingRequest) -> None:
        info = workflow.info()
        meeting_id = ids.meeting_id_of(info.workflow_id)
        self._record = MeetingRecord(request, meeting_id, info.workflow_id, info.workflow_start_time)
        self._journal = Journal(self._record)
        self._claims = Claims(self._journal, is_booked_by_hand=request.calendar is None)
        self._folder = ids.folder_for(meeting_id)
        self._jitter = ids.jitter_fraction(info.workflow_id)
        self._dispatcher = Dispatcher(self._journal, self._is_changed)
        self._is_searchable = info.typed_search_attributes.get(attributes.MEETING_URL) is not None
        self._is_continued = request.carried is not None
        self._moved = False
        self._stop: _Stop | None = None
        self._closing = False
        self._winding_down: list[asyncio.Task[None]] = []

    @workflow.run
    async def run(self, _request: MeetingRequest) -> Outcome:
        life = asyncio.create_task(self._live())
        try:
            return await asyncio.shield(life)
        except asyncio.CancelledError:
            # Temporal's own cancellation takes the same way out as ours, so that no bot is left in a meeting.
            self._request_stop(_Stop.CANCEL, "The workflow was cancelled in Temporal.")
            await life
            raise

    async def _live(self) -> Outcome:
        self._introduce()
        strays = asyncio.create_task(self._take_back_strays())
        while self._needs_a_bot():
            plan = await self._sleep()
            if plan is None:
                continue
            self._journal.enter(MeetingStatus.DISPATCHING)
            number = await self._dispatcher.send(plan)
            if number is None:
                continue
            await self._follow(number)
            if self._is_changed():
                await self._withdraw(number)
        self._closing = True
        await self._settle()
        await self._collect()
        strays.cancel()
        await self._wait_for_wind_down()
        return await self._conclude()

    # The phases, in the order of a good day.

    def _introduce(self) -> None:
        if not self._is_searchable:
            workflow.upsert_search_attributes(attributes.as_first_updates(self._record.request))
        if self._is_continued:
            return
        self._journal.note("booked", f"Booked for {story.clock(self._record.request.start_time)}.")
        if unknown := sorted(self._record.request.model_extra or {}):
            self._journal.note("unknown_fields", f"Left aside, as they mean nothing here: {', '.join(unknown)}.")

    def _needs_a_bot(self) -> bool:
        if self._stop:
            return False
        if self._moved:
            return True
        return self._record.failure is None and (self._record.tries == 0 or self._may_try_again())

    async def _sleep(self) -> DispatchPlan | None:
        """Until a bot has to be in the hands of an activity; None if stopped, or no longer worth joining."""
        while not self._stop:
            self._moved = False
            await self._clear_doubt(unless=self._record.next_dispatch_key)
            if self._is_changed():
                continue
            self._continue_as_new_if_long()
            request = self._record.request
            if not is_worth_joining(request, workflow.now()):
                self._record.fail_too_late(workflow.now())
                return None
            plan = self._dispatcher.plan = await steps.plan_dispatch(request.start_time)
            wake_at = plan.call_at - timedelta(seconds=plan.arm_ahead + plan.spread * self._jitter)
            if self._is_changed() or not is_worth_joining(request, workflow.now()):
                continue
            if workflow.now() >= wake_at:
                return plan
            self._journal.enter(MeetingStatus.SCHEDULED)
            summary = story.sleep_summary(plan.call_at, request.start_time)
            if await wait_until(self._is_changed, wake_at, summary):
                continue
            if workflow.now() <= plan.call_at:
                return plan
            late = story.span(workflow.now() - plan.call_at)
            self._journal.note("woke_late", f"Nothing ran when the bot was due; that was {late} ago.")
        return None

    async def _follow(self, number: int, *, until_changed: bool = True) -> None:
        """Until nothing more is to be expected of a bot, or the meeting was changed.

        Webhooks bring the news. One deadline at a time watches over their absence: when it has passed, the
        provider is asked.
        """

        def is_done() -> bool:
            interrupted = until_changed and (self._is_changed() or self._is_time_for_another())
            return interrupted or watch.is_over(self._record.bots[number])

        while not is_done():
            deadline = self._record.deadline = self._next_question(number)

            def wakes(deadline: datetime = deadline) -> bool:
                return is_done() or self._next_question(number) < deadline

            bot = self._record.bots[number]
            await wait_until(wakes, deadline, f"bot {bot.bot_id} {bot.phase.value}: ask if there is no news")
            if not is_done() and workflow.now() >= self._next_question(number):
                await handling.ask(self._journal, number, self._deadlines)
        self._record.deadline = None

    async def _withdraw(self, number: int) -> None:
        """Takes a bot back after a change. The next one is sent only when this one's removal is acknowledged."""
        superseded = self._stop is None
        self._record.update_bot(number, superseded=superseded)
        await handling.withdraw(self._journal, number, self._deadlines)
        if superseded:
            # The new time must not wait for what the old bot may still bring home.
            self._winding_down.append(asyncio.create_task(self._wind_down(number)))
        else:
            await self._follow(number, until_changed=False)

    async def _wind_down(self, number: int) -> None:
        await self._follow(number, until_changed=False)
        if self._record.bots[number].is_collectable:
            await self._bring_home(number)

    async def _settle(self) -> None:
        """Ends what is still open about earlier bots and orders."""
        await self._clear_doubt()
        await self._wait_for_wind_down()
        for number in range(len(self._record.bots)):
            # One that failed before another was sent: its recording may have turned up since.
            await self._follow(number, until_changed=False)

    async def _collect(self) -> None:
        """Brings recordings and transcripts home, the last bot's into the meeting's own folder."""
        while waiting := [
            n for n, bot in enumerate(self._record.bots) if bot.is_collectable and not bot.brought_home
        ]:
            self._journal.enter(MeetingStatus.COLLECTING)
            await self._bring_home(max(waiting, key=lambda n: (not self._record.bots[n].superseded, n)))

    async def _bring_home(self, number: int) -> None:
        bots = self._record.bots
        is_main = not bots[number].superseded and not any(bot.brought_home and not bot.superseded for bot in bots)
        folder = self._folder if is_main else f"{self._folder}/earlier/{bots[number].dispatch}"
        self._record.update_bot(number, brought_home=True)
        failure = await collecting.bring_home(self._journal, number, folder, self._deadlines)
        if is_main and failure:
            self._record.failure = failure

    async def _conclude(self) -> Outcome:
        """Decides what the meeting came to, writes the manifest last, and shows the end to everybody."""
        record = self._record
        cancelled = self._stop is _Stop.CANCEL
        status, reason, evidence = record.verdict(cancelled=cancelled, now=workflow.now())
        if record.transcript is TranscriptState.PENDING:
            record.transcript = TranscriptState.FAILED if record.bots else TranscriptState.NOT_ASKED
        if record.artifacts:
            await collecting.write_manifest(self._journal, self._folder)
        record.outcome = Outcome(
            meeting_id=record.meeting_id,
            status=status,
            reason=reason,
            evidence=evidence,
            bot_id=record.bot_id,
            transcript=record.transcript,
            artifacts=tuple(record.artifacts),
        )
        self._journal.enter(status)
        self._journal.note(
            status.value, f"The meeting ended: {status.value}{f' ({reason.value})' if reason else ''}."
        )
        return record.outcome

    # Messages: they only record; the phases act.

    @workflow.signal
    def bot_event(self, event: BotEvent | None = None) -> None:
        """News of a bot, by webhook. One that was sent by hand without anything in it must not stop the meeting."""
        if event is not None:
            self._journal.hear(event)

    @workflow.update
    def reschedule(self, change: Reschedule) -> MeetingView:
        """Moves the meeting, at any time before its recording is brought home."""
        if self._record.move(change, workflow.now()):
            self._moved = True
        workflow.upsert_search_attributes(attributes.as_updates(self._record.request))
        return self.status()

    @reschedule.validator
    def _may_reschedule(self, change: Reschedule) -> None:
        self._refuse_if_over("moved")
        if self._stop:
            raise ApplicationError("This meeting was stopped already and cannot be moved.", type="Refused")
        moved = self._record.request.moved(change)
        if self._record.tries and not is_worth_joining(moved, workflow.now()):
            # It would throw out the bot that is there for a time that has passed.
            raise ApplicationError(
                f"start_time {moved.start_time.isoformat()}: that is over already.", type="Refused"
            )

    @workflow.update
    def cancel(self, request: StopRequest = NO_REASON) -> MeetingView:
        """Cancels the meeting: no bot goes there, or the bot leaves; what was recorded is kept."""
        self._request_stop(_Stop.CANCEL, request.why)
        return self.status()

    @cancel.validator
    def _may_cancel(self, request: StopRequest = NO_REASON) -> None:
        self._refuse_if_over("cancelled")

    @workflow.update
    def leave(self, request: StopRequest = NO_REASON) -> MeetingView:
        """Sends the bot out of the meeting; what was recorded is brought home as after any meeting."""
        self._request_stop(_Stop.LEAVE, request.why)
        return self.status()

    @leave.validator
    def _may_leave(self, request: StopRequest = NO_REASON) -> None:
        self._refuse_if_over("left")
        if self._record.phase is MeetingStatus.SCHEDULED:
            raise ApplicationError("No bot is in this meeting yet; cancel the meeting instead.", type="Refused")

    @workflow.update
    def claim(self, claim: Claim) -> ClaimAnswer:
        """A calendar wants this meeting, perhaps at another time or place than before."""
        answer, has_moved = self._claims.take(claim)
        self._moved = self._moved or has_moved
        return answer

    @claim.validator
    def _may_claim(self, claim: Claim) -> None:
        self._refuse_if_over("claimed")
        if self._stop:
            raise ApplicationError("This meeting was stopped already and cannot be claimed.", type="Refused")

    @workflow.update
    def release(self, release: Release) -> None:
        """A calendar lets go of this meeting, at any time. With the last of them it is cancelled."""
        is_unwanted, has_moved = self._claims.let_go(release, is_closing=self._closing)
        self._moved = self._moved or has_moved
        if is_unwanted and not (self._stop or self._closing):
            self._request_stop(_Stop.CANCEL, release.why, RELEASED)

    @workflow.query
    def status(self) -> MeetingView:
        """Everything that is known of the meeting now."""
        return self._record.view()

    # What the phases are made of.

    async def _clear_doubt(self, *, unless: str = "") -> None:
        """Takes back the bot of an order that ended in doubt.

        Not `unless` the order of that key is sent again: sending looks for its bot itself.
        """
        doubt = self._dispatcher.doubt
        if doubt is None or doubt.key == unless:
            return
        number = await self._dispatcher.find_doubted()
        if number is not None:
            self._record.update_bot(number, superseded=not self._closing)
            await handling.withdraw(self._journal, number, self._deadlines)
            self._winding_down.append(asyncio.create_task(self._wind_down(number)))

    async def _take_back_strays(self) -> None:
        """A bot may report by itself long after its order was given up as lost: nobody wants it any more."""
        while True:
            await workflow.wait_condition(lambda: self._record.stray is not None)
            number = self._journal.adopt_stray()
            self._winding_down.append(asyncio.create_task(self._take_back(number)))

    async def _take_back(self, number: int) -> None:
        await handling.withdraw(self._journal, number, self._deadlines)
        await self._wind_down(number)

    async def _wait_for_wind_down(self) -> None:
        while open_tasks := [task for task in self._winding_down if not task.done()]:
            await asyncio.gather(*open_tasks)

    def _may_try_again(self) -> bool:
        plan = self._dispatcher.plan
        most = plan.max_dispatches if plan else 1
        return self._record.may_try_again(most, workflow.now())

    def _is_time_for_another(self) -> bool:
        """Another bot is sent after a pause, in which the last one's recording may turn up after all."""
        return self._may_try_again() and workflow.now() >= self._pause_ends

    @property
    def _pause_ends(self) -> datetime:
        failed_at = self._record.newest.final_heard_at or workflow.now()
        return failed_at + timedelta(seconds=self._deadlines.retry)

    def _next_question(self, number: int) -> datetime:
        record = self._record
        question = watch.next_question(record.bots[number], record.request.expected_end, self._deadlines)
        is_newest = number == record.newest_number
        is_pause = is_newest and self._may_try_again() and workflow.now() < self._pause_ends
        return min(question, self._pause_ends) if is_pause else question

    @property
    def _deadlines(self) -> Deadlines:
        return self._dispatcher.deadlines

    def _is_changed(self) -> bool:
        return self._moved or self._stop is not None

    def _request_stop(self, stop: _Stop, why: str, event: str = "") -> None:
        if self._stop is None or (self._stop, stop) == (_Stop.LEAVE, _Stop.CANCEL):
            self._stop = stop
            self._record.stop_evidence = Evidence(event=event or stop.value, at=workflow.now(), text=why)
            wish = "The meeting was cancelled" if stop is _Stop.CANCEL else "The bot was asked to leave"
            self._journal.note(stop.value, f"{wish}{f': {why}' if why else '.'}")

    def _refuse_if_over(self, what: str) -> None:
        if self._closing:
            phase = self._record.view().status.value
            raise ApplicationError(f"This meeting is over ({phase}) and cannot be {what} any more.", type="Refused")

    def _continue_as_new_if_long(self) -> None:
        """A meeting that is moved again and again must not outgrow its history."""
        at_rest = (
            self._record.tries == 0
            and self._dispatcher.doubt is None
            and all(task.done() for task in self._winding_down)
        )
        if at_rest and workflow.info().is_continue_as_new_suggested():
            workflow.continue_as_new(self._record.carried())
