"""What both kinds of store promise alike."""

import asyncio
import hashlib
import os

import pytest

from minutekeeper.storage.errors import NotStoredError
from minutekeeper.storage.store import ArtifactStore, StoredObject
from tests.storage.partial_files import MEBIBYTE, write_and_fail


async def test_what_is_put_is_read_back(store: ArtifactStore) -> None:
    artifact = await store.put("m/a b/ü (1).txt", b"hello")

    assert (artifact.path, artifact.size) == ("m/a b/ü (1).txt", 5)
    assert artifact.sha256 == hashlib.sha256(b"hello").hexdigest()
    assert await store.get("m/a b/ü (1).txt") == b"hello"
    assert await store.size("m/a b/ü (1).txt") == 5


async def test_a_second_put_replaces_the_first(store: ArtifactStore) -> None:
    await store.put("m/x", b"a long first version")
    await store.put("m/x", b"short")

    assert await store.get("m/x") == b"short"


async def test_of_many_that_write_one_file_at_once_one_wins_and_none_fails(store: ArtifactStore) -> None:
    for attempt in range(10):
        path, contents = f"records/{attempt}/same.json", [b"content %d" % number for number in range(8)]
        await asyncio.gather(*(store.put(path, content) for content in contents))
        assert await store.get(path) in contents


async def test_an_unfinished_writer_has_no_artifact(store: ArtifactStore) -> None:
    async with store.writer("m/x") as writer:
        with pytest.raises(RuntimeError, match="m/x is not finished"):
            _ = writer.artifact


async def test_nothing_there(store: ArtifactStore) -> None:
    with pytest.raises(NotStoredError, match="Cannot read m/none: it is not in the store"):
        await store.get("m/none")
    with pytest.raises(NotStoredError):
        [chunk async for chunk in store.read("m/none")]
    assert await store.size("m/none") is None
    assert not await store.exists("m/none")
    assert await store.list("m") == []


async def test_listing_is_sorted_and_keeps_to_the_folder(store: ArtifactStore) -> None:
    for path in ("m/b", "m/a/deep", "m2/x", ".hidden/y"):
        await store.put(path, b"1234")

    assert await store.list("m") == [StoredObject("m/a/deep", 4), StoredObject("m/b", 4)]
    assert [entry.path for entry in await store.list()] == [".hidden/y", "m/a/deep", "m/b", "m2/x"]


async def test_deleting_twice_is_no_error(store: ArtifactStore) -> None:
    await store.put("m/x", b"1")

    await store.delete("m/x")
    await store.delete("m/x")

    assert not await store.exists("m/x")


async def test_one_missing_file_does_not_stop_a_deletion(store: ArtifactStore) -> None:
    for path in ("m/a", "m/b"):
        await store.put(path, b"1")

    await store._delete(["m/none", "m/a", "m/gone", "m/b"])

    assert await store.list() == []


async def test_deleting_a_folder_leaves_its_neighbours(store: ArtifactStore) -> None:
    for path in ("m/.p/1", "m/.p/2/3", "m/.px", "m/keep"):
        await store.put(path, b"1")

    await store.delete_prefix("m/.p")

    assert [entry.path for entry in await store.list("m")] == ["m/.px", "m/keep"]


async def test_a_large_file_is_written_and_read_in_chunks(store: ArtifactStore) -> None:
    block = os.urandom(3 * MEBIBYTE)

    async with store.writer("m/large") as writer:
        for _ in range(7):
            await writer.write(block)
        assert not await store.exists("m/large")
        assert await store.list("m") == []
    chunks = [chunk async for chunk in store.read("m/large")]

    assert len(chunks) > 1
    assert b"".join(chunks) == block * 7
    assert (writer.artifact.path, writer.artifact.size) == ("m/large", len(block) * 7)
    assert writer.artifact.sha256 == hashlib.sha256(block * 7).hexdigest()


@pytest.mark.parametrize("size", [0, 1, 9 * MEBIBYTE])
async def test_a_writer_that_is_left_by_an_exception_leaves_nothing(store: ArtifactStore, size: int) -> None:
    await write_and_fail(store, "m/large", bytes(size))

    assert not await store.exists("m/large")
    assert await store.list() == []


async def test_a_failed_writer_keeps_the_older_file(store: ArtifactStore) -> None:
    await store.put("m/x", b"older")

    await write_and_fail(store, "m/x", b"newer")

    assert await store.get("m/x") == b"older"


async def test_a_cancelled_writer_leaves_nothing(store: ArtifactStore) -> None:
    started = asyncio.Event()

    async def write_for_ever() -> None:
        async with store.writer("m/x") as writer:
            await writer.write(b"1" * MEBIBYTE)
            started.set()
            while True:
                await writer.write(b"1" * MEBIBYTE)

    task = asyncio.create_task(write_for_ever())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert not await store.exists("m/x")


async def test_check_leaves_no_trace(store: ArtifactStore) -> None:
    await store.check()

    assert await store.list() == []
