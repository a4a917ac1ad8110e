"""A file that grows on a disk, hidden until it is whole."""

import contextlib
import fcntl
import hashlib
import io
import os
import threading
import uuid
from collections.abc import Iterable
from pathlib import Path

from artifacts.errors import SpoiltPartError
from artifacts.journal import Journal, Mark, journals_in, write_all
from artifacts.local import make_folder, open_privately, sync

_CHUNK_BYTES = 1024 * 1024


class PartFile:
    """The file of one writer, in a folder where all writers write the same bytes. Every call blocks.

    A writer goes on in the file of a dead one; that of one which may only be frozen, and wake up, it copies. Either
    way bytes count for as long as they are what the journal says, whatever a crash or a power cut did to them.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._journal = Journal(part=folder / f"{uuid.uuid4().hex}.part")
        # A call that nobody waits for any more goes on in its thread: whatever comes next must wait for it.
        self._lock = threading.Lock()
        self._is_abandoned = False
        self._file: io.FileIO | None = None
        self._hash = hashlib.sha256()
        self._size = 0

    @property
    def sha256(self) -> str:
        """The hash of what was written."""
        return self._hash.hexdigest()

    def take_over(self) -> int:
        """Goes on with the most of what earlier writers left: the number of bytes. Raises OSError."""
        with self._lock:
            left = journals_in(self._folder)
            for journal in left:
                if not self._size:
                    self._take(journal)
            for journal in left:
                if journal.part != self._journal.part:
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
            self._journal.note(self._mark())

    def sync(self) -> None:
        """Makes what was written survive a power cut; writing may go on meanwhile. Raises OSError."""
        with self._lock:
            if self._is_abandoned or self._file is None:
                return
            handle = os.dup(self._file.fileno())
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        self._journal.sync()

    def read(self, position: int, size: int) -> bytes:
        """A part of what was written. Raises OSError."""
        with self._lock:
            self._opened()
            with self._journal.part.open("rb", buffering=0) as file:
                return os.pread(file.fileno(), min(size, self._size - position), position)

    def move(self, target: Path) -> str:
        """Puts the file, safely on the disk, under its final name: its SHA-256.

        It is read again before, because a writer that woke up, on a disk without locks, may have written to it.
        Raises OSError and SpoiltPartError.
        """
        with self._lock:
            os.fsync(self._opened())
            self._compare()
            self._journal.note(self._mark(os.path.relpath(target, self._folder)))
            make_folder(target.parent)
            self._journal.part.replace(target)
            sync(target.parent)
            self._close()
            return self.sha256

    def abandon(self) -> None:
        """Ends the writing, also that which is under way; what was written stays for the next writer."""
        self._is_abandoned = True
        with self._lock:
            self._close()

    def _compare(self) -> None:
        digest = hashlib.sha256()
        with self._journal.part.open("rb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            while chunk := file.read(_CHUNK_BYTES):
                if self._is_abandoned:
                    raise InterruptedError
                digest.update(chunk)
        if (size, digest.digest()) != (self._size, self._hash.digest()):
            raise SpoiltPartError(f"the file on the disk has {size} bytes, {self._size} were received")

    def _opened(self) -> io.FileIO:
        if self._file is None:
            make_folder(self._folder)
            self._file = io.FileIO(self._journal.part, "xb", opener=open_privately)
            _lock(self._file, self._journal.part)
            sync(self._folder)
        return self._file

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _mark(self, moved_to: str = "") -> Mark:
        return Mark(size=self._size, sha256=self.sha256, moved_to=moved_to)

    def _take(self, journal: Journal) -> None:
        with contextlib.suppress(FileNotFoundError):
            file = journal.part.open("r+b", buffering=0)
            if _lock(file, journal.part):
                self._close()
                self._journal, self._file = journal, file
                self._prove(journal, file)
                self._cut(file)
                return
            file.close()
        for source in filter(None, (journal.part, journal.moved_to)):
            with contextlib.suppress(FileNotFoundError), source.open("rb", buffering=0) as file:
                self._copy(journal, file)
                return

    def _copy(self, journal: Journal, source: io.FileIO) -> None:
        try:
            mine = self._opened()
            self._prove(journal, source, mine)
            self._cut(mine)
            os.fsync(mine)
            self._journal.note(self._mark())
            self._journal.sync()
        except OSError:
            # A disk that has no room for two must not be left with one and a half.
            self._close()
            self._journal.remove()
            raise

    def _prove(self, journal: Journal, source: io.FileIO, copy: io.FileIO | None = None) -> None:
        """Finds out how much is there: up to the last mark that is true."""
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

    def _cut(self, file: io.FileIO) -> None:
        file.truncate(self._size)
        file.seek(self._size)


def _lock(file: io.FileIO, path: Path) -> bool:
    """Whether the file is ours now, and still lies there: who lives holds a lock, where the disk knows locks."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except OSError:
        return False
