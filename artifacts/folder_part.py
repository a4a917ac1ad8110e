"""What is here of a download into a folder."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from artifacts.errors import SpoiltPartError, in_plain_words
from artifacts.part_file import PartFile
from artifacts.store import ArtifactStore
from meetings.outcome import Artifact

_Result = TypeVar("_Result")

_BATCH_BYTES = 256 * 1024
_READ_BYTES = 1024 * 1024
_SYNC_BYTES = 32 * 1024 * 1024
"""Waiting for the disk more often would slow a download down, and only a power cut would make it worth while."""


class FolderPart:
    """One file on this machine's disk.

    While a batch is hashed and written in a thread, the next one comes in: a crash costs both. A power cut costs at
    most what came since the disk was waited for last, and what it was waited for.
    """

    def __init__(self, store: ArtifactStore, root: Path, folder: str, piece_bytes: int) -> None:
        self.size = 0
        self._store = store
        self._root = root
        self._folder = folder
        self._file = PartFile(root / folder)
        self._batch_bytes = min(_BATCH_BYTES, piece_bytes // 2)
        self._batch: list[memoryview] = []
        self._waiting = 0
        self._writing: asyncio.Future[None] | None = None
        self._syncing: asyncio.Future[None] | None = None
        self._synced = 0

    async def take_over(self) -> None:
        self.size = self._synced = await self._in_thread(self._folder, self._file.take_over)

    async def write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            fits = view[: self._batch_bytes - self._waiting]
            view = view[len(fits) :]
            self._batch.append(fits)
            self._waiting += len(fits)
            self.size += len(fits)
            if self._waiting == self._batch_bytes:
                await self._hand_over()

    async def keep(self) -> None:
        if self._batch:
            await self._hand_over()
        await _end(self._writing)

    async def head(self, size: int) -> bytes:
        await self.keep()
        return await self._in_thread(self._folder, lambda: self._file.read(0, size))

    async def read(self) -> AsyncIterator[bytes]:
        await self.keep()
        position, digest = 0, hashlib.sha256()
        while position < self.size:
            chunk = await self._in_thread(self._folder, partial(self._file.read, position, _READ_BYTES))
            if not chunk:
                break
            digest.update(chunk)
            position += len(chunk)
            yield chunk
        if (position, digest.hexdigest()) != (self.size, self._file.sha256):
            raise SpoiltPartError(f"the file on the disk has {position} bytes, {self.size} were received")

    async def assemble(self, path: str) -> Artifact:
        await self.keep()
        await _end(self._syncing)
        digest = await self._in_thread(path, lambda: self._file.move(self._root / path))
        return Artifact(path=path, size=self.size, sha256=digest)

    async def stop(self) -> None:
        await self._in_thread(self._folder, self._file.abandon)

    def abandon(self) -> None:
        self._in_thread(self._folder, self._file.abandon)

    async def _hand_over(self) -> None:
        batch, self._batch, self._waiting = self._batch, [], 0
        await _end(self._writing)
        if self.size - self._synced > _SYNC_BYTES:
            await _end(self._syncing)
            self._syncing = self._in_thread(self._folder, self._file.sync)
            self._synced = self.size
        self._writing = self._in_thread(self._folder, lambda: self._file.write(batch))

    def _in_thread(self, path: str, work: Callable[[], _Result]) -> asyncio.Future[_Result]:
        def in_words() -> _Result:
            with in_plain_words(f"write {path}"):
                return work()

        future = self._store.in_thread(in_words)
        # Whoever was cancelled asks for no result, and that is no omission.
        future.add_done_callback(lambda done: done.cancelled() or done.exception())
        return future


async def _end(work: asyncio.Future[None] | None) -> None:
    if work is not None:
        await work
