import asyncio
import contextlib
import errno
import hashlib
import os
import signal
import sys
from pathlib import Path

import pytest
from obstore.exceptions import GenericError

from artifacts.errors import NotStoredError, StoreError, in_plain_words
from artifacts.paths import checked
from artifacts.store import ArtifactStore, Entry
from tests.artifacts.s3_server import S3Server

MEBIBYTE = 1024 * 1024


async def write_and_fail(store: ArtifactStore, path: str, data: bytes) -> None:
    with contextlib.suppress(KeyError):
        async with store.writer(path) as writer:
            await writer.write(data)
            raise KeyError


def files_in(folder: Path) -> list[str]:
    """What lies there under whatever name."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


async def run_python(program: str, *arguments: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, *arguments, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    return process.returncode, output.decode()


class TestEitherKindOfStore:
    async def test_what_is_put_is_read_back(self, store: ArtifactStore) -> None:
        artifact = await store.put("m/a b/ü (1).txt", b"hello")

        assert (artifact.path, artifact.size) == ("m/a b/ü (1).txt", 5)
        assert artifact.sha256 == hashlib.sha256(b"hello").hexdigest()
        assert await store.get("m/a b/ü (1).txt") == b"hello"
        assert await store.size("m/a b/ü (1).txt") == 5

    async def test_a_second_put_replaces_the_first(self, store: ArtifactStore) -> None:
        await store.put("m/x", b"a long first version")
        await store.put("m/x", b"short")

        assert await store.get("m/x") == b"short"

    async def test_an_unfinished_writer_has_no_artifact(self, store: ArtifactStore) -> None:
        async with store.writer("m/x") as writer:
            with pytest.raises(RuntimeError, match="m/x is not finished"):
                _ = writer.artifact

    async def test_nothing_there(self, store: ArtifactStore) -> None:
        with pytest.raises(NotStoredError, match="Cannot read m/none: it is not in the store"):
            await store.get("m/none")
        with pytest.raises(NotStoredError):
            [chunk async for chunk in store.read("m/none")]
        assert await store.size("m/none") is None
        assert not await store.exists("m/none")
        assert await store.list("m") == []

    async def test_listing_is_sorted_and_keeps_to_the_folder(self, store: ArtifactStore) -> None:
        for path in ("m/b", "m/a/deep", "m2/x", ".hidden/y"):
            await store.put(path, b"1234")

        assert await store.list("m") == [Entry("m/a/deep", 4), Entry("m/b", 4)]
        assert [entry.path for entry in await store.list()] == [".hidden/y", "m/a/deep", "m/b", "m2/x"]

    async def test_deleting_twice_is_no_error(self, store: ArtifactStore) -> None:
        await store.put("m/x", b"1")

        await store.delete("m/x")
        await store.delete("m/x")

        assert not await store.exists("m/x")

    async def test_one_missing_file_does_not_stop_a_deletion(self, store: ArtifactStore) -> None:
        for path in ("m/a", "m/b"):
            await store.put(path, b"1")

        await store._delete(["m/none", "m/a", "m/gone", "m/b"])

        assert await store.list() == []

    async def test_deleting_a_folder_leaves_its_neighbours(self, store: ArtifactStore) -> None:
        for path in ("m/.p/1", "m/.p/2/3", "m/.px", "m/keep"):
            await store.put(path, b"1")

        await store.delete_prefix("m/.p")

        assert [entry.path for entry in await store.list("m")] == ["m/.px", "m/keep"]

    async def test_a_large_file_is_written_and_read_in_chunks(self, store: ArtifactStore) -> None:
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
    async def test_a_writer_that_is_left_by_an_exception_leaves_nothing(
        self, store: ArtifactStore, size: int
    ) -> None:
        await write_and_fail(store, "m/large", bytes(size))

        assert not await store.exists("m/large")
        assert await store.list() == []

    async def test_a_failed_writer_keeps_the_older_file(self, store: ArtifactStore) -> None:
        await store.put("m/x", b"older")

        await write_and_fail(store, "m/x", b"newer")

        assert await store.get("m/x") == b"older"

    async def test_a_cancelled_writer_leaves_nothing(self, store: ArtifactStore) -> None:
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

    async def test_check_leaves_no_trace(self, store: ArtifactStore) -> None:
        await store.check()

        assert await store.list() == []


class TestFolder:
    async def test_the_folder_is_made_and_may_have_odd_characters(self, tmp_path: Path) -> None:
        store = ArtifactStore(f"file://{tmp_path}/with%20blank/ü")

        await store.put("x/y", b"1")

        assert (tmp_path / "with blank" / "ü" / "x" / "y").read_bytes() == b"1"

    async def test_empty_folders_go_but_the_root_stays(self, tmp_path: Path) -> None:
        store = ArtifactStore(f"file://{tmp_path}/root")
        await store.put("a/b/c", b"1")

        await store.delete_prefix("a")

        assert (tmp_path / "root").is_dir()
        assert not (tmp_path / "root" / "a").exists()

    async def test_a_killed_writer_leaves_nothing_that_is_listed_and_the_next_one_sweeps(
        self, tmp_path: Path
    ) -> None:
        program = (
            "import asyncio, os, signal, sys\n"
            "from artifacts.store import ArtifactStore\n"
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

    async def test_a_process_may_end_right_after_a_call(self, tmp_path: Path) -> None:
        program = (
            "import asyncio, sys\n"
            "from artifacts.store import ArtifactStore\n"
            "asyncio.run(ArtifactStore(sys.argv[1]).check())\n"
        )
        for _ in range(4):
            assert await run_python(program, f"file://{tmp_path}") == (0, "")

    async def test_a_full_disk_is_told_in_words_and_leaves_nothing(self, tmp_path: Path) -> None:
        program = (
            "import asyncio, resource, sys\n"
            "from artifacts.store import ArtifactStore, StoreError\n"
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

    async def test_a_put_sweeps_what_killed_ones_left_of_the_same_file_only(self, tmp_path: Path) -> None:
        store = ArtifactStore(tmp_path.as_uri())
        for name in ("x#1", "x#23", "y#1", "xx#1", "x#"):
            (tmp_path / name).write_bytes(b"half")

        await store.put("x", b"whole")

        assert files_in(tmp_path) == ["x", "x#", "xx#1", "y#1"]

    async def test_removing_a_folder_removes_what_listings_hide(self, tmp_path: Path) -> None:
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
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, words: str
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

    async def test_a_file_in_the_way_is_told_in_words(self, tmp_path: Path) -> None:
        store = ArtifactStore(f"file://{tmp_path}")
        await store.put("m", b"1")

        with pytest.raises(StoreError, match=r"^Cannot write m/x: Not a directory$"):
            await store.put("m/x", b"1")

    def test_a_folder_that_cannot_be_made_is_told_in_words(self) -> None:
        with pytest.raises(StoreError, match=r"^Cannot open file:///dev/null/x: Not a directory$"):
            ArtifactStore("file:///dev/null/x")

    def test_another_kind_of_address_is_refused(self) -> None:
        with pytest.raises(StoreError, match="ARTIFACTS_URL"):
            ArtifactStore("ftp://somewhere")


class TestBucket:
    async def test_objects_lie_under_the_prefix(self, s3: S3Server, s3_store: ArtifactStore) -> None:
        await s3_store.put("m/x", b"1")

        assert s3.objects == {"some/prefix/m/x": b"1"}

    @pytest.mark.usefixtures("s3")
    async def test_missing_bucket(self) -> None:
        store = ArtifactStore("s3://nowhere/prefix")

        with pytest.raises(StoreError, match="the bucket does not exist") as caught:
            await store.check()
        assert not isinstance(caught.value, NotStoredError)
        with pytest.raises(StoreError, match="the bucket does not exist"):
            await store.get("m/x")

    @pytest.mark.parametrize("refusal", [(403, "SignatureDoesNotMatch"), (401, "InvalidToken")])
    async def test_refused_credentials_are_told_without_quoting_them(
        self, s3: S3Server, s3_store: ArtifactStore, refusal: tuple[int, str]
    ) -> None:
        s3.refusal = refusal

        with pytest.raises(StoreError, match="access denied") as caught:
            await s3_store.check()

        assert "AKIA" not in str(caught.value)

    async def test_missing_credentials_are_told(self) -> None:
        text = "Generic S3 error: Error performing PUT http://169.254.169.254/latest/api/token - 403"

        with pytest.raises(StoreError, match="no AWS credentials"), in_plain_words("write x"):
            raise GenericError(text)

    @pytest.mark.parametrize(
        ("status", "words"),
        [(503, "503 (Service Unavailable)"), (429, "429 (Too Many Requests)"), (507, "507 (Insufficient Storage)")],
    )
    async def test_a_service_that_is_out_of_order_is_told(
        self, s3: S3Server, s3_store: ArtifactStore, status: int, words: str
    ) -> None:
        s3.refusal = (status, "SlowDown")

        for work in (s3_store.put("m/x", b"1"), s3_store.get("m/x"), s3_store.list("m"), s3_store.delete("m/x")):
            with pytest.raises(StoreError) as caught:
                await work
            assert str(caught.value).endswith(
                f": the storage service is overloaded or out of order; it answers {words}"
            )
            assert not isinstance(caught.value, NotStoredError)

    async def test_a_service_that_is_down_is_told(self, s3: S3Server, s3_store: ArtifactStore) -> None:
        await s3.stop()

        with pytest.raises(StoreError, match="the storage service cannot be reached"):
            await s3_store.check()

    async def test_other_refusals_quote_no_key(self, s3: S3Server, s3_store: ArtifactStore) -> None:
        s3.refusal = (400, "InvalidArgument")

        with pytest.raises(StoreError, match=r"Cannot write \.probe-\w+: .*400") as caught:
            await s3_store.check()

        assert "AKIA" not in str(caught.value)

    async def test_an_abandoned_upload_is_removed_from_the_bucket(
        self, s3: S3Server, s3_store: ArtifactStore
    ) -> None:
        await write_and_fail(s3_store, "m/x", bytes(20 * MEBIBYTE))

        await s3.upload_removed.wait()
        assert s3.uploads == {}
        assert s3.objects == {}


class TestPaths:
    @pytest.mark.parametrize("path", ["a", "a/b.c", "ü/日本", ".hidden/a b", "a#1x", "a/#x", "..a/b.."])
    def test_good(self, path: str) -> None:
        assert checked(path) == path

    @pytest.mark.parametrize(
        ("path", "why"),
        [
            ("", "empty part"),
            ("/etc/passwd", "relative"),
            ("a//b", "empty part"),
            ("a/", "empty part"),
            ("../a", r"\.\."),
            ("a/./b", r"\.\."),
            ("a\nb", "control character"),
            ("a\x00b", "control character"),
            ("a\x7fb", "control character"),
            ("a\ud800b", "control character"),
            ("recording.mp4#1", "being written"),
        ],
    )
    def test_bad(self, path: str, why: str) -> None:
        with pytest.raises(ValueError, match=why):
            checked(path)

    @pytest.mark.parametrize("path", ["../x", "/x", "a//b"])
    async def test_every_call_checks(self, folder_store: ArtifactStore, path: str) -> None:
        for call in (folder_store.get, folder_store.size, folder_store.list, folder_store.delete):
            with pytest.raises(ValueError, match="cannot be a path"):
                await call(path)
        with pytest.raises(ValueError, match="cannot be a path"):
            await folder_store.put(path, b"")
        with pytest.raises(ValueError, match="cannot be a path"):
            await folder_store.delete_prefix(path)
        with pytest.raises(ValueError, match="cannot be a path"):
            [chunk async for chunk in folder_store.read(path)]
        with pytest.raises(ValueError, match="cannot be a path"):
            async with folder_store.writer(path):
                pass
