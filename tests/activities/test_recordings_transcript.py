"""The transcript beside a recording."""

import dataclasses
import hashlib

import pytest

from minutekeeper.meetings.status import TranscriptState
from minutekeeper.providers.recorded_content import RecordedContent
from minutekeeper.storage.errors import StoreError
from minutekeeper.transcripts.model import Transcript
from tests.activities.recording_runner import NOTHING, ORDER, SPOKEN, RecordingRunner


@pytest.mark.parametrize(
    ("collected", "state"),
    [
        (NOTHING, TranscriptState.PENDING),
        (dataclasses.replace(NOTHING, transcript_failed=True), TranscriptState.FAILED),
        (dataclasses.replace(NOTHING, deleted=True), TranscriptState.FAILED),
        (dataclasses.replace(NOTHING, transcript=Transcript()), TranscriptState.EMPTY),
    ],
)
async def test_without_words_nothing_is_written(
    desk: RecordingRunner, collected: RecordedContent, state: TranscriptState
) -> None:
    desk.answers(lambda: collected)

    result = await desk.transcript()

    assert (result.state, result.artifacts) == (state, ())
    assert await desk.kept() == []


@pytest.mark.parametrize(
    ("collected", "state"),
    [
        (NOTHING, TranscriptState.EMPTY),
        (dataclasses.replace(NOTHING, is_transcript_pending=True), TranscriptState.PENDING),
        (dataclasses.replace(NOTHING, transcript_failed=True), TranscriptState.FAILED),
        (dataclasses.replace(NOTHING, deleted=True), TranscriptState.FAILED),
    ],
)
async def test_a_provider_that_is_done_and_has_none_heard_nobody_speak(
    desk: RecordingRunner, collected: RecordedContent, state: TranscriptState
) -> None:
    desk.answers(lambda: collected)
    assert (await desk.transcript(ORDER.model_copy(update={"transcript_finished": True}))).state is state


async def test_five_forms_and_the_same_ones_again(desk: RecordingRunner) -> None:
    desk.answers(lambda: dataclasses.replace(NOTHING, transcript=SPOKEN))

    result = await desk.transcript()

    assert result.state is TranscriptState.READY
    assert [artifact.path for artifact in result.artifacts] == [
        f"m/transcript.{form}" for form in ("json", "md", "vtt", "srt", "txt")
    ]
    for artifact in result.artifacts:
        data = await desk.store.get(artifact.path)
        assert (artifact.size, artifact.sha256) == (len(data), hashlib.sha256(data).hexdigest())
        assert "Grüße an alle" in data.decode()
    assert Transcript.model_validate_json(await desk.store.get("m/transcript.json")) == SPOKEN
    assert "# Board" in (await desk.store.get("m/transcript.md")).decode()
    assert await desk.transcript() == result


async def test_a_store_that_fails_is_told(desk: RecordingRunner) -> None:
    desk.answers(lambda: dataclasses.replace(NOTHING, transcript=SPOKEN))
    await desk.store.put("m", b"a file where the folder should be")

    with pytest.raises(StoreError, match="Not a directory"):
        await desk.transcript()
