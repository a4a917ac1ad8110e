"""Meetings with transcripts in a store, and a search index over them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from minutekeeper.config import Settings
from minutekeeper.meetings.record import MeetingRecord
from minutekeeper.storage.records import RecordStore
from minutekeeper.storage.store import ArtifactStore
from minutekeeper.storage.transcript_indexing import IndexChanges
from starter.transcript_search import TranscriptSearch
from tests.records import NOON, a_record


class Library:
    """A store with records and transcripts, and an index over it."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "index" / "search.sqlite3"
        self.store = ArtifactStore((folder / "store").as_uri())
        self.root = folder / "store"
        self.settings = Settings(artifacts_url=self.store.url, minutekeeper_search_index=str(self.file))
        self.search = TranscriptSearch.from_settings(self.settings)

    async def add(self, name: str, *said: str, **fields: Any) -> MeetingRecord:
        """A meeting in which these sentences were said, one every ten seconds: by Anna, or by `Ben|…`."""
        await self.put(f"{name}/transcript.json", said)
        return await self.record(name, f"{name}/transcript.json", **fields)

    async def put(self, path: str, said: Sequence[str]) -> None:
        turns = [
            {
                "speaker": each.rpartition("|")[0] or "Anna",
                "start": 10.0 * number,
                "end": 10.0 * number + 5,
                "text": each.rpartition("|")[2],
            }
            for number, each in enumerate(said)
        ]
        await self.store.put(path, json.dumps({"segments": turns}).encode())

    async def record(self, name: str, *paths: str, **fields: Any) -> MeetingRecord:
        """Writes the manifest and the record of a meeting with these files."""
        files = []
        for path in paths:
            stored = await self.store.put(path, await self.store.get(path))
            files.append({"name": path.removeprefix(f"{name}/"), "size": stored.size, "sha256": stored.sha256})
        manifest = {
            "meeting_id": name,
            "meeting_url": "https://meet.google.com/abc-defg-hij",
            "title": "",
            "start_time": NOON.isoformat(),
            "bots": ["bot-1"],
            "transcript": "ready",
            "files": files,
            "written_at": NOON.isoformat(),
        }
        stored = await self.store.put(f"{name}/manifest.json", json.dumps(manifest).encode())
        record = a_record(name, artifacts=({"path": stored.path, "size": 1, "sha256": ""},), **fields)
        await RecordStore(self.store).write(record)
        return record

    async def update(self, *, anew: bool = False) -> IndexChanges:
        async def ignore(_done: int, _of: int) -> None: ...

        return await self.search.update(ignore, anew=anew)

    async def found(self, words: str, **options: Any) -> list[str]:
        return [each.meeting_id for each in (await self.search.find(words, **options)).found]
