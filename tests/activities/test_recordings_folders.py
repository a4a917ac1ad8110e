"""A folder belongs to one run: whoever comes later, under whatever name, keeps their files beside it."""

import asyncio
import dataclasses
import uuid
from pathlib import Path

import pytest
from temporalio.testing import ActivityEnvironment

from minutekeeper.storage.store import ArtifactStore
from tests.activities.fake_provider import recorded
from tests.activities.media_server import BLOCK
from tests.activities.recording_runner import ORDER, SPOKEN, WHOLE, RecordingRunner, manifest_of
from tests.storage.s3_server import S3Server

OWN_FOLDER = WHOLE.model_copy(update={"folder": ""})


def worker_of(desk: RecordingRunner, workflow_id: str, run: str = "") -> RecordingRunner:
    """The next worker, for another workflow."""
    environment = ActivityEnvironment()
    environment.info = dataclasses.replace(
        environment.info,
        workflow_id=workflow_id,
        workflow_run_id=run or str(uuid.uuid5(uuid.NAMESPACE_URL, workflow_id)),
    )
    return dataclasses.replace(desk, temporal=environment, beats=[])


async def record(desk: RecordingRunner, content: bytes, workflow_id: str, run: str = "") -> str:
    """The folder in which the recording of another file of this content was kept."""
    desk.server.block, desk.server.etag = content * BLOCK, f'"{content.hex()}"'
    brought = await worker_of(desk, workflow_id, run).collect(OWN_FOLDER)
    return brought.folder or workflow_id.removeprefix("meeting-")


@pytest.fixture(params=["folder", "bucket"])
def desk(desk: RecordingRunner, bucket: S3Server, request: pytest.FixtureRequest) -> RecordingRunner:
    if request.param == "bucket":
        desk.store = ArtifactStore(f"s3://{bucket.bucket}/prefix")
    desk.answers(lambda: dataclasses.replace(recorded(desk.server.link()), transcript=SPOKEN))
    return desk


@pytest.mark.parametrize(
    "names",
    [
        (("standup", ""), ("meeting-standup", "")),
        (("meeting-standup", ""), ("standup", "")),
        (("standup", "0000-11111111"), ("standup", "0000-22222222"), ("meeting-standup", "")),
        (("standup", "1111-00000000"), ("standup", "2222-00000000"), ("standup", "3333-00000000")),
        (("a/b", ""), ("a:b", ""), ("meeting-a/b", "")),
        (("calendars", ""), ("meeting-calendars", ""), ("Calendars", "")),
        (("x" * 120, ""), ("x" * 121, ""), ("meeting-" + "x" * 121, "")),
    ],
)
async def test_runs_of_one_name_keep_their_recordings_apart(
    desk: RecordingRunner, names: tuple[tuple[str, str], ...]
) -> None:
    contents = [bytes([number]) for number in range(1, len(names) + 1)]
    folders = [await record(desk, content, *name) for content, name in zip(contents, names, strict=True)]

    kept = {entry.path.partition("/")[0] for entry in await desk.store.list()} - {"records"}
    assert len(kept) == len(names)
    assert not kept & {"calendars", "Calendars", "inbox", "users"}
    for content, folder in zip(contents, folders, strict=True):
        if folder in kept:
            assert (await desk.store.get(f"{folder}/recording.mp4"))[BLOCK:] == content * (9 * BLOCK)
    everything = [await desk.store.get(f"{folder}/recording.mp4") for folder in kept]
    assert sorted(each[-1:] for each in everything) == contents


async def test_runs_that_begin_at_the_same_time_keep_their_recordings_apart(desk: RecordingRunner) -> None:
    desk.server.size = BLOCK
    runs = [worker_of(desk, "standup", f"0000-{number:08}") for number in range(8)]

    brought = await asyncio.gather(*(run.collect(OWN_FOLDER) for run in runs))

    assert len({each.folder for each in brought}) == len(runs)
    assert [each.folder for each in brought].count("") == 1


async def test_all_attempts_of_a_run_use_one_folder(desk: RecordingRunner) -> None:
    first = await worker_of(desk, "standup", "0000-11111111").collect(OWN_FOLDER)
    second = await worker_of(desk, "meeting-standup", "0000-22222222").collect(OWN_FOLDER)

    again = OWN_FOLDER.model_copy(update={"run": "0000-22222222", "folder": "standup/earlier/1"})
    third = await worker_of(desk, "meeting-standup", "0000-33333333").collect(again)

    assert (first.folder, second.folder, third.folder) == ("", "standup~22222222", "standup~22222222/earlier/1")


async def test_a_folder_that_lost_its_hidden_files_is_still_its_runs(desk: RecordingRunner) -> None:
    await desk.download(ORDER.model_copy(update={"run": "0000-11111111"}))
    await desk.manifest(manifest_of().model_copy(update={"run": "0000-11111111"}))
    await desk.store.delete("m/.run.json")

    brought = await desk.collect(ORDER.model_copy(update={"run": "0000-22222222"}))

    assert brought.folder == "m~22222222"


async def test_a_claim_that_a_power_cut_emptied_is_nobodys(desk: RecordingRunner) -> None:
    await desk.store.put("m/.run.json", b"")

    assert (await desk.collect(ORDER)).folder == "m~test-run"


async def test_names_that_a_file_system_takes_for_one_are_kept_apart(desk: RecordingRunner, tmp_path: Path) -> None:
    """A link stands for a file system that does not tell upper from lower case."""
    desk.store = ArtifactStore(tmp_path.as_uri())
    await record(desk, b"\x01", "standup")
    (tmp_path / "Standup").symlink_to(tmp_path / "standup")

    folder = await record(desk, b"\x02", "Standup")

    assert folder.startswith("Standup~")
    assert (tmp_path / "standup/recording.mp4").read_bytes()[-1:] == b"\x01"
    assert (tmp_path / folder / "recording.mp4").read_bytes()[-1:] == b"\x02"
