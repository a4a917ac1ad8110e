"""Where the bytes of a file lie while it is on its way: in one hidden file in a folder, in pieces in a bucket."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

from artifacts.errors import in_plain_words
from artifacts.part_file import PartFile
from artifacts.store import ArtifactStore
from meetings.outcome import Artifact

_Result = TypeVar("_Result")

_BATCH_BYTES = 256 * 1024
_SYNC_BYTES = 32 * 1024 * 1024
"""Waiting for the disk more often would slow a download down, and only a power cut would make it worth while."""


class Part(Protocol):
    """`size` is the number of bytes that are here, in memory or in the store. All calls may raise StoreError."""

    @property
    def size(self) -> int: ...

    async def take_over(self) -> None:
        """Goes on with what earlier attempts left."""

    async def write(self, data: bytes) -> None:
        """Appends; bytes that a crash would cost are fewer than a piece."""

    async def keep(self) -> None:
        """Puts everything into the store."""

    async def assemble(self, path: str) -> Artifact:
        """Makes one file of it under its final name; nothing may be written afterwards."""

    async def stop(self) -> None:
        """Ends the work; what is in the store stays there, and nothing joins it any more."""

    def abandon(self) -> None:
        """The same without waiting."""


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


class BucketPart:
    """An object for each piece, named for the offset of its first byte, so that nobody can tear a hole."""

    def __init__(self, store: ArtifactStore, folder: str, piece_bytes: int) -> None:
        self._store = store
        self._folder = folder
        self._piece_bytes = piece_bytes
        self._paths: list[str] = []
        self._stored = 0
        self._buffer = bytearray()

    @property
    def size(self) -> int:
        return self._stored + len(self._buffer)

    async def take_over(self) -> None:
        found = dict(await self._store.list(self._folder))
        while (length := found.get(self._next_path, 0)) > 0:
            self._paths.append(self._next_path)
            self._stored += length

    async def write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            fits = view[: self._piece_bytes - len(self._buffer)]
            view = view[len(fits) :]
            self._buffer += fits
            if len(self._buffer) == self._piece_bytes:
                await self.keep()

    async def keep(self) -> None:
        if self._buffer:
            await self._store.put(self._next_path, bytes(self._buffer))
            self._paths.append(self._next_path)
            self._stored += len(self._buffer)
            self._buffer.clear()

    async def assemble(self, path: str) -> Artifact:
        if not self._paths:
            return await self._store.put(path, bytes(self._buffer))
        async with self._store.writer(path) as writer:
            for piece in self._paths:
                async for chunk in self._store.read(piece):
                    await writer.write(chunk)
            await writer.write(bytes(self._buffer))
        return writer.artifact

    async def stop(self) -> None:
        """Nothing goes on by itself here."""

    def abandon(self) -> None:
        """As above."""

    @property
    def _next_path(self) -> str:
        return f"{self._folder}/{self._stored:015d}"


def part_in(store: ArtifactStore, folder: str, piece_bytes: int) -> Part:
    """A part where only attempts at the same bytes look. `piece_bytes` is what a crash costs at most."""
    if store.root is not None:
        return FolderPart(store, store.root, folder, piece_bytes)
    return BucketPart(store, folder, piece_bytes)
