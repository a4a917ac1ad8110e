"""A store that is full, read-only or out of order: the error says what to do, and the next attempt finishes."""

import asyncio
import dataclasses
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from temporalio.testing import ActivityEnvironment

from activities.download import Limits
from activities.recordings import RecordingActivities
from artifacts.errors import StoreError
from artifacts.store import ArtifactStore
from meetings.collection import CollectOrder, ManifestOrder
from meetings.status import TranscriptState
from meetings.transcript import Segment, Transcript
from tests.activities.conftest import sha256
from tests.activities.fake_provider import FakeProvider, recorded
from tests.activities.media_server import MediaServer
from tests.artifacts.s3_server import S3Server

MEBIBYTE = 1024 * 1024
MOUNTS_OF_ITS_OWN = ("unshare", "--map-root-user", "--mount")
WITHOUT_POWERS = ("setpriv", "--bounding-set=-all", "--inh-caps=-all") if os.geteuid() == 0 else ()
"""Root writes wherever it likes, so it has to lay that down first."""
SPOKEN = Transcript(segments=(Segment(speaker="Ada", start=0, end=1, text="Hello"),), speakers=("Ada",))


def can_mount() -> bool:
    order = [*MOUNTS_OF_ITS_OWN, "mount", "-t", "tmpfs", "tmpfs", "/tmp"]  # noqa: S108 - its own /tmp, for a moment
    return (
        shutil.which("unshare") is not None
        and subprocess.run(order, check=False, capture_output=True).returncode == 0
    )


NEEDS_MOUNTS = pytest.mark.skipif(not can_mount(), reason="this machine lets nobody mount a disk")
NEEDS_NO_POWERS = pytest.mark.skipif(
    bool(WITHOUT_POWERS) and shutil.which("setpriv") is None, reason="root cannot lay down its powers here"
)
ENDINGS = {
    "body": ["m/raw/complete.json"],
    "inbox": ["inbox/1.json"],
    "recording 0": ["m/0/recording.mp4"],
    "recording 1": ["m/1/recording.mp4"],
    "recording 2": ["m/2/recording.mp4"],
    "transcript": [f"m/transcript.{form}" for form in ("json", "md", "srt", "txt", "vtt")],
    "manifest": ["m/manifest.json"],
}


@pytest.mark.parametrize(
    ("trouble", "powers", "words"),
    [
        pytest.param("full", MOUNTS_OF_ITS_OWN, "the disk is full; free some space", marks=NEEDS_MOUNTS),
        pytest.param(
            "read-only", MOUNTS_OF_ITS_OWN, "the folder is read-only; make it writable", marks=NEEDS_MOUNTS
        ),
        pytest.param(
            "forbidden",
            WITHOUT_POWERS,
            "permission denied; make the folder writable for the user of this process",
            marks=NEEDS_NO_POWERS,
        ),
    ],
)
async def test_a_folder_in_trouble_gets_nothing_and_all_of_it_afterwards(
    media_server: MediaServer, tmp_path: Path, trouble: str, powers: tuple[str, ...], words: str
) -> None:
    process = await asyncio.create_subprocess_exec(
        *powers,
        sys.executable,
        *("-m", "tests.activities.store_troubles", str(tmp_path), media_server.link(), trouble),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0

    told: list[dict[str, Any]] = [json.loads(line) for line in output.splitlines()]
    assert [line["what"] for line in told] == list(ENDINGS)
    for line in told:
        assert line["said"].startswith("Cannot write "), line
        assert line["said"].endswith(f": {words}"), line
        assert line["there"] == line["before"], line
        assert sorted(line["in_the_end"].keys() - line["before"].keys()) == ENDINGS[line["what"]]
        for name, digest in line["in_the_end"].items():
            assert not name.endswith(".mp4") or digest == sha256(media_server.content)


@dataclasses.dataclass
class BucketWork:
    """Everything that a meeting keeps, as activities would write it."""

    bucket: S3Server
    activities: RecordingActivities
    store: ArtifactStore

    @property
    def all(self) -> dict[str, Callable[[], Awaitable[Any]]]:
        order = CollectOrder(folder="m", bot_id="bot-1")
        manifest = ManifestOrder(
            folder="m",
            meeting_id="m",
            meeting_url="https://meet.google.com/abc-defg-hij",
            title="",
            start_time=datetime(2026, 12, 1, 10, tzinfo=UTC),
            bot_ids=("bot-1",),
            transcript=TranscriptState.READY,
            artifacts=(),
        )
        environment = ActivityEnvironment
        return {
            "raw/complete.json": lambda: self.store.put("m/raw/complete.json", b"{}"),
            "recording.mp4": lambda: environment().run(self.activities.download_recording, order),
            "transcript.json": lambda: environment().run(self.activities.write_transcript, order),
            "manifest.json": lambda: environment().run(self.activities.write_manifest, manifest),
        }


@pytest.fixture
def work(media_server: MediaServer, session: aiohttp.ClientSession, bucket: S3Server) -> BucketWork:
    media_server.size = 20 * MEBIBYTE
    collected = dataclasses.replace(recorded(media_server.link()), transcript=SPOKEN)
    store = ArtifactStore(f"s3://{bucket.bucket}")
    limits = Limits(piece_bytes=9 * MEBIBYTE, pause=0.001)
    return BucketWork(
        bucket, RecordingActivities(FakeProvider(lambda: collected).port, store, session, limits), store
    )


@pytest.mark.parametrize("refusal", [(503, "SlowDown"), (500, "InternalError"), (429, "TooManyRequests")])
async def test_a_bucket_that_is_out_of_order_gets_nothing_and_all_of_it_afterwards(
    work: BucketWork, media_server: MediaServer, refusal: tuple[int, str]
) -> None:
    for name, write in work.all.items():
        work.bucket.refusal = refusal
        with pytest.raises(
            StoreError, match=f"the storage service is overloaded or out of order; it answers {refusal[0]} "
        ):
            await write()
        assert f"m/{name}" not in work.bucket.objects

        work.bucket.refusal = None
        await write()
        assert f"m/{name}" in work.bucket.objects

    assert work.bucket.objects["m/recording.mp4"] == media_server.content


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
    work: BucketWork, media_server: MediaServer, refuses: Callable[[web.Request], bool]
) -> None:
    work.bucket.refusal, work.bucket.refuses = (503, "SlowDown"), refuses
    with pytest.raises(StoreError, match="it answers 503"):
        await work.all["recording.mp4"]()
    assert work.bucket.objects.get("m/recording.mp4", media_server.content) == media_server.content
    asked = len(media_server.log)

    work.bucket.refusal = None
    result = await work.all["recording.mp4"]()
    await work.all["manifest.json"]()

    assert result.artifact.sha256 == sha256(media_server.content)
    assert sorted(work.bucket.objects) == ["m/manifest.json", "m/recording.mp4"]
    assert len(media_server.log) <= asked + 1
