"""A SQLite file that is only a copy of what the store says, and is made anew when it is damaged.

Everything here blocks, so it belongs into a thread. Each operation opens a connection of its own, because another
process may have put a new file in the place of a damaged one.
"""

import fcntl
import logging
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum, auto
from pathlib import Path
from typing import TypeVar

from minutekeeper.storage.filesystem import FILE_MODE, make_folder

logger = logging.getLogger("minutekeeper.search")

_Result = TypeVar("_Result")

_APPLICATION_ID = 0x4D6B5478
_LAYOUT = 1
"""Changes with the tables: a file of another layout is made anew."""
_BUSY_SECONDS = 30
_HEADER = b"SQLite format 3\x00"
_HEADER_BYTES = 100
_LAYOUT_AT, _APPLICATION_ID_AT = slice(60, 64), slice(68, 72)
_DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


class _FileState(Enum):
    USABLE = auto()
    MISSING = auto()
    FOREIGN = auto()
    OUTDATED = auto()


class IndexFile:
    """A file that several processes may use at a time. Methods raise OSError and sqlite3.Error.

    A damaged file, or one of another layout, is made anew and has to be filled again; one that is no index is put
    aside. All of that is logged.
    """

    def __init__(self, path: Path, tables: str) -> None:
        """`tables` are the statements that make the tables."""
        self.path = path
        self._tables = tables

    def clear(self) -> None:
        """Removes the file; the next operation begins a new one."""
        with self._locked():
            self._remove_file()

    def change(self, work: Callable[[sqlite3.Connection], _Result]) -> _Result:
        def changed(db: sqlite3.Connection) -> _Result:
            db.execute("BEGIN IMMEDIATE")
            with db:
                return work(db)

        return self.use(changed)

    def use(self, work: Callable[[sqlite3.Connection], _Result]) -> _Result:
        self._prepare()
        try:
            with self._connected() as db:
                return work(db)
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise
            logger.warning("The search index %s is damaged (%s) and is made anew.", self.path, error)
            self.clear()
        self._prepare()
        with self._connected() as db:
            return work(db)

    def _prepare(self) -> None:
        """Makes the file if there is none that can be used."""
        if self._state() is _FileState.USABLE:
            return
        with self._locked():
            if (state := self._state()) is _FileState.USABLE:
                return
            if state is _FileState.FOREIGN:
                aside = self.path.with_name(f"{self.path.name}.not-an-index")
                logger.warning("%s is no search index. It is now %s, and an index is made.", self.path, aside.name)
                self.path.replace(aside)
            elif state is _FileState.OUTDATED:
                logger.warning("The search index %s has another layout and is made anew.", self.path)
            self._remove_file()
            self._make()

    def _state(self) -> _FileState:
        try:
            with self.path.open("rb") as file:
                header = file.read(_HEADER_BYTES)
        except FileNotFoundError:
            return _FileState.MISSING
        is_ours = header[_APPLICATION_ID_AT] == _APPLICATION_ID.to_bytes(4, "big")
        if not header.startswith(_HEADER) or not is_ours:
            return _FileState.FOREIGN if header else _FileState.MISSING
        return _FileState.USABLE if header[_LAYOUT_AT] == _LAYOUT.to_bytes(4, "big") else _FileState.OUTDATED

    def _make(self) -> None:
        """Makes an empty index beside its place and moves it there, so that no process sees half of it."""
        new = self.path.with_name(f"{self.path.name}.new")
        new.unlink(missing_ok=True)
        os.close(os.open(new, os.O_CREAT | os.O_WRONLY, FILE_MODE))
        db = sqlite3.connect(new)
        try:
            db.executescript(self._tables)
            db.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            db.execute(f"PRAGMA user_version = {_LAYOUT}")
        finally:
            db.close()
        new.replace(self.path)

    def _remove_file(self) -> None:
        for end in ("", "-wal", "-shm"):
            self.path.with_name(f"{self.path.name}{end}").unlink(missing_ok=True)

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        db = sqlite3.connect(self.path, timeout=_BUSY_SECONDS, isolation_level=None)
        try:
            # What is removed is overwritten, because it may have been erased for good reasons.
            db.execute("PRAGMA secure_delete = ON")
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
            yield db
        finally:
            db.close()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Only one process at a time makes or removes the file."""
        make_folder(self.path.parent)
        handle = os.open(self.path.with_name(f"{self.path.name}.lock"), os.O_CREAT | os.O_RDWR, FILE_MODE)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in _DAMAGE or "no such table" in str(error)
