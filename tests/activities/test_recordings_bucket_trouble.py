"""A bucket that is out of order: no half of anything is in it, and the next attempt finishes."""

import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from minutekeeper.downloads.downloader import DownloadLimits
from minutekeeper.storage.errors import StoreError
from minutekeeper.storage.store import ArtifactStore
from tests.activities.fake_provider import recorded
from tests.activities.recording_runner import BODY, SPOKEN, RecordingRunner, manifest_of
from tests.storage.s3_server import S3Server

MEBIBYTE = 1024 * 1024


@pytest.fixture
def desk(desk: RecordingRunner, bucket: S3Server) -> RecordingRunner:
    """In front of a bucket, for a recording of three parts, with words."""
    desk.server.size = 20 * MEBIBYTE
    desk.store = ArtifactStore(f"s3://{bucket.bucket}")
    desk.limits = DownloadLimits(piece_bytes=9 * MEBIBYTE, pause=0)
    desk.answers(lambda: dataclasses.replace(recorded(desk.server.link()), transcript=SPOKEN))
    return desk


def all_work(desk: RecordingRunner) -> dict[str, Callable[[], Awaitable[Any]]]:
    """Everything that a meeting keeps, by the name of a file that comes of it."""
    return {
        BODY: lambda: desk.store.put(BODY, b"{}"),
        "m/recording.mp4": desk.download,
        "m/transcript.json": desk.transcript,
        "m/manifest.json": lambda: desk.manifest(manifest_of()),
    }


@pytest.mark.parametrize("refusal", [(503, "SlowDown"), (500, "InternalError"), (429, "TooManyRequests")])
async def test_a_bucket_that_is_out_of_order_gets_nothing_and_all_of_it_afterwards(
    bucket: S3Server, desk: RecordingRunner, refusal: tuple[int, str]
) -> None:
    for name, write in all_work(desk).items():
        bucket.refusal = refusal
        with pytest.raises(
            StoreError, match=f"the storage service is overloaded or out of order; it answers {refusal[0]} "
        ):
            await write()
        assert name not in bucket.objects

        bucket.refusal = None
        await write()
        assert name in bucket.objects

    assert bucket.objects["m/recording.mp4"] == desk.server.content


@pytest.mark.parametrize(
    "refuses",
    [
        lambda request: request.method == "PUT" and "partNumber" in request.query,
        lambda request: request.query.get("partNumber") == "2",
        lambda request: request.method == "POST" and "uploads" in request.query,
        lambda request: request.method == "POST" and "uploadId" in request.query,
        lambda request: request.method == "PUT" and "000009437184" in request.path,
        lambda request: request.path.endswith("done.json"),
        lambda request: "delete" in request.query,
    ],
    ids=["every part", "one part", "start", "completion", "a piece", "note of the end", "removal of the pieces"],
)
async def test_a_bucket_that_fails_in_the_middle_of_a_recording_has_no_half_of_it(
    bucket: S3Server, desk: RecordingRunner, refuses: Callable[[web.Request], bool]
) -> None:
    bucket.refusal, bucket.refuses = (503, "SlowDown"), refuses
    with pytest.raises(StoreError, match="it answers 503"):
        await desk.download()
    assert bucket.objects.get("m/recording.mp4", desk.server.content) == desk.server.content
    asked = len(desk.server.log)

    bucket.refusal = None
    result = await desk.download()
    await desk.manifest(manifest_of())

    assert result == desk.recording
    files = sorted(key for key in bucket.objects if not key.startswith("records/"))
    assert files == ["m/.run.json", "m/manifest.json", "m/recording.mp4"]
    assert len(desk.server.log) <= asked + 1
