"""A partial file in a local folder: appended to, verified by its checksum log after a crash, and resumed."""

import asyncio
import contextlib
import fcntl
import hashlib
import io
import os
import threading
import uuid
from collections.abc import AsyncIterator, Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TypeVar

from minutekeeper.downloads.checksum_log import Checkpoint, ChecksumLog, checksum_logs_in, write_all
from minutekeeper.meetings.views import Artifact
from minutekeeper.storage.errors import DamagedPartError, translate_store_errors
from minutekeeper.storage.filesystem import make_folder, open_privately, sync
from minutekeeper.storage.store import ArtifactStore

_CHUNK_BYTES = 1024 * 1024


class LockedFile:
    """The file of one writer, in a folder where all writers write the same bytes. Every call blocks.

    A writer resumes in the file of a dead writer; the file of one that may only be frozen is copied. Either way
    bytes count as far as they match the checksum log, whatever a crash or a power cut did to them.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._log = ChecksumLog(part=folder / f"{uuid.uuid4().hex}.part")
        # A cancelled call goes on in its thread, so the next call has to wait for it.
        self._lock = threading.Lock()
        self._is_abandoned = False
        self._file: io.FileIO | None = None
        self._hash = hashlib.sha256()
        self._size = 0

    @property
    def sha256(self) -> str:
        """The hash of what was written."""
        return self._hash.hexdigest()

    def resume(self) -> int:
        """Resumes with the largest part that earlier writers left; returns its size in bytes. Raises OSError."""
        with self._lock:
            left = checksum_logs_in(self._folder)
            for journal in left:
                if not self._size:
                    self._resume_from(journal)
            for journal in left:
                if journal.part != self._log.part:
                    journal.remove()
            return self._size

    def write(self, batch: Iterable[memoryview]) -> None:
        """Appends. Raises OSError."""
        with self._lock:
            if self._is_abandoned:
                return
            file = self._opened()
            for data in batch:
                write_all(file, data)
                self._hash.update(data)
                self._size += len(data)
            self._log.append(self._checkpoint())

    def sync(self) -> None:
        """Syncs what was written to the disk; writing may go on meanwhile. Raises OSError."""
        with self._lock:
            if self._is_abandoned or self._file is None:
                return
            handle = os.dup(self._file.fileno())
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        self._log.sync()

    def read(self, position: int, size: int) -> bytes:
        """A part of what was written. Raises OSError."""
        with self._lock:
            self._opened()
            with self._log.part.open("rb", buffering=0) as file:
                return os.pread(file.fileno(), min(size, self._size - position), position)

    def move(self, target: Path) -> str:
        """Syncs the file, gives it its final name, and returns its SHA-256.

        It is read again before, because a writer that was frozen may have written to it on a disk without locks.
        Raises OSError and DamagedPartError.
        """
        with self._lock:
            os.fsync(self._opened())
            self._compare()
            self._log.append(self._checkpoint(os.path.relpath(target, self._folder)))
            make_folder(target.parent)
            self._log.part.replace(target)
            sync(target.parent)
            self._close()
            return self.sha256

    def close_without_waiting(self) -> None:
        """Stops writing, also a call that is in progress; what was written stays for the next writer."""
        self._is_abandoned = True
        with self._lock:
            self._close()

    def _compare(self) -> None:
        digest = hashlib.sha256()
        with self._log.part.open("rb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            while chunk := file.read(_CHUNK_BYTES):
                if self._is_abandoned:
                    raise InterruptedError
                digest.update(chunk)
        if (size, digest.digest()) != (self._size, self._hash.digest()):
            raise DamagedPartError(f"the file on the disk has {size} bytes, {self._size} were received")

    def _opened(self) -> io.FileIO:
        if self._file is None:
            make_folder(self._folder)
            self._file = io.FileIO(self._log.part, "xb", opener=open_privately)
            _lock(self._file, self._log.part)
            sync(self._folder)
        return self._file

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _checkpoint(self, moved_to: str = "") -> Checkpoint:
        return Checkpoint(size=self._size, sha256=self.sha256, moved_to=moved_to)

    def _resume_from(self, journal: ChecksumLog) -> None:
        with contextlib.suppress(FileNotFoundError):
            file = journal.part.open("r+b", buffering=0)
            if _lock(file, journal.part):
                self._close()
                self._log, self._file = journal, file
                self._verify(journal, file)
                self._truncate(file)
                return
            file.close()
        for source in filter(None, (journal.part, journal.moved_to)):
            with contextlib.suppress(FileNotFoundError), source.open("rb", buffering=0) as file:
                self._copy(journal, file)
                return

    def _copy(self, journal: ChecksumLog, source: io.FileIO) -> None:
        try:
            mine = self._opened()
            self._verify(journal, source, mine)
            self._truncate(mine)
            os.fsync(mine)
            self._log.append(self._checkpoint())
            self._log.sync()
        except OSError:
            # A copy that does not fit on the disk must not be left there.
            self._close()
            self._log.remove()
            raise

    def _verify(self, journal: ChecksumLog, source: io.FileIO, copy: io.FileIO | None = None) -> None:
        """Finds out how much of the file is valid: up to the last checkpoint that matches."""
        digest, position = hashlib.sha256(), 0
        for mark in journal.marks:
            while position < mark.size:
                chunk = source.read(min(_CHUNK_BYTES, mark.size - position))
                if self._is_abandoned:
                    raise InterruptedError
                if not chunk:
                    return
                digest.update(chunk)
                position += len(chunk)
                if copy is not None:
                    write_all(copy, chunk)
            if digest.hexdigest() == mark.sha256:
                self._hash, self._size = digest.copy(), position

    def _truncate(self, file: io.FileIO) -> None:
        file.truncate(self._size)
        file.seek(self._size)


def _lock(file: io.FileIO, path: Path) -> bool:
    """Whether the lock was acquired and the file still exists.

    Running writers hold a lock, if the disk supports locks.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except OSError:
        return False


_Result = TypeVar("_Result")

_BATCH_BYTES = 256 * 1024

_READ_BYTES = 1024 * 1024

_SYNC_BYTES = 32 * 1024 * 1024
"""Syncing more often would slow downloads down, and would only help after a power cut."""


class LocalPartialFile:
    """A partial file on the local disk.

    While a batch is hashed and written in a thread, the next one is received: a crash costs both. A power cut costs
    at most what was received since the last sync began.
    """

    def __init__(self, store: ArtifactStore, root: Path, folder: str, piece_bytes: int) -> None:
        self.size = 0
        self._store = store
        self._root = root
        self._folder = folder
        self._file = LockedFile(root / folder)
        self._batch_bytes = min(_BATCH_BYTES, piece_bytes // 2)
        self._batch: list[memoryview] = []
        self._waiting = 0
        self._writing: asyncio.Future[None] | None = None
        self._syncing: asyncio.Future[None] | None = None
        self._synced = 0

    async def resume(self) -> None:
        self.size = self._synced = await self._in_thread(self._folder, self._file.resume)

    async def write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            fits = view[: self._batch_bytes - self._waiting]
            view = view[len(fits) :]
            self._batch.append(fits)
            self._waiting += len(fits)
            self.size += len(fits)
            if self._waiting == self._batch_bytes:
                await self._write_batch()

    async def keep(self) -> None:
        if self._batch:
            await self._write_batch()
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
            raise DamagedPartError(f"the file on the disk has {position} bytes, {self.size} were received")

    async def assemble(self, path: str) -> Artifact:
        await self.keep()
        await _end(self._syncing)
        digest = await self._in_thread(path, lambda: self._file.move(self._root / path))
        return Artifact(path=path, size=self.size, sha256=digest)

    async def stop(self) -> None:
        await self._in_thread(self._folder, self._file.close_without_waiting)

    def close_without_waiting(self) -> None:
        self._in_thread(self._folder, self._file.close_without_waiting)

    async def _write_batch(self) -> None:
        batch, self._batch, self._waiting = self._batch, [], 0
        await _end(self._writing)
        if self.size - self._synced > _SYNC_BYTES:
            await _end(self._syncing)
            self._syncing = self._in_thread(self._folder, self._file.sync)
            self._synced = self.size
        self._writing = self._in_thread(self._folder, lambda: self._file.write(batch))

    def _in_thread(self, path: str, work: Callable[[], _Result]) -> asyncio.Future[_Result]:
        def in_words() -> _Result:
            with translate_store_errors(f"write {path}"):
                return work()

        future = self._store.in_thread(in_words)
        # A cancelled caller does not need the result.
        future.add_done_callback(lambda done: done.cancelled() or done.exception())
        return future


async def _end(work: asyncio.Future[None] | None) -> None:
    if work is not None:
        await work
