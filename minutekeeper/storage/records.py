"""Stores the records of ended meetings by day, and finds them by day, meeting, bot, link or event.

A record is `records/YYYY/MM/DD/HHMMZ-<folder>.json`, by the start of the meeting (UTC). Beside it, small entries
below `records/index` lead to it: one for each of its keys. They are written first, so that no record exists that
cannot be found, and an entry without a record is passed over.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from enum import StrEnum

from pydantic import ValidationError

from minutekeeper import __version__
from minutekeeper.meetings.collection import MANIFEST
from minutekeeper.meetings.ids import RECORDS, folder_for
from minutekeeper.meetings.media_types import content_type_of
from minutekeeper.meetings.record import MeetingRecord, RecordedFile, SpeakerShare
from minutekeeper.storage import layout
from minutekeeper.storage.dated_folders import days_in
from minutekeeper.storage.errors import NotStoredError, StoreError
from minutekeeper.storage.manifest import Manifest
from minutekeeper.storage.store import ArtifactStore
from minutekeeper.transcripts.speakers import SpokenTurn, read_turns, speaking_shares

_LARGEST_TRANSCRIPT_BYTES = 64 * 1024 * 1024
_MOST_SPEAKERS = 100
_READ_AT_ONCE = 64


class RecordKey(StrEnum):
    """What records are found by, beside the day."""

    MEETING = "meeting"
    """The id of the meeting's workflow."""
    BOT = "bot"
    LINK = "link"
    EVENT = "event"


class RecordStore:
    """The records in an artifact store. Every method raises StoreError."""

    def __init__(self, store: ArtifactStore) -> None:
        self._store = store

    async def write(self, record: MeetingRecord) -> str:
        """Stores a record with the files and speakers of its meeting; its path.

        A record of the same run that is as new or newer stays as it is, so that a repeated or late write changes
        nothing.
        """
        complete = await self._completed(record)
        path = await self._place(complete)
        earlier = await self._read(path)
        if earlier is None or earlier.written_at < record.written_at:
            await self._put(path, complete)
            await self._remove_earlier(complete, path)
        return path

    async def _place(self, record: MeetingRecord) -> str:
        """The path of a run's record: that of its folder, or one beside it if another run's record is there."""
        name = record.folder or folder_for(record.meeting_id)
        for candidate in (name, f"{name}~{record.run[-8:]}", f"{name}~{record.run}"):
            path = layout.record_path(record.start_time, candidate)
            earlier = await self._read(path)
            if earlier.run == record.run if earlier else not await self._store.exists(path):
                return path
        raise StoreError(f"Every record of {record.meeting_id} belongs to another run")

    async def of_meeting(self, workflow_id: str) -> list[MeetingRecord]:
        """The records of a workflow's runs, the newest first."""
        return await self.found_by(RecordKey.MEETING, workflow_id)

    async def is_newest(self, record: MeetingRecord) -> bool:
        """Whether no other run of the meeting has a record that was written later."""
        entries = await self._store.list(layout.record_index(RecordKey.MEETING, record.workflow_id))
        return len(entries) <= 1 or (await self.of_meeting(record.workflow_id))[0].run == record.run

    async def found_by(self, kind: RecordKey, key: str) -> list[MeetingRecord]:
        """The records with this key, those that were written last first."""
        entries = await self._store.list(layout.record_index(kind, key))
        records = await self.read([layout.record_of_index_entry(entry.path) for entry in entries])
        return sorted(records, key=lambda each: each.written_at, reverse=True)

    async def paths_by_day(
        self, starts_from: datetime | None = None, starts_before: datetime | None = None
    ) -> AsyncIterator[list[str]]:
        """The paths of the records of one day after the other, of the last day first, each day's last one first.

        Only days in question are listed, so that the newest of many thousand records are found at once.
        """
        async for day in days_in(self._store, RECORDS, starts_from, starts_before):
            yield [entry.path for entry in reversed(await self._store.list(layout.record_day(day)))]

    async def read(self, paths: Sequence[str]) -> list[MeetingRecord]:
        """The records under these paths, in order; damaged and missing ones are left out."""
        found: list[MeetingRecord] = []
        for first in range(0, len(paths), _READ_AT_ONCE):
            some = await asyncio.gather(*map(self._read, paths[first : first + _READ_AT_ONCE]))
            found += [each for each in some if each is not None]
        return found

    async def _remove_earlier(self, record: MeetingRecord, path: str) -> None:
        """Removes what the same run recorded under another start, before it was taken up again and moved."""
        for entry in await self._store.list(layout.record_index(RecordKey.MEETING, record.workflow_id)):
            other = layout.record_of_index_entry(entry.path)
            earlier = await self._read(other) if other != path else None
            if earlier is not None and earlier.run == record.run:
                await self._store.delete(other)
                await asyncio.gather(*(self._store.delete(name) for name in _entries(earlier, other)))

    async def _read(self, path: str) -> MeetingRecord | None:
        try:
            return MeetingRecord.model_validate_json(await self._store.get(path))
        except (NotStoredError, ValidationError):
            return None

    async def _put(self, path: str, record: MeetingRecord) -> None:
        entry = f"{json.dumps({'record': path})}\n".encode()
        await asyncio.gather(*(self._store.put(name, entry) for name in _entries(record, path)))
        await self._store.put(path, record.to_bytes())

    async def _completed(self, record: MeetingRecord) -> MeetingRecord:
        """The record with what the stored files say: their hashes, and who spoke how much."""
        folder = next((each.path.rpartition("/")[0] for each in record.artifacts if _is_manifest(each.path)), "")
        manifest = await self._manifest(folder) if folder else None
        files = manifest.files if manifest else ()
        update = {
            "folder": folder or (record.artifacts[0].path.partition("/")[0] if record.artifacts else ""),
            "release": __version__,
            "files": tuple(
                RecordedFile(
                    name=each.name, content_type=content_type_of(each.name), size=each.size, sha256=each.sha256
                )
                for each in files
            ),
            "speakers": await self._speakers([f"{folder}/{each.name}" for each in files]),
        }
        return record.model_copy(update=update)

    async def _manifest(self, folder: str) -> Manifest | None:
        try:
            return Manifest.model_validate_json(await self._store.get(layout.manifest_path(folder)))
        except (NotStoredError, ValidationError):
            return None

    async def _speakers(self, paths: Iterable[str]) -> tuple[SpeakerShare, ...]:
        """Who spoke, by all transcripts of a meeting; nobody by one that is too large to be read at once."""
        turns: list[SpokenTurn] = []
        for path in paths:
            if path.rpartition("/")[2] != "transcript.json":
                continue
            size = await self._store.size(path)
            if size is None or size > _LARGEST_TRANSCRIPT_BYTES:
                continue
            try:
                turns += await asyncio.to_thread(read_turns, await self._store.get(path))
            except ValueError:
                continue
        shares = await asyncio.to_thread(speaking_shares, turns)
        return tuple(SpeakerShare(name=name, seconds=s, words=w) for name, s, w in shares[:_MOST_SPEAKERS])


def _entries(record: MeetingRecord, path: str) -> list[str]:
    """The index entries that lead to a record."""
    keys = {(RecordKey.MEETING, record.workflow_id)}
    keys |= {(RecordKey.BOT, bot.bot_id) for bot in record.bots}
    keys |= {(RecordKey.EVENT, each.event_id) for each in record.calendars}
    if record.meeting_url:
        keys.add((RecordKey.LINK, record.meeting_url))
    return sorted(layout.record_index_entry(kind, key, path) for kind, key in keys)


def _is_manifest(path: str) -> bool:
    return path.endswith(f"/{MANIFEST}")
