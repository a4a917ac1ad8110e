"""Bringing home what bots recorded, the last one's into the meeting's own folder."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from workflows import steps
from workflows.dispatching import Dispatcher
from workflows.journal import Journal
from workflows.runs import later_run
from workflows.waiting import wait

with workflow.unsafe.imports_passed_through():
    from meetings import ids
    from meetings.collection import MANIFEST, NEEDS_PERSON, Collection, CollectOrder, ManifestOrder
    from meetings.outcome import Evidence
    from meetings.record import Failure
    from meetings.status import FailureReason, TranscriptState

_Order = TypeVar("_Order", CollectOrder, ManifestOrder)
_Result = TypeVar("_Result")

_TRANSCRIPT_ROUNDS = 4
_TRANSCRIPT_WORDS = {
    TranscriptState.READY: "The transcript is in the store.",
    TranscriptState.EMPTY: "The transcript is empty: nobody spoke.",
    TranscriptState.FAILED: "The provider could not make a transcript.",
}


class Collector:
    def __init__(self, journal: Journal, dispatcher: Dispatcher) -> None:
        self._journal = journal
        self._record = journal.record
        self._dispatcher = dispatcher
        self._folder = ids.folder_for(journal.record.meeting_id)
        self._is_whole = False
        """Whether the manifest says everything that there is."""

    async def bring_home(self, number: int) -> None:
        """What one bot left, once. A recording that cannot be had fails the meeting if the bot stands for it."""
        record, bots = self._record, self._record.bots
        is_main = not bots[number].superseded and not any(bot.brought_home and not bot.superseded for bot in bots)
        below = "" if is_main else f"{self._folder}/earlier/{bots[number].dispatch}"
        record.update_bot(number, brought_home=True)
        wanted, bot = record.request.wanted, bots[number]
        recording = wanted.recording and bot.has_recording
        if not (recording or wanted.transcript):
            return
        order = CollectOrder(
            folder=below,
            run=later_run(),
            bot_id=bot.bot_id,
            body=bot.body,
            title=record.request.title,
            start_time=record.request.start_time,
            recording=recording,
            transcript=wanted.transcript,
            meeting_url=record.request.public_url if is_main and len(bots) == 1 else "",
        )
        failure = await self._collect(number, order)
        if is_main and failure:
            record.failure = failure

    async def write_manifest(self) -> None:
        """Last of all: who finds it knows that the folder is whole."""
        record = self._record
        record.artifacts = [each for each in record.artifacts if not each.path.endswith(f"/{MANIFEST}")]
        order = ManifestOrder(
            folder=self._folder,
            run=workflow.info().first_execution_run_id,
            meeting_id=record.meeting_id,
            meeting_url=record.request.public_url,
            title=record.request.title,
            start_time=record.request.start_time,
            bot_ids=tuple(bot.bot_id for bot in record.bots),
            bodies=tuple(bot.body for bot in record.bots if bot.body),
            transcript=record.transcript,
            artifacts=tuple(record.artifacts),
        )
        try:
            record.artifacts.append(await self._shown(steps.write_manifest, order))
        except ActivityError as error:
            self._journal.note("manifest_failed", f"The manifest could not be written: {error.cause}")

    @property
    def needs_a_manifest(self) -> bool:
        return bool(self._record.artifacts) and not self._is_whole

    async def _collect(self, number: int, order: CollectOrder) -> Failure | None:
        """Transcription may end long after the recording; the provider is asked now and then as well.

        Returns why there is no recording although one was expected.
        """
        record = self._record
        finished = record.bots[number].transcript_finished
        brought = await self._ask_for(order)
        failure = self._take_recording(number, order, brought)
        for _pause in range(_TRANSCRIPT_ROUNDS):
            if brought.transcript is not TranscriptState.PENDING:
                break

            def has_news(finished: bool = finished) -> bool:
                return record.bots[number].transcript_finished and not finished

            pause = self._dispatcher.terms.deadlines.transcript / _TRANSCRIPT_ROUNDS
            await wait(has_news, pause, "the transcript is not ready yet")
            finished = record.bots[number].transcript_finished
            later = {"body": "", "recording": False, "meeting_url": ""}
            brought = await self._ask_for(order.model_copy(update=later))
            self._take_files(order, brought)
        self._take_transcript(number, brought)
        return failure

    async def _ask_for(self, order: CollectOrder) -> Collection:
        try:
            return await self._shown(steps.collect, order)
        except ActivityError as error:
            text = str(error.cause or error)
            brought = _brought_in_vain(_failure_behind(error))
            has_recording = any(name.startswith("recording.") for name in brought.files)
            has_transcript = brought.transcript in _TRANSCRIPT_WORDS
            return brought.model_copy(
                update={
                    "recording_lost": text if order.recording and not has_recording else "",
                    "transcript": brought.transcript if has_transcript else TranscriptState.FAILED,
                    "transcript_trouble": text if order.transcript and not has_transcript else "",
                }
            )

    async def _shown(self, step: Callable[[_Order], Awaitable[_Result]], order: _Order) -> _Result:
        """A step in the store; what needs a person is shown at once, and the step tried on all the same."""
        record = self._record
        try:
            return await step(order)
        except ActivityError as error:
            failure = _failure_behind(error)
            if failure is None or failure.type != NEEDS_PERSON:
                raise
            record.collect_trouble = failure.message
            self._journal.note("needs_help", f"Somebody has to put this right; it is tried on: {failure.message}")
        try:
            return await step(order.model_copy(update={"is_trouble_told": True}))
        finally:
            record.collect_trouble = ""
            self._journal.publisher.show()

    def _take_recording(self, number: int, order: CollectOrder, brought: Collection) -> Failure | None:
        self._take_files(order, brought)
        stored = [
            each.path for each in brought.artifacts_in(order.folder or self._folder) if "/recording." in each.path
        ]
        for path in stored:
            self._record.update_bot(number, stored=True)
            self._journal.note("recording_stored", f"The recording is in the store: {path}.")
        if stored or not order.recording:
            return None
        reason = FailureReason.RECORDING_LOST if brought.recording_lost else FailureReason.EMPTY_RECORDING
        text = brought.recording_lost or brought.nothing_recorded
        self._journal.note(reason.value, f"There is no recording to keep: {text}")
        return reason, Evidence(event="download", at=workflow.now(), text=text)

    def _take_files(self, order: CollectOrder, brought: Collection) -> None:
        self._record.artifacts.extend(brought.artifacts_in(order.folder or self._folder))
        if brought.files:
            self._is_whole = brought.is_whole

    def _take_transcript(self, number: int, brought: Collection) -> None:
        if not self._record.request.wanted.transcript:
            return
        state = brought.transcript
        if brought.transcript_trouble:
            trouble = f"The transcript could not be stored: {brought.transcript_trouble}"
            self._journal.note("transcript_failed", trouble)
        elif state in _TRANSCRIPT_WORDS:
            self._journal.note(f"transcript_{state.value}", _TRANSCRIPT_WORDS[state])
        if not self._record.bots[number].superseded:
            self._record.transcript = TranscriptState.FAILED if state is TranscriptState.PENDING else state


def _failure_behind(error: ActivityError) -> ApplicationError | None:
    """What the last attempt failed with; behind a timeout stands the failure before it."""
    cause: BaseException | None = error.cause
    while cause is not None and not isinstance(cause, ApplicationError):
        cause = cause.__cause__
    return cause


def _brought_in_vain(failure: ApplicationError | None) -> Collection:
    """What the last attempt had brought home when it was given up."""
    if failure is not None and failure.details and isinstance(failure.details[0], dict):
        return Collection.model_validate(failure.details[0])
    return Collection()
