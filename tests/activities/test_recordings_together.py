"""Recording, transcript and manifest in one go, as on a good day, and what an attempt leaves to the next one."""

import dataclasses

import pytest
from temporalio.exceptions import ApplicationError

from minutekeeper.meetings.collection import CollectResult
from minutekeeper.meetings.status import TranscriptState
from minutekeeper.providers.recorded_content import RecordedContent
from minutekeeper.storage.manifest import Manifest
from tests.activities.fake_provider import recorded
from tests.activities.media_server import Fault
from tests.activities.recording_runner import RECORD, SPOKEN, WHOLE, RecordingRunner

TEXTS = {f"transcript.{form}" for form in ("json", "md", "vtt", "srt", "txt")}


def all_of(desk: RecordingRunner) -> RecordedContent:
    return dataclasses.replace(recorded(desk.server.link()), transcript=SPOKEN)


async def test_the_manifest_says_what_was_brought_home(desk: RecordingRunner) -> None:
    desk.answers(lambda: all_of(desk))

    brought = await desk.collect(WHOLE)

    assert set(brought.files) == TEXTS | {"recording.mp4", "manifest.json"}
    assert (brought.transcript, brought.sha256, brought.folder) == (TranscriptState.READY, {}, "")
    stored = {entry.path.removeprefix("m/"): entry.size for entry in await desk.store.list("m")}
    del stored[".run.json"]
    assert stored == brought.files
    manifest = Manifest.model_validate_json(await desk.store.get("m/manifest.json"))
    assert {file.name: file.size for file in manifest.files} | {"manifest.json": stored["manifest.json"]} == stored
    assert {file.sha256 for file in manifest.files if file.name == "recording.mp4"} == {desk.server.sha256}
    assert manifest.bots == tuple(bot.bot_id for bot in RECORD.bots)


async def test_an_attempt_after_the_manifest_fetches_nothing(desk: RecordingRunner) -> None:
    desk.answers(lambda: all_of(desk))
    brought = await desk.collect(WHOLE)
    fetched = len(desk.server.log)

    assert await desk.next().collect(WHOLE) == brought

    assert len(desk.server.log) == fetched


async def test_a_transcript_that_is_written_waits_for_its_recording(desk: RecordingRunner) -> None:
    desk.answers(lambda: all_of(desk))
    desk.server.faults.extend([Fault(status=403)] * 20)
    with pytest.raises(ApplicationError) as failed:
        await desk.collect(WHOLE)
    (so_far,) = failed.value.details
    assert isinstance(so_far, CollectResult)
    assert (set(so_far.files), so_far.transcript) == (TEXTS, TranscriptState.READY)
    assert failed.value.type == "UrlRefusedError"
    desk.server.faults.clear()
    desk.answers(lambda: recorded(desk.server.link()))

    brought = await desk.next().collect(WHOLE)

    assert brought.transcript is TranscriptState.READY, "although nobody has it any more"
    assert brought.has_manifest


async def test_a_transcript_that_is_not_ready_leaves_the_manifest_for_later(desk: RecordingRunner) -> None:
    brought = await desk.collect(WHOLE)

    assert brought.transcript is TranscriptState.PENDING
    assert set(brought.files) == set(brought.sha256) == {"recording.mp4"}
