"""The life of one meeting, from its booking to its recording and transcript. Read `_live` first."""

import asyncio

from temporalio import workflow

from minutekeeper.temporal import search_attributes
from workflows.claiming import Claims
from workflows.collecting import Collector
from workflows.dispatching import Dispatcher
from workflows.following import Follower
from workflows.inputs import NOTHING, Nothing, UnknownCalls, given, heard
from workflows.journal import Journal
from workflows.leftovers import Leftovers
from workflows.waiting import wait_until
from workflows.wishes import Stop, Wishes

with workflow.unsafe.imports_passed_through():
    from meetings import ids, story
    from meetings.dispatch import is_worth_joining
    from meetings.events import BotEvent
    from meetings.names import (
        CANCEL_UPDATE,
        CLAIM_UPDATE,
        LEAVE_UPDATE,
        MEETING_WORKFLOW,
        RELEASE_UPDATE,
        RESCHEDULE_UPDATE,
    )
    from meetings.outcome import MeetingView, Outcome
    from meetings.record import MeetingRecord
    from meetings.request import NO_REASON, Claim, ClaimAnswer, MeetingRequest, Release, Reschedule, StopRequest
    from meetings.status import MeetingStatus, TranscriptState


@workflow.defn(name=MEETING_WORKFLOW)
class MeetingWorkflow(UnknownCalls):
    """A start takes one MeetingRequest; one that cannot be read fails the execution at once, with a message."""

    updates = (RESCHEDULE_UPDATE, CANCEL_UPDATE, LEAVE_UPDATE, CLAIM_UPDATE, RELEASE_UPDATE)

    @workflow.init
    def __init__(self, *inputs: object) -> None:
        request = given(MeetingRequest, inputs)
        info = workflow.info()
        meeting_id = ids.meeting_id_of(info.workflow_id)
        self._record = MeetingRecord(request, meeting_id, info.workflow_id, info.workflow_start_time)
        self._journal = Journal(self._record)
        self._wishes = Wishes(self._journal)
        is_calendars = request.calendar is not None and request.follows is None
        self._claims = Claims(self._journal, is_booked_by_hand=not is_calendars)
        self._dispatcher = Dispatcher(self._journal, lambda: self._wishes.any)
        self._follower = Follower(self._journal, self._dispatcher, self._wishes)
        self._collector = Collector(self._journal, self._dispatcher)
        self._leftovers = Leftovers(self._journal, self._dispatcher, self._follower, self._collector, self._wishes)
        self._place = ids.jitter_fraction(info.workflow_id)
        self._is_searchable = info.typed_search_attributes.get(search_attributes.MEETING_URL) is not None
        self._is_continued = request.carried is not None

    @workflow.run
    async def run(self, *_inputs: object) -> Outcome:
        life = asyncio.create_task(self._live())
        try:
            return await asyncio.shield(life)
        except asyncio.CancelledError:
            # Temporal's own cancellation takes the same way out as ours, so that no bot is left in a meeting.
            self._wishes.request_stop(Stop.CANCEL, "The workflow was cancelled in Temporal.")
            await life
            raise

    async def _live(self) -> Outcome:
        publishing = asyncio.create_task(self._journal.publisher.run())
        self._introduce()
        strays = asyncio.create_task(self._leftovers.take_back_strays())
        if adopted := self._record.request.follows:
            await self._accompany(self._dispatcher.adopt(adopted))
        while self._needs_a_bot():
            await self._sleep()
            number = await self._send()
            if number is None:
                continue
            await self._accompany(number)
        self._wishes.is_too_late = True
        if self._record.bots and self._record.phase in {MeetingStatus.SCHEDULED, MeetingStatus.DISPATCHING}:
            self._journal.enter(MeetingStatus.ENDED)
        await self._leftovers.settle()
        await self._collect()
        strays.cancel()
        await self._leftovers.wait()
        outcome = await self._conclude()
        publishing.cancel()
        return outcome

    # The phases, in the order of a good day.

    def _introduce(self) -> None:
        if not self._is_searchable:
            self._journal.publisher.show(search_attributes.initial_attribute_updates(self._record.request))
        if self._is_continued:
            return
        self._journal.note(*story.beginning(self._record.request))
        if unknown := sorted(self._record.request.model_extra or {}):
            named = ", ".join(name[:40] for name in unknown[:10])
            self._journal.note("unknown_fields", f"Left aside, as they mean nothing here: {named}.")

    def _needs_a_bot(self) -> bool:
        if self._wishes.stop:
            return False
        if self._wishes.has_moved:
            return True
        return self._record.failure is None and (self._record.tries == 0 or self._follower.may_try_again())

    async def _sleep(self) -> None:
        """Until a bot has to be in the hands of an activity, wherever the meeting is moved meanwhile."""
        while not self._wishes.stop:
            self._wishes.has_moved = False
            await self._leftovers.clear_doubt(unless=self._record.next_dispatch_key)
            if self._wishes.any:
                continue
            self._continue_as_new_if_long()
            request = self._record.request
            call_at = request.wake_up.call_at(request.start_time)
            wake_at = request.wake_up.wake_at(request.start_time, self._place)
            if workflow.now() >= wake_at:
                return
            self._journal.enter(MeetingStatus.SCHEDULED)
            summary = story.sleep_summary(call_at, request.start_time)
            if await wait_until(lambda: self._wishes.any, wake_at, summary):
                continue
            if workflow.now() > call_at:
                late = story.span(workflow.now() - call_at)
                self._journal.note("woke_late", f"Nothing ran when the bot was due; that was {late} ago.")
            return

    async def _send(self) -> int | None:
        """The number of the bot that was sent; None if none was, or it is not worth joining any more."""
        request = self._record.request
        if self._wishes.stop:
            return None
        if not is_worth_joining(request, workflow.now()):
            if not self._record.tries:
                self._record.fail_too_late(workflow.now())
            return None
        self._journal.enter(MeetingStatus.DISPATCHING)
        return await self._dispatcher.send(request.wake_up.call_at(request.start_time))

    async def _accompany(self, number: int) -> None:
        """Until the bot has ended, or was taken back because the meeting was changed."""
        await self._follower.follow(number)
        if self._wishes.any:
            await self._leftovers.withdraw(number)

    async def _collect(self) -> None:
        """Brings recordings and transcripts home, the last bot's into the meeting's own folder."""
        while waiting := [
            n for n, bot in enumerate(self._record.bots) if bot.is_collectable and not bot.brought_home
        ]:
            self._journal.enter(MeetingStatus.COLLECTING)
            await self._collector.bring_home(max(waiting, key=lambda n: (not self._record.bots[n].superseded, n)))

    async def _conclude(self) -> Outcome:
        """Decides what the meeting came to, sees that the manifest is written, and shows everybody the end."""
        record = self._record
        cancelled = self._wishes.stop is Stop.CANCEL
        status, reason, evidence = record.verdict(cancelled=cancelled, now=workflow.now())
        if record.transcript is TranscriptState.PENDING:
            record.transcript = TranscriptState.FAILED if record.bots else TranscriptState.NOT_ASKED
        if self._collector.needs_a_manifest:
            await self._collector.write_manifest()
        record.outcome = Outcome(
            meeting_id=record.meeting_id,
            status=status,
            reason=reason,
            evidence=evidence,
            bot_id=record.bot_id,
            transcript=record.transcript,
            artifacts=tuple(artifact.kept for artifact in record.artifacts),
        )
        self._journal.enter(status)
        self._journal.note(
            status.value, f"The meeting ended: {status.value}{f' ({reason.value})' if reason else ''}."
        )
        self._journal.publisher.publish()
        return record.outcome

    def _continue_as_new_if_long(self) -> None:
        """A meeting that is moved again and again must not outgrow its history."""
        at_rest = self._record.tries == 0 and self._leftovers.are_settled
        if at_rest and workflow.info().is_continue_as_new_suggested():
            self._journal.publisher.publish()
            workflow.continue_as_new(self._record.carried())

    # Messages: they only record; the phases act.

    @workflow.signal
    def bot_event(self, *inputs: object) -> None:
        """News of a bot, by webhook: a BotEvent. One that cannot be read must not stop the meeting."""
        if event := heard(BotEvent, inputs):
            self._journal.hear(event.clipped)

    @workflow.update
    def reschedule(self, *inputs: object) -> MeetingView:
        """Moves the meeting, at any time before its recording is brought home: takes a Reschedule."""
        self._wishes.move(given(Reschedule, inputs))
        return self._answer()

    @reschedule.validator
    def _may_reschedule(self, *inputs: object) -> None:
        self._wishes.refuse_move(given(Reschedule, inputs))

    @workflow.update
    def cancel(self, *inputs: object) -> MeetingView:
        """Cancels the meeting: no bot goes there, or the bot leaves; what was recorded is kept."""
        self._wishes.request_stop(Stop.CANCEL, given(StopRequest, inputs, NO_REASON).why)
        return self._answer()

    @cancel.validator
    def _may_cancel(self, *inputs: object) -> None:
        given(StopRequest, inputs, NO_REASON)
        self._wishes.refuse_if_over("cancelled")

    @workflow.update
    def leave(self, *inputs: object) -> MeetingView:
        """Sends the bot out of the meeting; what was recorded is brought home as after any meeting."""
        self._wishes.request_stop(Stop.LEAVE, given(StopRequest, inputs, NO_REASON).why)
        return self._answer()

    @leave.validator
    def _may_leave(self, *inputs: object) -> None:
        given(StopRequest, inputs, NO_REASON)
        self._wishes.refuse_leave()

    @workflow.update
    def claim(self, *inputs: object) -> ClaimAnswer:
        """A calendar wants this meeting, perhaps at another time or place than before: takes a Claim."""
        answer, has_moved = self._claims.take(given(Claim, inputs))
        self._wishes.has_moved = self._wishes.has_moved or has_moved
        return answer

    @claim.validator
    def _may_claim(self, *inputs: object) -> None:
        given(Claim, inputs)
        self._wishes.refuse_claim()

    @workflow.update
    def release(self, *inputs: object) -> None:
        """A calendar lets go of this meeting: takes a Release. With the last of them it is cancelled."""
        release = given(Release, inputs)
        is_unwanted, has_moved = self._claims.let_go(release, is_closing=self._wishes.is_too_late)
        self._wishes.has_moved = self._wishes.has_moved or has_moved
        if is_unwanted:
            self._wishes.cancel_unwanted(release.why)

    @release.validator
    def _may_release(self, *inputs: object) -> None:
        given(Release, inputs)

    @workflow.query
    def status(self, *inputs: object) -> MeetingView:
        """Everything that is known of the meeting now."""
        given(Nothing, inputs, NOTHING)
        return self._record.view()

    def _answer(self) -> MeetingView:
        """The answer of an update, which the history keeps: without the timeline and the files."""
        return self._record.view().model_copy(update={"timeline": (), "artifacts": ()})
