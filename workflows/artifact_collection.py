"""The last phase of a session: recording and transcript are fetched, at once, whatever other bots do."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from workflows import activity_calls
from workflows.context import MeetingContext

with workflow.unsafe.imports_passed_through():
    from minutekeeper.meetings import conclusion, descriptions, ids
    from minutekeeper.meetings.bot_state import BotState
    from minutekeeper.meetings.collection import (
        MANIFEST,
        NEEDS_PERSON,
        CollectInput,
        CollectResult,
        ManifestInput,
        RecordInput,
    )
    from minutekeeper.meetings.record import MeetingRecord
    from minutekeeper.meetings.session_state import SessionStage, SessionState
    from minutekeeper.meetings.status import FailureReason, TranscriptState
    from minutekeeper.meetings.views import Evidence, Failure, Outcome

_Input = TypeVar("_Input", CollectInput, ManifestInput)
_Result = TypeVar("_Result")

_MAX_DOUBLINGS = 8
_TOLD_TRANSCRIPTS = frozenset({TranscriptState.READY, TranscriptState.EMPTY, TranscriptState.FAILED})


class ArtifactCollector:
    """Fetches what the bot of one session left."""

    def __init__(self, context: MeetingContext, session: SessionState) -> None:
        self._context = context
        self._meeting = context.state
        self._session = session
        self._clock = context.clock
        self._in_flight = context.in_flight

    async def run(self) -> None:
        """Once the bot is settled: the recording at once, the transcript whenever it is ready."""
        session, bot = self._session, self._session.bot
        if session.stage is not SessionStage.COLLECTING or bot is None:
            return
        if not self._wants_anything(bot):
            if bot.failed_to_join:
                await self._collect_screenshots(bot)
            session.stage = SessionStage.DONE
            return
        if session.folder is None:
            session.folder = self._choose_folder()
        if not session.recording_collected:
            await self._collect_all(bot)
        while session.transcript_due_at is not None:
            await self._collect_transcript()
        session.stage = SessionStage.DONE

    def _wants_anything(self, bot: BotState) -> bool:
        wanted = self._meeting.request.wanted
        return bot.is_collectable and ((wanted.recording and bot.has_recording) or wanted.transcript)

    def _choose_folder(self) -> str:
        """The meeting's own folder for the first recording that stands for it, one below it for all others."""
        main = next((each for each in self._meeting.sessions if each.folder == ""), None)
        if main is None and not self._session.superseded:
            return ""
        order = "later" if main is not None and self._session.number > main.number else "earlier"
        return f"{ids.folder_for(self._meeting.meeting_id)}/{order}/{self._session.number}"

    async def _collect_screenshots(self, bot: BotState) -> None:
        """Evidence of why the bot was not let in, beside what the meeting keeps."""
        folder = f"{ids.folder_for(self._meeting.meeting_id)}/earlier/{self._session.number}"
        wanted = {"recording": False, "transcript": False, "screenshots": True, "record": None, "folder": folder}
        order = self._order(bot).model_copy(update=wanted)
        with self._in_flight:
            self._apply_files(order, await self._request(order))

    async def _collect_all(self, bot: BotState) -> None:
        session, wanted = self._session, self._meeting.request.wanted
        order = self._order(bot)
        if self._meeting.retranscribe and wanted.transcript and await self._retranscribe(bot):
            # The old transcript would be answered until the new one is ready.
            order = order.model_copy(update={"transcript": False})
        with self._in_flight:
            brought = await self._request(order)
            self._note_record(order, brought)
            session.recording_collected = True
            self._apply_recording(order, brought)
            pending = CollectResult(transcript=TranscriptState.PENDING)
            self._apply_transcript(brought if order.transcript else pending)

    async def _retranscribe(self, bot: BotState) -> bool:
        """Whether the provider makes a new transcript."""
        with self._in_flight:
            try:
                await activity_calls.retranscribe(bot)
            except ActivityError as error:
                text = f"The provider did not make a new transcript: {error.cause}"
                self._meeting.note(self._clock.now(), "retranscribe_failed", text)
                return False
        return True

    async def _collect_transcript(self) -> None:
        """Waits until the transcript is announced, or is due to be asked for again, and fetches it."""
        session = self._session

        def is_announced() -> bool:
            return session.bot is not None and session.bot.transcript_finished and not session.transcript_finished

        due_at, bot = session.transcript_due_at, session.bot
        if due_at is None or bot is None:
            return
        await self._clock.wait_until(is_announced, due_at, "the transcript is not ready yet")
        order = self._order(session.bot or bot)
        later = {"delivery_path": "", "recording": False, "record": None}
        with self._in_flight:
            brought = await self._request(order.model_copy(update=later))
            self._apply_files(order, brought)
            self._apply_transcript(brought)

    def _order(self, bot: BotState) -> CollectInput:
        request, session = self._meeting.request, self._session
        session.transcript_finished = bot.transcript_finished
        is_all = len(self._meeting.sessions) == 1 and not session.folder and not self._meeting.is_reopened
        return CollectInput(
            folder=session.folder or "",
            run=activity_calls.earlier_run(self._meeting.run_id),
            bot_id=bot.bot_id,
            provider=bot.provider,
            delivery_path=bot.delivery_path,
            title=request.title,
            start_time=request.start_time,
            recording=request.wanted.recording and bot.has_recording,
            transcript=request.wanted.transcript,
            transcript_finished=bot.transcript_finished,
            audio=request.wanted.audio,
            record=self._expected_record() if is_all else None,
        )

    async def _request(self, order: CollectInput) -> CollectResult:
        try:
            return await call_showing_problem(self._context, activity_calls.collect, order)
        except ActivityError as error:
            text = str(error.cause or error)
            brought = _collected_before(_failure_behind(error))
            has_recording = any(name.startswith(("recording.", "recording-")) for name in brought.files)
            has_transcript = brought.transcript in _TOLD_TRANSCRIPTS
            return brought.model_copy(
                update={
                    "is_recording_lost": text if order.recording and not has_recording else "",
                    "transcript": brought.transcript if has_transcript else TranscriptState.FAILED,
                    "transcript_error": text if order.transcript and not has_transcript else "",
                }
            )

    def _expected_record(self) -> MeetingRecord:
        return conclusion.record_before_collecting(self._meeting, self._session, self._clock.now())

    def _note_record(self, order: CollectInput, brought: CollectResult) -> None:
        if order.record is not None and brought.finished_at is not None:
            folder = order.folder or ids.folder_for(self._meeting.meeting_id)
            self._context.recorded = conclusion.with_collected(order.record, brought, folder, brought.finished_at)

    def _apply_recording(self, order: CollectInput, brought: CollectResult) -> None:
        meeting, session, now = self._meeting, self._session, brought.finished_at or self._clock.now()
        self._apply_files(order, brought)
        folder = order.folder or ids.folder_for(meeting.meeting_id)
        paths = [each.path for each in brought.artifacts_in(folder)]
        stored = descriptions.collected_notes(paths, TranscriptState.NOT_ASKED)
        for event, text in stored:
            session.recording_stored = True
            meeting.note(now, event, text)
        if stored or not order.recording:
            return
        reason = FailureReason.RECORDING_LOST if brought.is_recording_lost else FailureReason.EMPTY_RECORDING
        text = brought.is_recording_lost or brought.no_recording_reason
        session.failure = Failure(reason=reason, evidence=Evidence(event="download", at=now, text=text))
        meeting.note(now, reason.value, f"There is no recording to keep: {text}")

    def _apply_files(self, order: CollectInput, brought: CollectResult) -> None:
        if brought.files:
            folder = order.folder or ids.folder_for(self._meeting.meeting_id)
            known = {each.path for each in brought.artifacts_in(folder)}
            kept = [each for each in self._meeting.artifacts if each.path not in known]
            self._meeting.artifacts = kept + brought.artifacts_in(folder)
            self._meeting.has_manifest = brought.has_manifest

    def _apply_transcript(self, brought: CollectResult) -> None:
        """A transcript that is not ready is asked for again, for as long as the provider keeps it."""
        meeting, session, now = self._meeting, self._session, brought.finished_at or self._clock.now()
        session.transcript_due_at = None
        if not meeting.request.wanted.transcript:
            return
        state = brought.transcript
        if state is TranscriptState.PENDING and session.bot is not None:
            deadlines = meeting.policy.deadlines
            pause = deadlines.transcript * 2 ** min(session.transcript_attempts, _MAX_DOUBLINGS)
            ended_at = session.bot.final_event_at or now
            if now + timedelta(seconds=pause) < ended_at + timedelta(seconds=deadlines.give_up):
                session.transcript_attempts += 1
                session.transcript_due_at = now + timedelta(seconds=pause)
                meeting.changed()
                return
            state = TranscriptState.FAILED
        if brought.transcript_error:
            trouble = f"The transcript could not be stored: {brought.transcript_error}"
            meeting.note(now, "transcript_failed", trouble)
        else:
            for event, text in descriptions.collected_notes((), state):
                meeting.note(now, event, text)
        # Of a meeting that went on in another room, what was said in the first one counts as well.
        is_of_meeting = not session.superseded or (
            state is TranscriptState.READY and session.start_time == meeting.request.start_time
        )
        if is_of_meeting and meeting.transcript is not TranscriptState.READY:
            meeting.transcript = state


async def complete_folder(context: MeetingContext) -> bool:
    """Last of all, because a manifest says that the folder is whole. Returns whether it was written."""
    meeting, now = context.state, context.clock.now()
    meeting.artifacts = [each for each in meeting.artifacts if not each.path.endswith(f"/{MANIFEST}")]
    concluded = meeting.model_copy(deep=True)
    conclusion.conclude(concluded, now)
    record = conclusion.meeting_record(concluded, now)
    order = ManifestInput(
        folder=ids.folder_for(meeting.meeting_id),
        run=meeting.run_id,
        record=record,
        delivery_paths=tuple(bot.delivery_path for bot in meeting.bots if bot.delivery_path),
        artifacts=tuple(meeting.artifacts),
    )
    with context.in_flight:
        try:
            manifest = await call_showing_problem(context, activity_calls.store_manifest_file, order)
        except ActivityError as error:
            text = f"The manifest could not be written: {error.cause}"
            meeting.note(context.clock.now(), "manifest_failed", text)
            return False
        meeting.artifacts.append(manifest)
        meeting.has_manifest = True
        context.recorded = conclusion.with_manifest(record, manifest.kept)
    return True


async def conclude_and_record(context: MeetingContext) -> Outcome | None:
    """Ends the meeting, and has its record written unless that is done. None if something came in meanwhile."""
    meeting, recorded = context.state, context.recorded
    if recorded is not None:
        conclusion.conclude(meeting, recorded.written_at)
        if conclusion.meeting_record(meeting, recorded.written_at) == recorded:
            return meeting.outcome
        conclusion.withdraw_conclusion(meeting, recorded)
    now = context.clock.now()
    conclusion.conclude(meeting, now)
    record = context.recorded = conclusion.meeting_record(meeting, now)
    with context.in_flight:
        try:
            await activity_calls.store_record(RecordInput(record=record))
        except ActivityError as error:
            workflow.logger.warning("The record could not be written: %s", error.cause)
            return meeting.outcome
    if all(session.is_finished for session in meeting.sessions) and meeting.unexpected_event() is None:
        return meeting.outcome
    conclusion.withdraw_conclusion(meeting, record)
    return None


async def call_showing_problem(
    context: MeetingContext, call: Callable[[_Input], Awaitable[_Result]], order: _Input
) -> _Result:
    """Calls a storage activity; what needs a person is shown at once, and the call repeated all the same."""
    meeting = context.state
    try:
        return await call(order)
    except ActivityError as error:
        failure = _failure_behind(error)
        if failure is None or failure.type != NEEDS_PERSON:
            raise
        meeting.storage_problem = failure.message
        text = f"This needs a person, and is tried on meanwhile: {failure.message}"
        meeting.note(context.clock.now(), "needs_help", text)
    try:
        return await call(order.model_copy(update={"is_problem_logged": True}))
    finally:
        meeting.storage_problem = ""
        meeting.changed()


def _failure_behind(error: ActivityError) -> ApplicationError | None:
    """What the last attempt failed with; behind a timeout stands the failure before it."""
    cause: BaseException | None = error.cause
    while cause is not None and not isinstance(cause, ApplicationError):
        cause = cause.__cause__
    return cause


def _collected_before(failure: ApplicationError | None) -> CollectResult:
    """What the last attempt had stored when it was given up."""
    if failure is not None and failure.details and isinstance(failure.details[0], dict):
        return CollectResult.model_validate(failure.details[0])
    return CollectResult()
