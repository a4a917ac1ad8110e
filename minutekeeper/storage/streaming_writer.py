"""Writes a file that is too large for memory, and makes it visible when it is complete."""

import asyncio
import contextlib
import hashlib
import threading
from concurrent.futures import Executor
from typing import TYPE_CHECKING

import obstore
from obstore.store import ObjectStore

from minutekeeper.meetings.views import Artifact
from minutekeeper.storage.errors import translate_store_errors

if TYPE_CHECKING:
    from obstore import Attributes

_BUFFER_BYTES = 8 * 1024 * 1024
_PARALLEL_UPLOADS = 2
"""Buffer and uploads bound the memory of one writer to about three buffers."""


class ArtifactWriter:
    """A file that is being written. `artifact` is set once the file is visible under its name."""

    def __init__(
        self, store: ObjectStore, path: str, threads: Executor, attributes: "Attributes | None" = None
    ) -> None:
        self._file = obstore.open_writer(
            store, path, attributes=attributes, buffer_size=_BUFFER_BYTES, max_concurrency=_PARALLEL_UPLOADS
        )
        self._path = path
        self._threads = threads
        # A cancelled call goes on in its thread, so the next call has to wait for it.
        self._lock = threading.Lock()
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
            with self._lock:
                with translate_store_errors(f"write {self._path}"):
                    self._file.write(data)
                self._hash.update(data)
                self._size += len(data)

        await asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def commit(self) -> None:
        """Makes the file visible under its name. Raises StoreError."""

        def work() -> None:
            with self._lock, translate_store_errors(f"write {self._path}"):
                self._file.close()

        await asyncio.get_running_loop().run_in_executor(self._threads, work)
        self._artifact = Artifact(path=self._path, size=self._size, sha256=self._hash.hexdigest())

    def abandon(self, error: BaseException) -> None:
        """Removes what was written, in the background, because a cancelled caller must stop at once."""

        def work() -> None:
            # What cannot be removed was never visible, and the current error is more helpful.
            with self._lock, contextlib.suppress(Exception):
                self._file.__exit__(type(error), error, None)

        self._threads.submit(work)
