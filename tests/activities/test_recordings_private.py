"""What a meeting keeps on a disk is its owner's alone, and a transcript is read once."""

import asyncio
import dataclasses
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from devtools.stack.data_folder import DataFolder
from minutekeeper.calendars.user_connection import UserConnection
from minutekeeper.storage.store import ArtifactStore
from minutekeeper.storage.user_connections import UserConnectionStore
from tests.activities.fake_provider import recorded
from tests.activities.media_server import BLOCK, Fault
from tests.activities.recording_runner import BODY, SPOKEN, WHOLE, RecordingRunner


@pytest.fixture(params=[0o000, 0o022, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def open_to_others(folder: Path) -> list[str]:
    return [
        f"{path.relative_to(folder)} {stat.filemode(path.stat().st_mode)}"
        for path in folder.rglob("*")
        if path.stat().st_mode & 0o077
    ]


@pytest.mark.usefixtures("umask")
async def test_files_and_folders_are_their_owners_alone(desk: RecordingRunner, tmp_path: Path) -> None:
    desk.store = ArtifactStore((tmp_path / "a" / "store").as_uri())
    desk.answers(lambda: dataclasses.replace(recorded(desk.server.link()), transcript=SPOKEN))
    await desk.store.put(BODY, b"{}")
    await UserConnectionStore(desk.store).write(UserConnection(user="ada", platform="google"))
    async with desk.store.writer("n/deep/er/x") as writer:
        await writer.write(b"1")
    desk.server.faults.extend([Fault(cut_after=6 * BLOCK), *[Fault(status=500)] * 12])
    with pytest.raises(Exception, match="makes no progress"):
        await desk.collect(WHOLE)
    assert open_to_others(tmp_path) == []
    desk.server.faults.clear()

    brought = await desk.next().collect(WHOLE)

    assert brought.has_manifest
    assert open_to_others(tmp_path) == []


@pytest.mark.usefixtures("umask")
def test_the_data_of_a_stack_are_their_owners_alone(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    folder.secret()
    folder.write_environment({"A": "b"})
    folder.empty()
    folder.close()

    assert open_to_others(tmp_path) == []


def test_whatever_a_process_of_ours_writes_is_for_its_owner(tmp_path: Path) -> None:
    program = (
        "import pathlib, subprocess, sys\n"
        "from minutekeeper.process import run_and_exit\n"
        "def main():\n"
        "    pathlib.Path('own').touch()\n"
        "    subprocess.run(['touch', 'childs'], check=True)\n"
        "    return 0\n"
        "run_and_exit(main)\n"
    )
    environment = os.environ | {"PYTHONPATH": str(Path.cwd())}
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env=environment, check=True)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["childs", "own"]
    assert open_to_others(tmp_path) == []


def test_what_was_there_before_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)

    async def put() -> None:
        await ArtifactStore(tmp_path.as_uri()).put("m/x", b"1")

    asyncio.run(put())

    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


async def test_a_delivery_is_read_once_for_recording_and_transcript(desk: RecordingRunner) -> None:
    found = dataclasses.replace(recorded(desk.server.link()), transcript=SPOKEN)
    desk.answers(lambda: found, pushed=lambda: found)
    await desk.store.put(BODY, b"the delivery")

    brought = await desk.collect(WHOLE.model_copy(update={"delivery_path": BODY}))

    assert brought.has_manifest
    assert desk.provider.bodies == [b"the delivery"]
