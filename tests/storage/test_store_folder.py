"""A store in a folder."""

import asyncio
import errno
import os
import signal
from pathlib import Path

import pytest

from minutekeeper.storage.errors import StoreError
from minutekeeper.storage.store import ArtifactStore
from tests.storage.partial_files import MEBIBYTE, files_in, run_python


async def test_the_folder_is_made_and_may_have_odd_characters(tmp_path: Path) -> None:
    store = ArtifactStore(f"file://{tmp_path}/with%20blank/ü")

    await store.put("x/y", b"1")

    assert (tmp_path / "with blank" / "ü" / "x" / "y").read_bytes() == b"1"


async def test_empty_folders_go_but_the_root_stays(tmp_path: Path) -> None:
    store = ArtifactStore(f"file://{tmp_path}/root")
    await store.put("a/b/c", b"1")

    await store.delete_prefix("a")

    assert (tmp_path / "root").is_dir()
    assert not (tmp_path / "root" / "a").exists()


async def test_a_killed_writer_leaves_nothing_that_is_listed_and_the_next_one_sweeps(tmp_path: Path) -> None:
    program = (
        "import asyncio, os, signal, sys\n"
        "from minutekeeper.storage.store import ArtifactStore\n"
        "async def main():\n"
        "    async with ArtifactStore(sys.argv[1]).writer('m/x') as writer:\n"
        "        for _ in range(3):\n"
        "            await writer.write(bytes(9 * 1024 * 1024))\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "asyncio.run(main())\n"
    )
    assert await run_python(program, f"file://{tmp_path}") == (-signal.SIGKILL, "")
    store = ArtifactStore(f"file://{tmp_path}")
    assert len(list((tmp_path / "m").iterdir())) == 1
    assert await store.list() == []

    async with store.writer("m/x") as writer:
        await writer.write(b"whole")

    assert [each.name for each in (tmp_path / "m").iterdir()] == ["x"]
    assert await store.get("m/x") == b"whole"


async def test_a_process_may_end_right_after_a_call(tmp_path: Path) -> None:
    program = (
        "import asyncio, sys\n"
        "from minutekeeper.storage.store import ArtifactStore\n"
        "asyncio.run(ArtifactStore(sys.argv[1]).check())\n"
    )
    for _ in range(4):
        assert await run_python(program, f"file://{tmp_path}") == (0, "")


async def test_a_full_disk_is_told_in_words_and_leaves_nothing(tmp_path: Path) -> None:
    program = (
        "import asyncio, resource, sys\n"
        "from minutekeeper.storage.store import ArtifactStore, StoreError\n"
        "store = ArtifactStore(sys.argv[1])\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "async def stream():\n"
        "    async with store.writer('m/y') as writer:\n"
        "        await writer.write(bytes(9_000_000))\n"
        "for work in (store.put('m/x', bytes(5000)), stream()):\n"
        "    try:\n"
        "        asyncio.run(work)\n"
        "    except StoreError as error:\n"
        "        print(error)\n"
    )
    _, output = await run_python(program, f"file://{tmp_path}")

    assert output.splitlines() == [
        "Cannot write m/x: File too large",
        "Cannot write m/y: File too large",
    ]
    assert await ArtifactStore(f"file://{tmp_path}").list() == []


async def test_a_put_sweeps_what_killed_ones_left_of_the_same_file_only(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path.as_uri())
    for name in ("x#1", "x#23", "y#1", "xx#1", "x#"):
        (tmp_path / name).write_bytes(b"half")

    await store.put("x", b"whole")

    assert files_in(tmp_path) == ["x", "x#", "xx#1", "y#1"]


async def test_who_puts_the_same_file_at_once_is_told_that_it_is_there(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path.as_uri())
    data = bytes(4 * MEBIBYTE)

    for number in range(5):
        kept = await asyncio.gather(*(store.put(f"m/{number}", data) for _ in range(8)))

        assert {artifact.size for artifact in kept} == {len(data)}
    assert len(files_in(tmp_path)) == 5


async def test_removing_a_folder_removes_what_listings_hide(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path.as_uri())
    await store.put("m/.p/1", b"1")
    await store.put("m/keep", b"1")
    for name in ("m/.p/deep/er", "m/.p/empty"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "m/.p/deep/er/2#1").write_bytes(b"half")
    (tmp_path / "m/keep#1").write_bytes(b"half")

    await store.delete_prefix("m/.p")
    await store.delete_prefix("m/none")

    assert files_in(tmp_path) == ["m/keep", "m/keep#1"]
    assert not (tmp_path / "m/.p").exists()


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "the disk is full; free some space"),
        (errno.EDQUOT, "the disk quota is used up; raise it or free some space"),
        (errno.EIO, "Input/output error"),
    ],
)
async def test_a_disk_that_only_admits_late_that_it_failed_keeps_nothing_under_a_final_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    store = ArtifactStore(tmp_path.as_uri())

    def fail(_: int) -> None:
        raise OSError(number, os.strerror(number))

    async def stream() -> None:
        async with store.writer("m/y") as writer:
            await writer.write(bytes(9 * MEBIBYTE))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(StoreError, match=f"^Cannot write m/x: {words}$"):
            await store.put("m/x", b"1")
        with pytest.raises(StoreError, match=f"^Cannot write m/y: {words}$"):
            await stream()

    assert files_in(tmp_path) == []


async def test_a_file_in_the_way_is_told_in_words(tmp_path: Path) -> None:
    store = ArtifactStore(f"file://{tmp_path}")
    await store.put("m", b"1")

    with pytest.raises(StoreError, match=r"^Cannot write m/x: Not a directory$"):
        await store.put("m/x", b"1")


def test_a_folder_that_cannot_be_made_is_told_in_words() -> None:
    with pytest.raises(StoreError, match=r"^Cannot open file:///dev/null/x: Not a directory$"):
        ArtifactStore("file:///dev/null/x")


def test_another_kind_of_address_is_refused() -> None:
    with pytest.raises(StoreError, match="ARTIFACTS_URL"):
        ArtifactStore("ftp://somewhere")
