"""The artifact store: one set of operations over a folder or an S3 bucket.

The storage library is called through its blocking interface in threads of our own. Its asyncio interface aborts the
interpreter now and then when a process ends soon after a call (its native threads ask for the interpreter lock
while Python shuts down), which a command such as `doctor` does every time.
"""

import asyncio
import contextlib
import hashlib
import os
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar
from urllib.parse import unquote, urlsplit

from obstore import sign
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, S3Store

from minutekeeper.meetings.media_types import content_type_of
from minutekeeper.meetings.views import Artifact
from minutekeeper.storage.errors import NotStoredError, StoreError, translate_store_errors
from minutekeeper.storage.filesystem import (
    FILE_MODE,
    make_durable,
    make_folder,
    remove_staging_files,
    remove_staging_tree,
)
from minutekeeper.storage.layout import validate_path
from minutekeeper.storage.streaming_writer import ArtifactWriter

if TYPE_CHECKING:
    from obstore import Attributes

_Result = TypeVar("_Result")

_THREADS = 8
_CHUNK_BYTES = 1024 * 1024
_REQUEST_SECONDS = 60
_RETRIES = 3
_ATTEMPTS_IN_FOLDER = 5


class StoredObject(NamedTuple):
    """One file of a listing; `size` in bytes."""

    path: str
    size: int


class ArtifactStore:
    """Files under relative paths with `/`. A reader finds a complete file under a path, or none.

    A path that is absolute, or has `..`, empty parts or control characters, is refused with ValueError. All
    other failures raise StoreError.
    """

    def __init__(self, url: str) -> None:
        """`url` is `file:///an/absolute/folder`, made if missing, or `s3://bucket/prefix`.

        For S3, credentials, region and endpoint come from the usual `AWS_*` variables. `root` is the folder on this
        machine's disk, None for a bucket.
        """
        self.url = url
        with translate_store_errors(f"open {url}"):
            self._store = _open(url)
        self.root = self._store.prefix if isinstance(self._store, LocalStore) else None
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="artifacts")

    async def put(self, path: str, data: bytes) -> Artifact:
        """Writes a complete file, replacing an older one, and syncs it to the disk."""
        validate_path(path)

        def work() -> Artifact:
            with translate_store_errors(f"write {path}"):
                for is_last in (*[False] * _ATTEMPTS_IN_FOLDER, True):
                    try:
                        self._write(path, data)
                    except (BaseError, FileNotFoundError):
                        # In a folder, a concurrent writer of the same file removes the staging files of others, and
                        # the deletion of a folder's last file removes the folder.
                        if is_last or not self.root:
                            raise
                    else:
                        break
            return Artifact(path=path, size=len(data), sha256=hashlib.sha256(data).hexdigest())

        return await self.in_thread(work)

    async def create(self, path: str, data: bytes) -> bool:
        """Writes a complete file unless one exists; True if exactly this content is there afterwards.

        Of several concurrent calls with different contents, one gets True.
        """
        validate_path(path)

        def work() -> bool:
            with translate_store_errors(f"write {path}"):
                self._prepare(path)
                try:
                    self._store.put(path, data, use_multipart=False, mode="create")
                except BaseError as error:
                    # A concurrent writer removes the staging files of others, and a lost answer may have been a
                    # success.
                    if (there := self._content(path)) is not None:
                        return there == data
                    raise error from None
                self._settle(path)
            return True

        return await self.in_thread(work)

    @asynccontextmanager
    async def writer(self, path: str) -> AsyncIterator[ArtifactWriter]:
        """Writes a file in chunks. It appears under its name when the block ends without an exception.

        On S3 a writer that crashed leaves an unfinished multipart upload, which a lifecycle rule of the bucket
        should remove.
        """
        validate_path(path)

        def prepare() -> None:
            with translate_store_errors(f"write {path}"):
                self._prepare(path)

        await self.in_thread(prepare)
        writer = ArtifactWriter(self._store, path, self._threads, self._attributes(path))
        try:
            yield writer
            await writer.commit()
        except BaseException as error:
            writer.abandon(error)
            raise

        def work() -> None:
            with translate_store_errors(f"write {path}"):
                self._settle(path)

        await self.in_thread(work)

    async def get(self, path: str) -> bytes:
        """The whole file. Raises NotStoredError."""
        validate_path(path)

        def work() -> bytes:
            with translate_store_errors(f"read {path}"):
                return self._store.get(path).bytes().to_bytes()

        return await self.in_thread(work)

    async def beginning(self, path: str, size: int) -> bytes:
        """The first `size` bytes of a file, or all of one that has fewer. Raises NotStoredError."""
        validate_path(path)

        def work() -> bytes:
            with translate_store_errors(f"read {path}"):
                return bytes(next(iter(self._store.get(path).stream(min_chunk_size=size)), b""))[:size]

        return await self.in_thread(work)

    async def read(self, path: str) -> AsyncIterator[bytes]:
        """The file in chunks of about a mebibyte. Raises NotStoredError at the first one."""
        validate_path(path)

        def start() -> Callable[[], bytes | None]:
            with translate_store_errors(f"read {path}"):
                chunks = iter(self._store.get(path).stream(min_chunk_size=_CHUNK_BYTES))

            def following() -> bytes | None:
                with translate_store_errors(f"read {path}"):
                    chunk = next(chunks, None)
                return None if chunk is None else bytes(chunk)

            return following

        following = await self.in_thread(start)
        while (chunk := await self.in_thread(following)) is not None:
            yield chunk

    async def part(self, path: str, start: int, end: int) -> bytes:
        """The bytes of a file from `start` to before `end`. Raises NotStoredError."""
        validate_path(path)

        def work() -> bytes:
            with translate_store_errors(f"read {path}"):
                return self._store.get_range(path, start=start, end=end).to_bytes()

        return await self.in_thread(work)

    async def size(self, path: str) -> int | None:
        """Bytes of a file, None if there is no such file."""
        validate_path(path)

        def work() -> int:
            with translate_store_errors(f"look at {path}"):
                return self._store.head(path)["size"]

        with contextlib.suppress(NotStoredError):
            return await self.in_thread(work)
        return None

    async def exists(self, path: str) -> bool:
        return await self.size(path) is not None

    async def list(self, prefix: str = "") -> list[StoredObject]:
        """Every file in a folder and its subfolders, sorted by path; none if the folder does not exist."""
        if prefix:
            validate_path(prefix)

        def work() -> list[StoredObject]:
            with translate_store_errors(f"list {prefix or self.url}"):
                found = self._store.list(prefix or None).collect()
            return sorted(StoredObject(each["path"], each["size"]) for each in found)

        return await self.in_thread(work)

    async def versions(self, prefix: str) -> dict[str, str]:
        """What differs whenever a file was written anew, of every file in a folder and its subfolders, by path."""
        validate_path(prefix)

        def work() -> dict[str, str]:
            with translate_store_errors(f"list {prefix}"):
                found = self._store.list(prefix).collect()
            return {each["path"]: each["e_tag"] or each["last_modified"].isoformat() for each in found}

        return await self.in_thread(work)

    async def folders(self, prefix: str = "") -> Sequence[str]:
        """The names of the folders in a folder or at the top, sorted, without looking into them."""
        if prefix:
            validate_path(prefix)

        def work() -> list[str]:
            with translate_store_errors(f"list {prefix or self.url}"):
                found = self._store.list_with_delimiter(prefix or None)["common_prefixes"]
            return sorted(each.rpartition("/")[2] for each in found)

        return await self.in_thread(work)

    async def signed_link(self, path: str, lifetime: timedelta) -> str:
        """A link with which anyone can read a file of a bucket for so long. Raises StoreError for a folder."""
        validate_path(path)
        store = self._store
        if not isinstance(store, S3Store):
            raise StoreError(f"Cannot sign a link to {path}: the store is a folder")

        def work() -> str:
            with translate_store_errors(f"sign a link to {path}"):
                return sign(store, "GET", path, lifetime)

        return await self.in_thread(work)

    async def delete(self, path: str) -> None:
        """Removes a file. Idempotent."""
        await self._delete([validate_path(path)])

    async def delete_prefix(self, prefix: str) -> None:
        """Removes every file in a folder and its subfolders."""
        validate_path(prefix)
        await self._delete([entry.path for entry in await self.list(prefix)])
        if self.root:
            folder = self.root / prefix

            def work() -> None:
                with translate_store_errors(f"remove {prefix}"):
                    remove_staging_tree(folder)

            await self.in_thread(work)

    async def check(self) -> None:
        """Writes, reads and removes a small file. Raises StoreError with a message that says what does not work."""
        path = f".probe-{uuid.uuid4().hex}"
        try:
            await self.put(path, path.encode())
            read = await self.get(path)
            await self.delete(path)
        except StoreError as error:
            raise StoreError(f"The artifact store {self.url} does not work: {error}") from None
        if read != path.encode():
            raise StoreError(f"The artifact store {self.url} returned something else than what was written")

    async def _delete(self, paths: Sequence[str]) -> None:
        def remove(what: Sequence[str]) -> None:
            with translate_store_errors(f"remove {what[0]}"):
                self._store.delete(what)

        def work() -> None:
            try:
                remove(paths)
            except NotStoredError:
                # In a folder, the storage library stops at the first file that does not exist any more.
                for path in paths:
                    with contextlib.suppress(NotStoredError):
                        remove([path])

        if paths:
            await self.in_thread(work)

    def _write(self, path: str, data: bytes) -> None:
        self._prepare(path)
        self._store.put(path, data, use_multipart=False, attributes=self._attributes(path))
        self._settle(path)

    def _prepare(self, path: str) -> None:
        """Creates the folder of a file, because the storage library would make it readable for all users."""
        if self.root:
            make_folder((self.root / path).parent)

    def in_thread(self, work: Callable[[], _Result]) -> asyncio.Future[_Result]:
        """Runs a blocking operation in a thread of the store; it goes on there if the caller is cancelled."""
        return asyncio.get_running_loop().run_in_executor(self._threads, work)

    def _attributes(self, path: str) -> "Attributes | None":
        """The content type for objects in a bucket; a folder stores none."""
        return None if self.root else {"Content-Type": content_type_of(path)}

    def _content(self, path: str) -> bytes | None:
        try:
            return self._store.get(path).bytes().to_bytes()
        except FileNotFoundError:
            return None

    def _settle(self, path: str) -> None:
        if self.root:
            (self.root / path).chmod(FILE_MODE)
            make_durable(self.root / path)
            remove_staging_files(self.root / path)


def _open(url: str) -> ObjectStore:
    if url.startswith("s3://"):
        plain_http = os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://")
        return S3Store.from_url(
            url,
            client_options={"timeout": timedelta(seconds=_REQUEST_SECONDS), "allow_http": plain_http},
            retry_config={
                "max_retries": _RETRIES,
                "retry_timeout": timedelta(seconds=_REQUEST_SECONDS),
            },
        )
    if not url.startswith("file:///"):
        raise StoreError(f"ARTIFACTS_URL is {url!r}: it must be file:///an/absolute/folder or s3://bucket/prefix")
    make_folder(Path(unquote(urlsplit(url).path)))
    return LocalStore.from_url(url, automatic_cleanup=True)
