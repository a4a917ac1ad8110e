"""Bringing home what a bot recorded."""

import asyncio

from temporalio import workflow
from temporalio.exceptions import ActivityError

from workflows import steps
from workflows.journal import Journal
from workflows.waiting import wait

with workflow.unsafe.imports_passed_through():
    from meetings.collection import CollectOrder, ManifestOrder
    from meetings.deadlines import Deadlines
    from meetings.outcome import Evidence
    from meetings.record import Failure
    from meetings.status import FailureReason, TranscriptState

_TRANSCRIPT_ROUNDS = 4


async def bring_home(journal: Journal, number: int, folder: str, deadlines: Deadlines) -> Failure | None:
    """The recording and the transcript of one bot, side by side: neither waits for the other.

    Returns why there is no recording although one was expected.
    """
    bot, request = journal.record.bots[number], journal.record.request
    order = CollectOrder(
        folder=folder,
        run=workflow.info().first_execution_run_id,
        bot_id=bot.bot_id,
        body=bot.body,
        title=request.title,
        start_time=request.start_time,
    )
    recording = asyncio.create_task(_fetch_recording(journal, number, order))
    await _fetch_transcript(journal, number, order, deadlines)
    return await recording


async def write_manifest(journal: Journal, folder: str) -> None:
    """Last of all: who finds it knows that the folder is whole."""
    record = journal.record
    order = ManifestOrder(
        folder=folder,
        run=workflow.info().first_execution_run_id,
        meeting_id=record.meeting_id,
        meeting_url=record.request.meeting_url,
        title=record.request.title,
        start_time=record.request.start_time,
        bot_ids=tuple(bot.bot_id for bot in record.bots),
        bodies=tuple(bot.body for bot in record.bots if bot.body),
        transcript=record.transcript,
        artifacts=tuple(record.artifacts),
    )
    try:
        record.artifacts.append(await steps.write_manifest(order))
    except ActivityError as error:
        journal.note("manifest_failed", f"The manifest could not be written: {error.cause}")


async def _fetch_recording(journal: Journal, number: int, order: CollectOrder) -> Failure | None:
    record, bot = journal.record, journal.record.bots[number]
    if not (record.request.wanted.recording and bot.has_recording):
        return None
    try:
        result = await steps.download_recording(order)
    except ActivityError as error:
        reason, text = FailureReason.RECORDING_LOST, str(error.cause or error)
    else:
        if result.artifact is not None:
            record.artifacts.append(result.artifact)
            record.update_bot(number, stored=True)
            journal.note("recording_stored", f"The recording is in the store: {result.artifact.path}.")
            return None
        reason, text = FailureReason.EMPTY_RECORDING, result.text
    journal.note(reason.value, f"There is no recording to keep: {text}")
    return reason, Evidence(event="download", at=workflow.now(), text=text)


async def _fetch_transcript(journal: Journal, number: int, order: CollectOrder, deadlines: Deadlines) -> None:
    """Transcription may end long after the recording; the provider is asked now and then as well."""
    record = journal.record
    if not record.request.wanted.transcript:
        return
    state = TranscriptState.PENDING
    for pauses_left in reversed(range(_TRANSCRIPT_ROUNDS + 1)):
        finished = record.bots[number].transcript_finished
        try:
            result = await steps.write_transcript(order)
        except ActivityError as error:
            state = TranscriptState.FAILED
            journal.note("transcript_failed", f"The transcript could not be stored: {error.cause}")
            break
        state = result.state
        if state is not TranscriptState.PENDING:
            record.artifacts.extend(result.artifacts)
            journal.note(f"transcript_{state.value}", _TRANSCRIPT_WORDS[state])
            break
        if not pauses_left:
            break

        def has_news(finished: bool = finished) -> bool:
            return record.bots[number].transcript_finished and not finished

        order = order.model_copy(update={"body": ""})
        await wait(has_news, deadlines.transcript / _TRANSCRIPT_ROUNDS, "the transcript is not ready yet")
    if not record.bots[number].superseded:
        record.transcript = TranscriptState.FAILED if state is TranscriptState.PENDING else state


_TRANSCRIPT_WORDS = {
    TranscriptState.READY: "The transcript is in the store.",
    TranscriptState.EMPTY: "The transcript is empty: nobody spoke.",
    TranscriptState.FAILED: "The provider could not make a transcript.",
}
