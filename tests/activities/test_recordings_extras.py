"""What a meeting keeps beside its recording: the sound as a file of its own, and screenshots of a failed bot."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from aiohttp import web
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from minutekeeper.downloads.downloader import DownloadError
from minutekeeper.meetings.media_types import content_type_of
from minutekeeper.providers.base import UnavailableError
from minutekeeper.providers.recorded_content import BotScreenshot, Media
from minutekeeper.storage.manifest import Manifest
from tests.activities.fake_provider import recorded
from tests.activities.recording_runner import NOTHING, ORDER, SPOKEN, WHOLE, RecordingRunner

WAV = b"RIFF\x24\x08\0\0WAVEfmt " + bytes(range(256)) * 8
PNG = b"\x89PNG\r\n\x1a\n" + bytes(200)
JPEG = b"\xff\xd8\xff\xe0" + bytes(100)


class FileServer:
    """Serves `files` by their paths; what is not among them is 404."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.url = ""

    async def handle(self, request: web.BaseRequest) -> web.Response:
        self.asked.append(request.path)
        body = self.files.get(request.path)
        return web.Response(status=404) if body is None else web.Response(body=body)

    def audio(self) -> Media:
        return Media(url=f"{self.url}/audio.wav", extension="wav", expires_at=None)

    def screenshot(self, name: str) -> BotScreenshot:
        return BotScreenshot(url=f"{self.url}/{name}")


@pytest.fixture
async def files() -> AsyncIterator[FileServer]:
    server = FileServer()
    runner = web.ServerRunner(web.Server(server.handle, access_log=None), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield server
    await runner.cleanup()


def attempt(desk: RecordingRunner, number: int) -> RecordingRunner:
    environment = ActivityEnvironment()
    environment.info = replace(ActivityEnvironment.default_info(), attempt=number)
    return replace(desk, temporal=environment)


def with_audio(desk: RecordingRunner, files: FileServer) -> None:
    content = replace(recorded(desk.server.link()), audio=files.audio(), transcript=SPOKEN)
    desk.answers(lambda: content)


async def test_the_sound_is_kept_beside_the_video_with_its_hash(desk: RecordingRunner, files: FileServer) -> None:
    files.files["/audio.wav"] = WAV
    with_audio(desk, files)
    brought = await desk.collect(WHOLE.model_copy(update={"audio": True}))
    assert brought.files["audio.wav"] == len(WAV)
    assert await desk.store.get("m/audio.wav") == WAV
    manifest = Manifest.model_validate_json(await desk.store.get("m/manifest.json"))
    (audio,) = [file for file in manifest.files if file.name == "audio.wav"]
    assert audio.sha256 == hashlib.sha256(WAV).hexdigest()
    assert not [path for path in await desk.kept() if ".unfinished" in path]


async def test_the_sound_is_left_alone_unless_it_is_wanted(desk: RecordingRunner, files: FileServer) -> None:
    files.files["/audio.wav"] = WAV
    with_audio(desk, files)
    assert "audio.wav" not in (await desk.collect(WHOLE)).files
    assert files.asked == []


async def test_a_provider_without_a_separate_sound_is_no_trouble(desk: RecordingRunner) -> None:
    brought = await desk.collect(ORDER.model_copy(update={"audio": True, "transcript": False}))
    assert list(brought.files) == ["recording.mp4"]


async def test_a_sound_that_cannot_be_had_holds_the_meeting_up_for_three_attempts(
    desk: RecordingRunner, files: FileServer
) -> None:
    with_audio(desk, files)
    order = WHOLE.model_copy(update={"audio": True})
    for number in (1, 2):
        with pytest.raises((DownloadError, ApplicationError)):
            await attempt(desk, number).collect(order)
    brought = await attempt(desk, 3).collect(order)
    assert "audio.wav" not in brought.files
    assert brought.has_manifest


async def test_screenshots_are_numbered_by_age_and_what_is_no_picture_is_left_out(
    desk: RecordingRunner, files: FileServer
) -> None:
    files.files = {"/1": PNG, "/2": b"<html>an error page</html>", "/3": JPEG}
    desk.provider.pictures = [files.screenshot(name) for name in ("1", "2", "gone", "3")]
    order = ORDER.model_copy(update={"recording": False, "transcript": False, "screenshots": True})
    brought = await desk.collect(order)
    assert brought.files == {"screenshots/bot-1-01.png": len(PNG), "screenshots/bot-1-04.jpg": len(JPEG)}
    assert await desk.store.get("m/screenshots/bot-1-01.png") == PNG
    assert content_type_of("m/screenshots/bot-1-04.jpg") == "image/jpeg"
    assert (await desk.next().collect(order)).files == brought.files


async def test_only_the_newest_twenty_screenshots_are_kept(desk: RecordingRunner, files: FileServer) -> None:
    files.files = {f"/{number}": PNG for number in range(30)}
    desk.provider.pictures = [files.screenshot(str(number)) for number in range(30)]
    brought = await desk.collect(
        ORDER.model_copy(update={"recording": False, "transcript": False, "screenshots": True})
    )
    assert len(brought.files) == 20
    assert files.asked == [f"/{number}" for number in range(10, 30)]


async def test_screenshots_lead_no_further_than_recordings_may(desk: RecordingRunner) -> None:
    desk.provider.pictures = [BotScreenshot(url="http://169.254.169.254/latest/meta-data")]
    brought = await desk.collect(
        ORDER.model_copy(update={"recording": False, "transcript": False, "screenshots": True})
    )
    assert brought.files == {}


async def test_a_provider_that_does_not_answer_for_screenshots_is_asked_three_times(desk: RecordingRunner) -> None:
    desk.answers(lambda: NOTHING)
    desk.provider.pictures = UnavailableError("503")
    order = ORDER.model_copy(update={"recording": False, "transcript": False, "screenshots": True})
    for number in (1, 2):
        with pytest.raises(ApplicationError, match="503"):
            await attempt(desk, number).collect(order)
    assert (await attempt(desk, 3).collect(order)).files == {}


async def test_a_screenshot_of_any_size_takes_bounded_memory(desk: RecordingRunner, files: FileServer) -> None:
    files.files = {"/large": PNG + bytes(11 * 1024 * 1024)}
    desk.provider.pictures = [files.screenshot("large")]
    order = ORDER.model_copy(update={"recording": False, "transcript": False, "screenshots": True})
    assert (await desk.collect(order)).files == {}
