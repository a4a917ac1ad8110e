"""The life of one meeting, from its booking to its recording and transcript. Read `_run_meeting` first."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from workflows.artifact_collection import complete_folder, conclude_and_record
from workflows.bot_session import BotSession
from workflows.context import MeetingContext
from workflows.inputs import NOTHING, Nothing, UnknownCalls, read_input, read_signal
from workflows.publishing import MeetingPublisher
from workflows.telling import EarlyEvents

with workflow.unsafe.imports_passed_through():
    from minutekeeper.meetings import descriptions, ids, meeting_changes, room_changes
    from minutekeeper.meetings.bot_events import BotEvent
    from minutekeeper.meetings.claims import Claim, ClaimRelease, ClaimResult
    from minutekeeper.meetings.dispatch import DispatchedBot, DispatchTerms
    from minutekeeper.meetings.meeting_changes import ChangeRefusedError
    from minutekeeper.meetings.meeting_state import MeetingState
    from minutekeeper.meetings.meeting_view import bot_presence, meeting_view
    from minutekeeper.meetings.next_steps import NextStep, NextStepKind, next_step, wants_session
    from minutekeeper.meetings.request import NO_REASON, MeetingRequest, Reschedule, StopRequest
    from minutekeeper.meetings.rooms import BotPresence, PresenceQuery, RoomNeeded, RoomShared, SharedBotRemoved
    from minutekeeper.meetings.session_state import SessionState, StopKind
    from minutekeeper.meetings.verdict import fail_too_late
    from minutekeeper.meetings.views import MeetingView, Outcome
    from minutekeeper.temporal import search_attributes
    from minutekeeper.temporal.names import (
        CANCEL_UPDATE,
        CLAIM_UPDATE,
        INVALID_REQUEST,
        LEAVE_UPDATE,
        MEETING_WORKFLOW,
        REFUSED,
        RELEASE_UPDATE,
        RESCHEDULE_UPDATE,
        SEND_UPDATE,
    )


@workflow.defn(name=MEETING_WORKFLOW)
class MeetingWorkflow(UnknownCalls):
    """A start takes one MeetingRequest; one that cannot be read fails the execution at once, with a message.

    A MeetingState may follow: the meeting goes on from there. It is how a long meeting continues as new, and how a
    finished one is taken up again.
    """

    updates = (RESCHEDULE_UPDATE, CANCEL_UPDATE, LEAVE_UPDATE, SEND_UPDATE, CLAIM_UPDATE, RELEASE_UPDATE)

    @workflow.init
    def __init__(self, *inputs: object) -> None:
        request = read_input(MeetingRequest, inputs[:1])
        info = workflow.info()
        if len(inputs) > 1:
            self._state = _given_state(inputs)
        else:
            meeting_id = ids.meeting_id_from_workflow_id(info.workflow_id)
            names = (meeting_id, info.workflow_id, info.first_execution_run_id)
            self._state = MeetingState.initial(request, names, info.workflow_start_time)
        self._jitter = ids.jitter_fraction(info.workflow_id)
        self._context = MeetingContext(self._state)
        self._clock = self._context.clock
        self._events = EarlyEvents(self._context)
        self._running: dict[int, asyncio.Task[None]] = {}
        is_searchable = info.typed_search_attributes.get(search_attributes.MEETING_URL) is not None
        self._publisher = MeetingPublisher(self._state, is_searchable=is_searchable)

    @workflow.run
    async def run(self, *_inputs: object) -> Outcome:
        meeting = asyncio.create_task(self._run_meeting())
        try:
            return await asyncio.shield(meeting)
        except asyncio.CancelledError:
            # Temporal's own cancellation takes the same way out as ours, so that no bot is left in a meeting.
            text = "The workflow was cancelled in Temporal."
            meeting_changes.stop(self._state, StopKind.CANCEL, text, self._clock.now())
            await meeting
            raise

    async def _run_meeting(self) -> Outcome:
        """Starts a bot session whenever one is wanted and due, and ends when all sessions have."""
        publishing = asyncio.create_task(self._publisher.run())
        self._initialise()
        self._events.start_telling()
        while True:
            await self._run_sessions()
            if self._state.needs_manifest and await complete_folder(self._context):
                continue
            if outcome := await conclude_and_record(self._context):
                break
        await self._events.finish_telling()
        publishing.cancel()
        self._publisher.publish()
        return outcome

    async def _run_sessions(self) -> None:
        """Until no bot session runs, and no other one is wanted."""
        state = self._state
        while self._start_waiting_sessions() or wants_session(state, self._clock.now()):
            self._continue_as_new_if_suggested()
            step = next_step(state, self._clock.now(), self._jitter)
            match step.kind:
                case NextStepKind.START:
                    self._note_if_late()
                    state.add_session(self._clock.now())
                case NextStepKind.TOO_LATE:
                    fail_too_late(state, self._clock.now())
                case NextStepKind.WAIT:
                    await self._wait(step)

    def _initialise(self) -> None:
        state, request = self._state, self._state.request
        if state.timeline:
            return
        state.note(self._clock.now(), *descriptions.first_timeline_entry(request))
        if unknown := sorted(request.model_extra or {}):
            named = ", ".join(name[:40] for name in unknown[:10])
            state.note(self._clock.now(), "unknown_fields", f"Left aside, as they mean nothing here: {named}.")
        if bot := request.follows:
            state.policy = DispatchTerms(deadlines=bot.deadlines, max_dispatches=1)
            sent = DispatchedBot(
                bot_id=bot.bot_id,
                provider=bot.provider,
                sent_at=bot.sent_at,
                join_at=bot.sent_at,
                is_adopted=True,
                terms=state.policy,
            )
            state.add_bot(state.add_session(self._clock.now()), sent)

    def _start_waiting_sessions(self) -> bool:
        """Every session of the state runs that is not finished, also after a continue-as-new; whether any does."""
        state = self._state
        while event := state.unexpected_event():
            state.add_unexpected_bot(event.bot_id, event.dispatch or 0, self._clock.now())
        unfinished = [session for session in state.sessions if not session.is_finished]
        for session in unfinished:
            if not self._is_running(session):
                running = BotSession(self._context, session).run()
                self._running[session.number] = asyncio.create_task(running)
        return bool(unfinished)

    def _is_running(self, session: SessionState) -> bool:
        running = self._running.get(session.number)
        return running is not None and not running.done()

    async def _wait(self, step: NextStep) -> None:
        """Until the next step is another one, a session ends, or the main loop has something else to do."""
        state = self._state
        unfinished = [session for session in state.sessions if not session.is_finished]

        def has_work() -> bool:
            return (
                next_step(state, self._clock.now(), self._jitter) != step
                or any(session.is_finished for session in unfinished)
                or not all(session.is_finished or self._is_running(session) for session in state.sessions)
                or state.unexpected_event() is not None
                or self._may_continue_as_new()
            )

        if step.until is None:
            await workflow.wait_condition(has_work)
            return
        call_at = state.request.wake_up.dispatch_at(state.request.start_time)
        summary = descriptions.sleep_summary(call_at, state.request.start_time)
        if state.standing or step.is_room_occupied:
            summary = "an earlier bot is not gone yet" if step.is_room_occupied else "another bot is sent"
        await self._clock.wait_until(has_work, step.until, summary)

    def _note_if_late(self) -> None:
        """Notes it if nothing ran when the first bot was due."""
        state, now = self._state, self._clock.now()
        call_at = state.request.wake_up.dispatch_at(state.request.start_time)
        was_known = state.known_since <= state.request.wake_up.wake_at(state.request.start_time, self._jitter)
        if not (state.standing or state.tried) and was_known and now > call_at:
            late = descriptions.format_duration(now - call_at)
            state.note(now, "woke_late", f"Nothing ran when the bot was due; that was {late} ago.")

    def _may_continue_as_new(self) -> bool:
        return not self._context.in_flight and workflow.info().is_continue_as_new_suggested()

    def _continue_as_new_if_suggested(self) -> None:
        """No phase may outgrow the history. The whole state goes along, once no activity is in flight."""
        if self._may_continue_as_new():
            self._publisher.publish()
            workflow.continue_as_new(args=[self._state.request, self._state])

    # Messages: they only record; the main loop and the sessions act.

    @workflow.signal
    def bot_event(self, *inputs: object) -> None:
        """News of a bot, by webhook: a BotEvent. One that cannot be read must not stop the meeting."""
        if event := read_signal(BotEvent, inputs):
            self._state.apply_event(event.clipped)

    @workflow.signal
    def room_needed(self, *inputs: object) -> None:
        """Another meeting begins in the room: takes a RoomNeeded. The bot leaves by then."""
        if needed := read_signal(RoomNeeded, inputs):
            room_changes.vacate(self._state, needed, self._clock.now())

    @workflow.signal
    def room_shared(self, *inputs: object) -> None:
        """Another workflow shares the bot: takes a RoomShared."""
        if shared := read_signal(RoomShared, inputs):
            room_changes.share(self._state, shared, self._clock.now())

    @workflow.signal
    def shared_bot_removed(self, *inputs: object) -> None:
        """The owner of a shared bot told it to leave: takes a SharedBotRemoved."""
        if removed := read_signal(SharedBotRemoved, inputs):
            room_changes.lose_shared_bot(self._state, removed.bot_id, self._clock.now())

    @workflow.update
    def reschedule(self, *inputs: object) -> MeetingView:
        """Moves the meeting: takes a Reschedule. While the bot is in the call the answer says why it is held."""
        meeting_changes.reschedule(self._state, read_input(Reschedule, inputs), self._clock.now())
        return self._answer()

    @reschedule.validator
    def _may_reschedule(self, *inputs: object) -> None:
        with _refusals():
            meeting_changes.check_reschedule(self._state, read_input(Reschedule, inputs), self._clock.now())

    @workflow.update
    def cancel(self, *inputs: object) -> MeetingView:
        """Cancels the meeting: no bot goes there, or the bot leaves; what was recorded is kept."""
        return self._stop(StopKind.CANCEL, inputs)

    @cancel.validator
    def _may_cancel(self, *inputs: object) -> None:
        self._check_stop(StopKind.CANCEL, inputs)

    @workflow.update
    def leave(self, *inputs: object) -> MeetingView:
        """Sends the bot out of the meeting; what was recorded is collected as after any meeting."""
        return self._stop(StopKind.LEAVE, inputs)

    @leave.validator
    def _may_leave(self, *inputs: object) -> None:
        self._check_stop(StopKind.LEAVE, inputs)

    @workflow.update
    def send(self, *inputs: object) -> MeetingView:
        """Sends another bot while the meeting runs, as soon as the present one is gone."""
        why = read_input(StopRequest, inputs, NO_REASON).why
        meeting_changes.request_bot(self._state, why, self._clock.now())
        return self._answer()

    @send.validator
    def _may_send(self, *inputs: object) -> None:
        read_input(StopRequest, inputs, NO_REASON)
        with _refusals():
            meeting_changes.check_send(self._state, self._clock.now())

    @workflow.update
    def claim(self, *inputs: object) -> ClaimResult:
        """A calendar wants this meeting, perhaps at another time or place than before: takes a Claim."""
        return meeting_changes.claim(self._state, read_input(Claim, inputs), self._clock.now())

    @claim.validator
    def _may_claim(self, *inputs: object) -> None:
        wanted = read_input(Claim, inputs)
        with _refusals():
            meeting_changes.check_claim(self._state, wanted, self._clock.now())

    @workflow.update
    def release(self, *inputs: object) -> None:
        """A calendar wants this meeting no more: takes a ClaimRelease. With the last claim it is cancelled."""
        meeting_changes.release(self._state, read_input(ClaimRelease, inputs), self._clock.now())

    @release.validator
    def _may_release(self, *inputs: object) -> None:
        read_input(ClaimRelease, inputs)

    @workflow.query
    def status(self, *inputs: object) -> MeetingView:
        """What is known of the meeting now, for people and programs."""
        read_input(Nothing, inputs, NOTHING)
        return meeting_view(self._state)

    @workflow.query
    def state(self, *inputs: object) -> MeetingState:
        """The whole state, with which a finished meeting can be taken up again."""
        read_input(Nothing, inputs, NOTHING)
        return self._state

    @workflow.query
    def presence(self, *inputs: object) -> BotPresence:
        """Whether a bot of this meeting is in its room: takes a PresenceQuery."""
        return bot_presence(self._state, read_input(PresenceQuery, inputs))

    def _stop(self, kind: StopKind, inputs: Sequence[object]) -> MeetingView:
        meeting_changes.stop(self._state, kind, read_input(StopRequest, inputs, NO_REASON).why, self._clock.now())
        return self._answer()

    def _check_stop(self, kind: StopKind, inputs: Sequence[object]) -> None:
        read_input(StopRequest, inputs, NO_REASON)
        with _refusals():
            meeting_changes.check_open_for_stop(self._state, kind)

    def _answer(self) -> MeetingView:
        """The answer of an update, which the history keeps: without the timeline and the files."""
        return meeting_view(self._state).model_copy(update={"timeline": (), "artifacts": ()})


def _given_state(inputs: Sequence[object]) -> MeetingState:
    try:
        return read_input(MeetingState, inputs[1:])
    except ApplicationError as error:
        text = f"{len(inputs)} inputs were given, and the second is not the state of a meeting: {error.message}"
        raise ApplicationError(text, type=INVALID_REQUEST) from None


@contextmanager
def _refusals() -> Iterator[None]:
    """Refuses an update with the reason of a ChangeRefusedError."""
    try:
        yield
    except ChangeRefusedError as refusal:
        kind = INVALID_REQUEST if refusal.is_invalid else REFUSED
        raise ApplicationError(str(refusal), type=kind) from None
