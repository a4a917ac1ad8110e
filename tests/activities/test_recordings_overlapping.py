"""Attempts that overlap, because a worker that was thought dead wakes up: one file comes of it, the right one."""

import dataclasses
import hashlib
import random

import pytest

from minutekeeper.downloads.downloader import DownloadLimits
from minutekeeper.downloads.resumable_file import FileVersion, ResumableFile
from minutekeeper.storage.errors import DamagedPartError, StoreError
from minutekeeper.storage.store import ArtifactStore
from tests.activities.media_server import BLOCK, Fault
from tests.activities.recording_runner import RecordingRunner
from tests.storage.s3_server import S3Server

CONTENT = random.Random(1).randbytes(40_000)  # noqa: S311 - no secret
VERSION = FileVersion(etag='"v1"', total=len(CONTENT))
PATH = "m/recording.mp4"


@pytest.fixture(params=["folder", "bucket"])
def shared(store: ArtifactStore, bucket: S3Server, request: pytest.FixtureRequest) -> ArtifactStore:
    return store if request.param == "folder" else ArtifactStore(f"s3://{bucket.bucket}/prefix")


async def attempt(store: ArtifactStore, piece_bytes: int) -> ResumableFile:
    pieces = ResumableFile(store, "m/.unfinished/bot-1")
    await pieces.open(piece_bytes)
    if pieces.version != VERSION:
        await pieces.start(VERSION)
    return pieces


@pytest.mark.parametrize("seed", range(12))
async def test_whatever_old_and_new_attempts_write_the_file_is_whole(shared: ArtifactStore, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - no secret
    attempts: list[ResumableFile] = []
    for _ in range(4):
        attempts.append(await attempt(shared, dice.randrange(3_000, 12_000)))
        for _ in range(dice.randrange(1, 8)):
            each = dice.choice(attempts)
            await each.write(CONTENT[each.size : each.size + dice.randrange(1, 9_000)])
            if dice.random() < 0.4:
                await each.flush()
    last = await attempt(shared, 8_000)
    for each in dice.sample(attempts, 2):
        await each.write(CONTENT[each.size :][:9_000])
        await each.flush()
    await last.write(CONTENT[last.size :])

    artifact = await last.finalise(PATH)

    assert (artifact.size, artifact.sha256) == (len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
    assert await shared.get(PATH) == CONTENT
    await last.finish(artifact)
    for each in attempts:
        each.close()
    assert await (await attempt(shared, 8_000)).finished() == artifact


async def test_an_overtaken_attempt_does_not_replace_what_another_version_became(shared: ArtifactStore) -> None:
    overtaken = await attempt(shared, 8_000)
    await overtaken.write(CONTENT)
    newer = ResumableFile(shared, "m/.unfinished/bot-1")
    await newer.open(8_000)
    await newer.start(FileVersion(etag='"v2"', total=5))
    await newer.write(b"newer")

    with pytest.raises(StoreError, match="Another attempt"):
        await overtaken.finalise(PATH)
    kept = await newer.finalise(PATH)
    await newer.finish(kept)

    assert await overtaken.finalise(PATH) == kept
    assert await shared.get(PATH) == b"newer"
    overtaken.close()


async def test_pieces_that_hold_something_else_get_no_name_and_are_fetched_anew(
    desk: RecordingRunner, bucket: S3Server
) -> None:
    desk.store = ArtifactStore(f"s3://{bucket.bucket}")
    desk.limits = DownloadLimits(piece_bytes=2 * BLOCK, pause=0)
    desk.server.faults.append(Fault(cut_after=6 * BLOCK))
    desk.server.faults.extend([Fault(status=500)] * 12)
    with pytest.raises(Exception, match="makes no progress"):
        await desk.download()
    spoilt = next(key for key in bucket.objects if f"{2 * BLOCK:015d}-" in key)
    bucket.objects[spoilt] = bytes(2 * BLOCK)
    desk.server.faults.clear()

    with pytest.raises(DamagedPartError, match="fetched anew"):
        await desk.download()
    assert PATH not in bucket.objects

    assert await dataclasses.replace(desk).download() == desk.recording
    assert bucket.objects[PATH] == desk.server.content
