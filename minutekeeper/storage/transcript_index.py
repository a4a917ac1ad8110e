"""The index of all transcripts: a SQLite file with full-text search, made from the store and never the only copy.

Words are folded before they are stored (see `search_query`), so SQLite only has to cut at blanks. The number of a
row is that of its meeting and that of its turn in one, so that counting hits by meeting reads no text, and what is
known of one meeting is a range of numbers.
"""

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from minutekeeper.storage.index_file import IndexFile
from minutekeeper.transcripts.search_query import SearchQuery, searchable

_TURN_BITS = 20

_TABLES = """
CREATE TABLE meetings (
    number INTEGER PRIMARY KEY, record TEXT NOT NULL UNIQUE, version TEXT NOT NULL, meeting_id TEXT NOT NULL,
    workflow_id TEXT NOT NULL, title TEXT NOT NULL, start_time TEXT NOT NULL, transcripts TEXT NOT NULL
) STRICT;
CREATE INDEX meetings_by_start ON meetings (start_time);
CREATE TABLE turns (
    number INTEGER PRIMARY KEY, recording TEXT NOT NULL, start REAL NOT NULL, speaker TEXT NOT NULL,
    text TEXT NOT NULL
) STRICT;
CREATE TABLE completions (completed_at TEXT NOT NULL) STRICT;
CREATE VIRTUAL TABLE words USING fts5(text, content='', tokenize="ascii tokenchars '+#'");
"""


class IndexedTurn(NamedTuple):
    """What one speaker said from `start` on, in seconds; `recording` is the folder of a further recording."""

    recording: str
    start: float
    speaker: str
    text: str


class IndexedMeeting(NamedTuple):
    """One meeting of the index. `version` differs whenever its record was written anew.

    `transcripts` are the paths of its transcripts in the store, and how each of them is known.
    """

    record: str
    version: str
    meeting_id: str
    workflow_id: str
    title: str
    start_time: datetime
    transcripts: tuple[tuple[str, str], ...]


class FoundInMeeting(NamedTuple):
    """A meeting with hits: how many there are, and those that were asked for, in order of time."""

    meeting: IndexedMeeting
    hits: int
    turns: tuple[IndexedTurn, ...]


class FoundMeetings(NamedTuple):
    """The meetings of a page, the latest first, and how many meetings and hits there are in all."""

    meetings: int
    hits: int
    page: tuple[FoundInMeeting, ...]


class TranscriptIndex:
    """An index in one file, which several processes may use at a time. Methods raise OSError and sqlite3.Error.

    A file that is damaged, or of another layout, is made anew and has to be filled again; one that is no index is
    put aside. Both are logged.
    """

    def __init__(self, path: Path) -> None:
        self._file = IndexFile(path, _TABLES)

    def clear(self) -> None:
        """Removes all that it holds; the next operation begins anew."""
        self._file.clear()

    def known(self) -> dict[str, IndexedMeeting]:
        """Every meeting of the index, by the path of its record."""
        rows = self._file.use(lambda db: db.execute("SELECT * FROM meetings").fetchall())
        return {each.record: each for each in map(_meeting, rows)}

    def completed_at(self) -> datetime | None:
        """When everything in the store was last in it; None if that never was."""
        found = self._file.use(lambda db: db.execute("SELECT max(completed_at) FROM completions").fetchone()[0])
        return datetime.fromisoformat(found) if found else None

    def complete(self, now: datetime) -> None:
        """Notes that everything in the store is in it."""

        def write(db: sqlite3.Connection) -> None:
            db.execute("DELETE FROM completions")
            db.execute("INSERT INTO completions VALUES (?)", (now.astimezone(UTC).isoformat(),))

        self._file.change(write)

    def put(self, meeting: IndexedMeeting, turns: Sequence[IndexedTurn] | None) -> None:
        """Adds a meeting, or replaces it; without turns, only what is known about the meeting itself."""

        def write(db: sqlite3.Connection) -> None:
            found = db.execute("SELECT number FROM meetings WHERE record = ?", (meeting.record,)).fetchone()
            fields = (*meeting[:5], meeting.start_time.astimezone(UTC).isoformat(), _as_text(meeting.transcripts))
            number = found[0] if found else db.execute(_NEXT_NUMBER).fetchone()[0]
            db.execute(_PUT, (number, *fields))
            if turns is not None:
                _remove_turns(db, number)
                _add_turns(db, number, turns)

        self._file.change(write)

    def forget(self, records: Sequence[str]) -> None:
        """Removes meetings, and every trace of their words from the file. Idempotent."""

        def remove(db: sqlite3.Connection) -> bool:
            numbers = [
                row[0]
                for record in records
                for row in db.execute(
                    "DELETE FROM meetings WHERE record = ? RETURNING number", (record,)
                ).fetchall()
            ]
            for number in numbers:
                _remove_turns(db, number)
            if numbers:
                # Full-text search only notes what was removed, until its parts are merged.
                db.execute("INSERT INTO words (words) VALUES ('optimize')")
            return bool(numbers)

        if self._file.change(remove):
            with contextlib.suppress(sqlite3.OperationalError):  # another process reads; the log is short-lived
                self._file.use(lambda db: db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall())

    def search(self, query: SearchQuery, *, skip: int, limit: int, turns: int) -> FoundMeetings:
        """The meetings in which a turn has all phrases, the latest first, each with its first hits.

        Args:
            query: What to look for.
            skip: Number of meetings that are left out, because they were on earlier pages.
            limit: Most meetings.
            turns: Most hits of each.
        """
        words = _match(query)

        def read(db: sqlite3.Connection) -> FoundMeetings:
            meetings, hits = db.execute(_TOTALS, (_TURN_BITS, words)).fetchone()
            rows = db.execute(_PAGE, (_TURN_BITS, words, limit, skip)).fetchall()
            page = [
                FoundInMeeting(_meeting(row), row[-1], tuple(_turns(db, words, row[0], 0, turns))) for row in rows
            ]
            return FoundMeetings(meetings, hits, tuple(page))

        return self._file.use(read)

    def search_meeting(
        self, query: SearchQuery, meeting_id: str, *, skip: int, limit: int
    ) -> FoundInMeeting | None:
        """The hits of one meeting, in order of time; None if it has none. Of several runs the latest counts."""
        words = _match(query)

        def read(db: sqlite3.Connection) -> FoundInMeeting | None:
            row = db.execute(_LATEST_RUN, (meeting_id,)).fetchone()
            if row is None:
                return None
            number = row[0]
            hits = db.execute(
                "SELECT count(*) FROM words WHERE words MATCH ? AND rowid BETWEEN ? AND ?", (words, *_range(number))
            ).fetchone()[0]
            found = tuple(_turns(db, words, number, skip, limit))
            return FoundInMeeting(_meeting(row), hits, found) if hits else None

        return self._file.use(read)


_NEXT_NUMBER = "SELECT coalesce(max(number), 0) + 1 FROM meetings"
_PUT = """
INSERT INTO meetings VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (record) DO UPDATE SET
version = excluded.version, meeting_id = excluded.meeting_id, workflow_id = excluded.workflow_id,
title = excluded.title, start_time = excluded.start_time, transcripts = excluded.transcripts
"""
_TOTALS = """
SELECT count(*), coalesce(sum(hits), 0)
FROM (SELECT rowid >> ? AS number, count(*) AS hits FROM words WHERE words MATCH ? GROUP BY 1)
"""
_PAGE = """
SELECT m.*, hits
FROM (SELECT rowid >> ? AS number, count(*) AS hits FROM words WHERE words MATCH ? GROUP BY 1)
JOIN meetings AS m USING (number) ORDER BY m.start_time DESC, m.number DESC LIMIT ? OFFSET ?
"""
_LATEST_RUN = "SELECT * FROM meetings WHERE meeting_id = ? ORDER BY start_time DESC, number DESC"


def _match(query: SearchQuery) -> str:
    """The query in the language of full-text search: only quoted words of letters and digits."""
    phrases = [f'"{" ".join(phrase)}"' for phrase in query.phrases]
    return " ".join(phrases) + ("*" if query.is_open else "")


def _range(number: int) -> tuple[int, int]:
    return number << _TURN_BITS, ((number + 1) << _TURN_BITS) - 1


def _remove_turns(db: sqlite3.Connection, number: int) -> None:
    rows = db.execute("SELECT number, text FROM turns WHERE number BETWEEN ? AND ?", _range(number)).fetchall()
    removed = [(row, searchable(text)) for row, text in rows]
    db.executemany("INSERT INTO words (words, rowid, text) VALUES ('delete', ?, ?)", removed)
    db.execute("DELETE FROM turns WHERE number BETWEEN ? AND ?", _range(number))


def _add_turns(db: sqlite3.Connection, number: int, turns: Sequence[IndexedTurn]) -> None:
    first, last = _range(number)
    numbered = list(zip(range(first, last + 1), turns, strict=False))
    db.executemany("INSERT INTO turns VALUES (?, ?, ?, ?, ?)", ((row, *turn) for row, turn in numbered))
    words = ((row, searchable(turn.text)) for row, turn in numbered)
    db.executemany("INSERT INTO words (rowid, text) VALUES (?, ?)", words)


def _turns(db: sqlite3.Connection, words: str, number: int, skip: int, limit: int) -> Iterator[IndexedTurn]:
    rows = db.execute(
        "SELECT t.recording, t.start, t.speaker, t.text FROM words JOIN turns AS t ON t.number = words.rowid"
        " WHERE words MATCH ? AND words.rowid BETWEEN ? AND ? ORDER BY words.rowid LIMIT ? OFFSET ?",
        (words, *_range(number), limit, skip),
    )
    return (IndexedTurn(*row) for row in rows)


def _as_text(transcripts: Sequence[tuple[str, str]]) -> str:
    return "\n".join(f"{version}\t{path}" for path, version in transcripts)


def _meeting(row: Sequence[Any]) -> IndexedMeeting:
    _, record, version, meeting_id, workflow_id, title, start_time, transcripts, *_ = row
    pairs = (line.partition("\t") for line in transcripts.splitlines())
    paths = tuple((path, known) for known, _, path in pairs)
    start = datetime.fromisoformat(start_time)
    return IndexedMeeting(record, version, meeting_id, workflow_id, title, start, paths)
