"""Writing a file that is too large for memory, so that nobody ever sees half of it."""

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

import obstore
from obstore.store import ObjectStore

from artifacts.errors import in_plain_words
from meetings.outcome import Artifact

_BUFFER_BYTES = 8 * 1024 * 1024
_PARALLEL_UPLOADS = 2
"""Buffer and uploads bound the memory of one writer to about three buffers."""

InThread = Callable[[Callable[[], Any]], Awaitable[Any]]


class ArtifactWriter:
    """A file that is being written. `artifact` is known once the file stands under its name."""

    def __init__(self, store: ObjectStore, path: str, in_thread: InThread) -> None:
        self._file = obstore.open_writer(store, path, buffer_size=_BUFFER_BYTES, max_concurrency=_PARALLEL_UPLOADS)
        self._path = path
        self._in_thread = in_thread
        self._hash = hashlib.sha256()
        self._size = 0
        self._artifact: Artifact | None = None

    @property
    def artifact(self) -> Artifact:
        if self._artifact is None:
            raise RuntimeError(f"{self._path} is not finished")
        return self._artifact

    async def write(self, data: bytes) -> None:
        """Raises StoreError."""

        def work() -> None:
            with in_plain_words(f"write {self._path}"):
                self._file.write(data)
            self._hash.update(data)
            self._size += len(data)

        await self._in_thread(work)

    async def commit(self) -> None:
        """Puts the file under its name. Raises StoreError."""

        def work() -> None:
            with in_plain_words(f"write {self._path}"):
                self._file.close()

        await self._in_thread(work)
        self._artifact = Artifact(path=self._path, size=self._size, sha256=self._hash.hexdigest())

    def abandon(self) -> None:
        """Drops the file: the storage library removes what was written when nothing refers to it any more."""
        del self._file
