"""A recording on its way through the activity: heartbeats, crashes, handing back, and where the link comes from."""

import asyncio

import pytest
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities import heartbeats
from minutekeeper.meetings.collection import DownloadProgress
from minutekeeper.providers.recorded_content import Media, RecordedContent
from minutekeeper.storage.errors import StoreError
from minutekeeper.storage.store import ArtifactStore
from tests.activities.fake_provider import recorded
from tests.activities.media_server import BLOCK, Fault
from tests.activities.recording_runner import BODY, NOTHING, ORDER, RecordingRunner


async def test_a_recording_comes_home_and_work_of_a_moment_costs_no_heartbeat(
    desk: RecordingRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeats, "_HEARTBEAT_SECONDS", 60)

    assert await desk.download() == desk.recording

    assert not desk.beats


async def test_heartbeats_tell_the_bytes_while_the_line_is_silent(desk: RecordingRunner) -> None:
    desk.server.faults.append(Fault(wait_after=3 * BLOCK))
    reported = asyncio.Event()
    stuck = DownloadProgress(done=3 * BLOCK, total=desk.server.size)

    def beat(progress: DownloadProgress) -> None:
        desk.beats.append(progress)
        if desk.beats.count(stuck) > 3:
            reported.set()

    desk.temporal.on_heartbeat = beat
    task = asyncio.create_task(desk.download())
    await reported.wait()
    desk.temporal.cancel()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_heartbeats_go_on_while_the_store_is_silent(
    desk: RecordingRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    alive = asyncio.Event()

    def beat(progress: DownloadProgress) -> None:
        desk.beats.append(progress)
        if len(desk.beats) > 3:
            alive.set()

    async def hang(*_: object) -> bytes:
        await alive.wait()
        raise StoreError("Cannot read m/manifest.json: the storage service cannot be reached")

    desk.temporal.on_heartbeat = beat
    monkeypatch.setattr(ArtifactStore, "get", hang)

    with pytest.raises(StoreError, match="cannot be reached"):
        await desk.download()


async def test_mp3(desk: RecordingRunner) -> None:
    desk.server.head = b"ID3\x04"
    desk.answers(lambda: recorded(desk.server.link(), "mp3"))

    result = await desk.download()

    assert result.artifact is not None
    assert result.artifact.path == "m/recording.mp3"


async def test_video_is_preferred(desk: RecordingRunner) -> None:
    link = desk.server.link()
    both = tuple(Media(url=link, extension=each, expires_at=None) for each in ("mp3", "mp4"))
    desk.answers(lambda: RecordedContent(media=both, transcript=None))

    assert await desk.download() == desk.recording


async def test_a_killed_worker_costs_at_most_one_piece(desk: RecordingRunner) -> None:
    desk.server.faults.append(Fault(wait_after=6 * BLOCK + 10))
    first = asyncio.create_task(desk.download())
    await desk.server.reached.wait()
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    assert not await desk.store.exists("m/recording.mp4")

    assert await desk.next().download() == desk.recording

    assert desk.server.log[1].start is not None
    assert desk.server.log[1].start >= 5 * BLOCK
    assert desk.server.sent <= desk.server.size + BLOCK + 10


async def test_a_worker_that_shuts_down_hands_the_download_back_at_once(desk: RecordingRunner) -> None:
    desk.server.faults.append(Fault(wait_after=6 * BLOCK))
    task = asyncio.create_task(desk.download())
    await desk.server.reached.wait()

    desk.temporal.worker_shutdown()
    with pytest.raises(ApplicationError) as caught:
        await task

    assert caught.value.type == "HandedBack"
    assert not caught.value.non_retryable
    assert caught.value.category is ApplicationErrorCategory.BENIGN
    assert not await desk.store.exists("m/recording.mp4")
    assert await desk.next().download() == desk.recording


async def test_a_finished_file_is_neither_asked_for_nor_fetched_again(desk: RecordingRunner) -> None:
    first = await desk.download()

    assert await desk.download() == first

    assert len(desk.server.log) == len(desk.provider.bodies) == 1


async def test_a_finished_file_that_somebody_removed_is_fetched_again(desk: RecordingRunner) -> None:
    await desk.download()
    await desk.store.delete("m/recording.mp4")

    assert await desk.download() == desk.recording


async def test_an_expired_link_is_renewed_by_asking_the_provider(desk: RecordingRunner) -> None:
    desk.answers(lambda: recorded(desk.server.link("t0")), pushed=lambda: recorded(desk.server.link("old")))

    assert await desk.download_delivered() == desk.recording

    assert desk.provider.bodies == [b"the delivery", None]


async def test_a_delivery_that_is_gone_from_the_store_is_asked_for(desk: RecordingRunner) -> None:
    assert await desk.download(ORDER.model_copy(update={"delivery_path": BODY})) == desk.recording

    assert desk.provider.bodies == [None]


async def test_a_delivery_without_a_recording_is_not_the_last_word(desk: RecordingRunner) -> None:
    desk.answers(lambda: recorded(desk.server.link()), pushed=lambda: NOTHING)

    assert await desk.download_delivered() == desk.recording
