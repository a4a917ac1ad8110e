"""Bots with several recordings, files that are still prepared, and transcripts behind links."""

import gzip
import json
from dataclasses import replace

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from minutekeeper.downloads.downloader import DownloadError, DownloadRefusedError, UrlRefusedError
from minutekeeper.downloads.url_policy import UrlPolicy, create_checked_session
from minutekeeper.meetings.status import TranscriptState
from minutekeeper.providers.recorded_content import Media, RecordedContent, TranscriptLink
from minutekeeper.storage.manifest import Manifest
from minutekeeper.transcripts.model import Segment, Transcript
from tests.activities.media_server import Fault
from tests.activities.recording_runner import BODY, NOTHING, ORDER, SPOKEN, WHOLE, RecordingRunner

ATTEMPTS = 12


def files(desk: RecordingRunner, *parts: int, is_pending: bool = False) -> RecordedContent:
    media = tuple(Media(url=desk.server.link(), extension="mp4", expires_at=None, part=part) for part in parts)
    return RecordedContent(media=media, transcript=None, is_pending=is_pending, duration=60)


async def test_each_recording_is_a_file_of_its_own(desk: RecordingRunner) -> None:
    desk.answers(lambda: replace(files(desk, 1, 0, 2), transcript=SPOKEN))
    brought = await desk.collect(WHOLE)
    recordings = ["recording.mp4", "recording-2.mp4", "recording-3.mp4"]
    assert list(brought.files)[:3] == recordings
    assert brought.has_manifest
    manifest = Manifest.model_validate_json(await desk.store.get("m/manifest.json"))
    assert [file.name for file in manifest.files][:3] == recordings
    assert {file.sha256 for file in manifest.files[:3]} == {desk.server.sha256}
    assert await desk.kept() == [f"m/{name}" for name in sorted(brought.files)]


async def test_a_later_attempt_downloads_only_what_is_missing(desk: RecordingRunner) -> None:
    desk.answers(lambda: files(desk, 0, 1))
    desk.server.faults.extend([Fault(), Fault(status=403), Fault(status=403)])
    with pytest.raises(UrlRefusedError):
        await desk.download()
    asked = len(desk.server.log)
    brought = await desk.next().download()
    assert brought.artifact is not None
    assert brought.artifact.path == "m/recording.mp4"
    assert len(desk.server.log) == asked + 1
    assert await desk.store.exists("m/recording-2.mp4")


async def test_one_recording_that_is_lost_does_not_cost_the_others(desk: RecordingRunner) -> None:
    good = files(desk, 1).media
    bad = Media(url=desk.server.link("old"), extension="mp4", expires_at=None)
    desk.answers(lambda: replace(NOTHING, media=(bad, *good)))
    desk.give_up = desk.give_up * 0
    brought = await desk.collect(ORDER.model_copy(update={"transcript": False}))
    assert list(brought.files) == ["recording-2.mp4"]
    assert not brought.is_recording_lost


async def test_recordings_that_are_all_lost_are(desk: RecordingRunner) -> None:
    bad = [Media(url=desk.server.link("old"), extension="mp4", expires_at=None, part=part) for part in (0, 1)]
    desk.answers(lambda: replace(NOTHING, media=tuple(bad)))
    desk.give_up = desk.give_up * 0
    assert "403" in await desk.loses()


@pytest.mark.parametrize("parts", [(), (0,)])
async def test_what_is_still_prepared_is_waited_for(desk: RecordingRunner, parts: tuple[int, ...]) -> None:
    desk.answers(lambda: files(desk, *parts, is_pending=True))
    with pytest.raises(ApplicationError, match="still preparing") as caught:
        await desk.download()
    assert not caught.value.non_retryable
    assert await desk.store.exists("m/recording.mp4") is bool(parts)
    later = desk.next()
    later.answers(lambda: files(desk, 0, 1))
    assert list((await later.collect(WHOLE.model_copy(update={"transcript": False}))).files)[:2] == [
        "recording.mp4",
        "recording-2.mp4",
    ]


def with_link(desk: RecordingRunner, *offsets: float) -> RecordedContent:
    links = tuple(TranscriptLink(url=desk.server.link(), offset=offset) for offset in offsets)
    return replace(NOTHING, transcript_links=links)


def serve(desk: RecordingRunner, content: bytes) -> None:
    desk.server.serve(content)
    desk.server.content_type = "application/json"


async def test_a_transcript_is_fetched_from_its_link(desk: RecordingRunner) -> None:
    desk.answers(lambda: with_link(desk, 0.0))
    serve(desk, SPOKEN.model_dump_json().encode())
    result = await desk.transcript()
    assert (result.state, len(result.artifacts)) == (TranscriptState.READY, 5)
    assert Transcript.model_validate_json(await desk.store.get("m/transcript.json")) == SPOKEN


async def test_a_transcript_that_is_stored_compressed_is_read(desk: RecordingRunner) -> None:
    desk.answers(lambda: with_link(desk, 0.0))
    serve(desk, gzip.compress(SPOKEN.model_dump_json().encode()))
    desk.server.headers = {"Content-Encoding": "gzip"}
    assert (await desk.transcript()).state is TranscriptState.READY


async def test_transcripts_of_several_recordings_are_one(desk: RecordingRunner) -> None:
    desk.answers(lambda: with_link(desk, 0.0, 90.0))
    serve(desk, SPOKEN.model_dump_json().encode())
    assert (await desk.transcript()).state is TranscriptState.READY
    segments = json.loads(await desk.store.get("m/transcript.json"))["segments"]
    assert [segment["start"] for segment in segments] == [0.5, 90.5]


async def test_an_empty_file_says_that_nobody_spoke(desk: RecordingRunner) -> None:
    desk.answers(lambda: with_link(desk, 0.0))
    serve(desk, Transcript().model_dump_json().encode())
    assert (await desk.transcript()).state is TranscriptState.EMPTY


async def test_a_transcript_is_not_read_while_recordings_are_prepared(desk: RecordingRunner) -> None:
    desk.answers(lambda: replace(with_link(desk, 0.0), is_pending=True))
    assert (await desk.transcript()).state is TranscriptState.PENDING
    assert desk.server.log == []


@pytest.mark.parametrize(
    "faults",
    [[Fault(status=404)] * 2, [Fault(status=403)] * 2, [Fault(body=b"<Error/>")]],
    ids=["missing", "refused", "no transcript"],
)
async def test_a_link_that_leads_to_no_transcript_is_given_up_some_time(
    desk: RecordingRunner, faults: list[Fault]
) -> None:
    desk.answers(lambda: with_link(desk, 0.0))
    desk.server.faults.extend(faults)
    with pytest.raises((ApplicationError, DownloadError)):
        await desk.transcript()
    last = desk.next()
    last.temporal = ActivityEnvironment()
    last.temporal.info = replace(last.temporal.info, attempt=ATTEMPTS)
    last.server.faults.extend(faults)
    result = await last.transcript()
    assert (result.state, bool(result.error)) == (TranscriptState.FAILED, True)


@pytest.mark.parametrize("status", [403, 404])
async def test_an_expired_link_of_a_stored_delivery_is_asked_for_anew(desk: RecordingRunner, status: int) -> None:
    desk.answers(lambda: with_link(desk, 0.0), pushed=lambda: with_link(desk, 0.0))
    serve(desk, SPOKEN.model_dump_json().encode())
    desk.server.faults.append(Fault(status=status))
    await desk.store.put(BODY, b"the delivery")
    result = await desk.transcript(ORDER.model_copy(update={"delivery_path": BODY}))
    assert result.state is TranscriptState.READY
    assert desk.provider.bodies == [b"the delivery", None]


async def test_an_expired_link_to_a_transcript_that_was_deleted(desk: RecordingRunner) -> None:
    desk.answers(lambda: replace(NOTHING, deleted=True), pushed=lambda: with_link(desk, 0.0))
    desk.server.faults.append(Fault(status=403))
    await desk.store.put(BODY, b"the delivery")
    result = await desk.transcript(ORDER.model_copy(update={"delivery_path": BODY}))
    assert result.state is TranscriptState.FAILED


async def test_a_transcript_is_fetched_from_allowed_hosts_only(desk: RecordingRunner) -> None:
    desk.answers(lambda: with_link(desk, 0.0))
    async with create_checked_session(1, UrlPolicy(hosts=("*.recall.ai",))) as session:
        desk.session = session
        with pytest.raises(DownloadRefusedError, match="MINUTEKEEPER_DOWNLOAD_HOSTS"):
            await desk.transcript()
    assert desk.server.log == []


async def test_a_longer_file_than_any_transcript_is_not_taken(
    desk: RecordingRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("activities.recording_download._MAX_TRANSCRIPT_BYTES", 1000)
    desk.answers(lambda: with_link(desk, 0.0))
    segment = Segment(speaker="Ada", start=0, end=1, text="x" * 2000)
    serve(desk, Transcript(segments=(segment,)).model_dump_json().encode())
    result = await desk.transcript()
    assert (result.state, result.error) == (TranscriptState.FAILED, "the file is larger than 1000 bytes")


@pytest.mark.parametrize("fault", [Fault(status=503), Fault(cut_after=20)])
async def test_a_server_that_fails_is_asked_again(desk: RecordingRunner, fault: Fault) -> None:
    desk.answers(lambda: with_link(desk, 0.0))
    serve(desk, SPOKEN.model_dump_json().encode())
    desk.server.faults.append(fault)
    with pytest.raises(DownloadError):
        await desk.transcript()
    assert (await desk.next().transcript()).state is TranscriptState.READY


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (gzip.compress(b" " * 5000, mtime=0), "more than 1000 bytes when it is decompressed"),
        (gzip.compress(b" " * 5000, mtime=0)[:20], "the compressed recording ends too early"),
    ],
)
async def test_what_grows_too_large_or_is_cut_is_no_transcript(
    desk: RecordingRunner, monkeypatch: pytest.MonkeyPatch, content: bytes, error: str
) -> None:
    monkeypatch.setattr("activities.recording_download._MAX_TRANSCRIPT_BYTES", 1000)
    desk.answers(lambda: with_link(desk, 0.0))
    serve(desk, content)
    if "ends" in error:
        with pytest.raises(UrlRefusedError, match=error):
            await desk.transcript()
    else:
        assert error in (await desk.transcript()).error
