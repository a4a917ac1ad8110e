"""Brings the index of transcripts in line with the store."""

import asyncio
import itertools
import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, TypeVar

from pydantic import ValidationError

from minutekeeper.meetings.ids import RECORDS
from minutekeeper.meetings.record import MeetingRecord
from minutekeeper.storage import layout
from minutekeeper.storage.errors import NotStoredError
from minutekeeper.storage.store import ArtifactStore
from minutekeeper.storage.transcript_index import IndexedMeeting, IndexedTurn, TranscriptIndex
from minutekeeper.text import one_line
from minutekeeper.transcripts.speakers import read_turns

logger = logging.getLogger("minutekeeper.search")

_Item = TypeVar("_Item")

_TRANSCRIPT = "transcript.json"
_MAX_TRANSCRIPT_BYTES = 64 * 1024 * 1024
_AT_ONCE = 16
_RECENT_DAYS = 3
_LONGEST_NAME = 300
"""Characters of a title or a speaker's name; what is longer is no name."""


class IndexChanges(NamedTuple):
    """How many meetings were added or read again, removed, and had nothing new; and how many are not readable."""

    written: int = 0
    removed: int = 0
    unchanged: int = 0
    unreadable: int = 0


class TranscriptIndexer:
    """Fills an index from the records and transcripts in a store. Methods raise StoreError and sqlite3.Error.

    Only one process should do so at a time, though no harm is done if two do.
    """

    def __init__(self, store: ArtifactStore, index: TranscriptIndex) -> None:
        self._store = store
        self._index = index

    async def update_all(self, progress: Callable[[int, int], Awaitable[None]]) -> IndexChanges:
        """Takes in every record that is new or changed, and removes what the store does not have any more.

        Args:
            progress: Is called after every meeting that was read, with how many were and how many are to be.
        """
        versions: dict[str, str] = {}
        for year in await self._store.folders(RECORDS):
            if year.isdecimal():
                versions |= await self._store.versions(f"{RECORDS}/{year}")
        known = await asyncio.to_thread(self._index.known)
        removed = await self.forget_missing(known.values(), versions)
        changes = await self._take_in(versions, known, progress, removed)
        await asyncio.to_thread(self._index.complete, datetime.now(UTC))
        return changes

    async def update_recent(self, now: datetime) -> IndexChanges:
        """The same for meetings that started in the last days, which costs a listing for each day."""
        days = [layout.record_day(now + timedelta(days=1 - back)) for back in range(_RECENT_DAYS + 1)]
        listed = await asyncio.gather(*map(self._store.versions, days))
        versions = {path: version for found in listed for path, version in found.items()}
        known = await asyncio.to_thread(self._index.known)
        of_days = [each for each in known.values() if each.record.startswith(tuple(f"{day}/" for day in days))]
        gone = [each.record for each in of_days if each.record not in versions]
        await asyncio.to_thread(self._index.forget, gone)
        return await self._take_in(versions, known, _without_progress, len(gone))

    async def forget_missing(
        self, meetings: Iterable[IndexedMeeting], records: Collection[str] | None = None
    ) -> int:
        """Removes meetings of which a transcript, or the record, is not in the store; how many they are.

        Args:
            meetings: Those that are looked at.
            records: The paths of all records, if they were just listed.
        """
        gone: list[str] = []
        for some in _batches(list(meetings)):
            left = await asyncio.gather(*(self._is_stored(each, records) for each in some))
            gone += [each.record for each, is_stored in zip(some, left, strict=True) if not is_stored]
        await asyncio.to_thread(self._index.forget, gone)
        return len(gone)

    async def _is_stored(self, meeting: IndexedMeeting, records: Collection[str] | None) -> bool:
        paths = [path for path, _ in meeting.transcripts]
        if records is None:
            paths.append(meeting.record)
        elif meeting.record not in records:
            return False
        return all(await asyncio.gather(*map(self._store.exists, paths)))

    async def _take_in(
        self,
        versions: dict[str, str],
        known: dict[str, IndexedMeeting],
        progress: Callable[[int, int], Awaitable[None]],
        removed: int,
    ) -> IndexChanges:
        """`versions` are those in question. The latest meetings come first, because most searches mean them."""
        changed = [
            path for path, version in versions.items() if path not in known or known[path].version != version
        ]
        written = unreadable = 0
        for some in _batches(sorted(changed, reverse=True)):
            for path, record in zip(some, await asyncio.gather(*map(self._record, some)), strict=True):
                if record is None:
                    unreadable += 1
                else:
                    await self._put(_indexed(path, versions[path], record), record.folder, known.get(path))
                    written += 1
                await progress(written + unreadable, len(changed))
        return IndexChanges(written, removed, len(versions) - len(changed), unreadable)

    async def _put(self, meeting: IndexedMeeting, folder: str, before: IndexedMeeting | None) -> None:
        if before is not None and before.transcripts == meeting.transcripts:
            await asyncio.to_thread(self._index.put, meeting, None)
            return
        read = [await self._turns(path, folder) for path, _ in meeting.transcripts]
        await asyncio.to_thread(self._index.put, meeting, list(itertools.chain.from_iterable(read)))

    async def _record(self, path: str) -> MeetingRecord | None:
        try:
            return MeetingRecord.model_validate_json(await self._store.get(path))
        except (NotStoredError, ValidationError):
            return None

    async def _turns(self, path: str, folder: str) -> list[IndexedTurn]:
        """What was said in one recording; nothing if the file is gone, damaged, or too large to be read at once."""
        try:
            if (await self._store.size(path) or 0) > _MAX_TRANSCRIPT_BYTES:
                raise ValueError(f"it has more than {_MAX_TRANSCRIPT_BYTES} bytes")  # noqa: TRY301 - told as damage is
            turns = await asyncio.to_thread(read_turns, await self._store.get(path))
        except (NotStoredError, ValueError) as error:
            logger.warning("The transcript %s is not searched: %s", path, error)
            return []
        recording = path.removeprefix(f"{folder}/").rpartition("/")[0]
        return [
            IndexedTurn(recording, each.start, one_line(each.speaker)[:_LONGEST_NAME], text)
            for each in turns
            if (text := one_line(each.text))
        ]


def _indexed(path: str, version: str, record: MeetingRecord) -> IndexedMeeting:
    transcripts = tuple(
        (f"{record.folder}/{file.name}", file.sha256)
        for file in record.files
        if file.name.rpartition("/")[2] == _TRANSCRIPT
    )
    title = one_line(record.title)[:_LONGEST_NAME]
    return IndexedMeeting(
        path, version, record.meeting_id, record.workflow_id, title, record.start_time, transcripts
    )


def _batches(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    return (items[first : first + _AT_ONCE] for first in range(0, len(items), _AT_ONCE))


async def _without_progress(_done: int, _of: int) -> None:
    pass
