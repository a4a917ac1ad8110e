"""Finds words in the transcripts of all meetings, by an index that is made from the artifact store."""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import AwareDatetime, BaseModel, ConfigDict

from minutekeeper.config import Settings
from minutekeeper.storage.errors import StoreError
from minutekeeper.storage.store import ArtifactStore
from minutekeeper.storage.transcript_index import FoundInMeeting, FoundMeetings, IndexedTurn, TranscriptIndex
from minutekeeper.storage.transcript_indexing import IndexChanges, TranscriptIndexer
from minutekeeper.transcripts.search_query import SearchQuery, SearchQueryError
from starter.errors import MeetingInputError, StorageError

logger = logging.getLogger("starter")

MEETINGS_PER_PAGE = 20
HITS_PER_MEETING = 3
HITS_PER_PAGE = 50
"""If one meeting is searched."""

_MAX_PAGE = 10_000
_SEARCHES = 5
"""How often a search is repeated because what it found is not in the store any more."""
_RECENT_EVERY = timedelta(seconds=20)
_ALL_EVERY = timedelta(hours=1)
_PAUSE_SECONDS = 0.01


class SnippetPart(BaseModel):
    """A piece of what was said; `is_match` if it is what was looked for."""

    model_config = ConfigDict(frozen=True)

    text: str
    is_match: bool


class TranscriptHit(BaseModel):
    """A turn in which the words occur. `start` counts in seconds from the beginning of the recording.

    `recording` is the folder, below that of the meeting, of a recording beside the first one; empty for that.
    """

    model_config = ConfigDict(frozen=True)

    recording: str
    start: float
    speaker: str
    snippet: tuple[SnippetPart, ...]


class MeetingHits(BaseModel):
    """A meeting with hits: how many there are in all, and those of this page in order of time."""

    model_config = ConfigDict(frozen=True)

    meeting_id: str
    workflow_id: str
    title: str
    start_time: AwareDatetime
    hits: int
    found: tuple[TranscriptHit, ...]


class TranscriptMatches(BaseModel):
    """One page of what a search found, the latest meeting first.

    `complete_at` is when everything in the store was last in the index; None if that never was.
    """

    model_config = ConfigDict(frozen=True)

    page: int
    pages: int
    meetings: int
    hits: int
    complete_at: AwareDatetime | None
    found: tuple[MeetingHits, ...]


class TranscriptSearch:
    """Searches an index, and keeps it up to date. Raises StorageError if the index or the store cannot be used."""

    def __init__(self, index: TranscriptIndex, open_store: Callable[[], ArtifactStore]) -> None:
        """`open_store` opens the artifact store when it is first needed."""
        self._index = index
        self._open_store = open_store
        self._opened: TranscriptIndexer | None = None

    @classmethod
    def from_settings(cls, settings: Settings) -> "TranscriptSearch":
        index = TranscriptIndex(Path(settings.minutekeeper_search_index))
        return cls(index, lambda: ArtifactStore(settings.artifacts_url))

    async def find(self, words: str, *, meeting: str = "", page: int = 1) -> TranscriptMatches:
        """A page of hits in all meetings, or in the one with this id. What was erased is never among them.

        Raises MeetingInputError for words that cannot be looked for.
        """
        try:
            query = SearchQuery.parse(words)
        except SearchQueryError as error:
            raise MeetingInputError("", str(error)) from None
        page = min(max(page, 1), _MAX_PAGE)
        with _as_storage_errors():
            complete_at = await asyncio.to_thread(self._index.completed_at)
            for _ in range(_SEARCHES):
                found = await asyncio.to_thread(self._search, query, meeting, page)
                if not await (await self._indexer()).forget_missing(each.meeting for each in found.page):
                    break
            else:
                found = FoundMeetings(0, 0, ())
        in_all, per_page = (found.hits, HITS_PER_PAGE) if meeting else (found.meetings, MEETINGS_PER_PAGE)
        return TranscriptMatches(
            page=page,
            pages=-(-in_all // per_page),
            meetings=found.meetings,
            hits=found.hits,
            complete_at=complete_at,
            found=tuple(_meeting_hits(each, query) for each in found.page),
        )

    async def update(self, progress: Callable[[int, int], Awaitable[None]], *, anew: bool = False) -> IndexChanges:
        """Brings the index in line with the store, or makes it anew.

        Args:
            progress: Is called after every meeting, with how many were read and how many are to be.
            anew: Whether to forget everything first.
        """
        with _as_storage_errors():
            if anew:
                await asyncio.to_thread(self._index.clear)
            return await (await self._indexer()).update_all(progress)

    async def keep_up_to_date(self) -> None:
        """Takes in what is new, until it is cancelled. What fails is logged once, and tried again."""
        told = ""
        while True:
            try:
                with _as_storage_errors():
                    now = datetime.now(UTC)
                    complete_at = await asyncio.to_thread(self._index.completed_at)
                    if complete_at is None or now - complete_at > _ALL_EVERY:
                        await (await self._indexer()).update_all(_pause)
                    else:
                        await (await self._indexer()).update_recent(now)
                told = ""
            except StorageError as error:
                if told != (told := str(error)):
                    logger.warning("%s", error)
            await asyncio.sleep(_RECENT_EVERY.total_seconds())

    async def _indexer(self) -> TranscriptIndexer:
        if self._opened is None:
            self._opened = TranscriptIndexer(await asyncio.to_thread(self._open_store), self._index)
        return self._opened

    def _search(self, query: SearchQuery, meeting: str, page: int) -> FoundMeetings:
        if not meeting:
            skip = (page - 1) * MEETINGS_PER_PAGE
            return self._index.search(query, skip=skip, limit=MEETINGS_PER_PAGE, turns=HITS_PER_MEETING)
        skip = (page - 1) * HITS_PER_PAGE
        found = self._index.search_meeting(query, meeting, skip=skip, limit=HITS_PER_PAGE)
        return FoundMeetings(1, found.hits, (found,)) if found else FoundMeetings(0, 0, ())


async def _pause(_done: int, _of: int) -> None:
    """Leaves time for what else the process does."""
    await asyncio.sleep(_PAUSE_SECONDS)


def _meeting_hits(found: FoundInMeeting, query: SearchQuery) -> MeetingHits:
    return MeetingHits(
        meeting_id=found.meeting.meeting_id,
        workflow_id=found.meeting.workflow_id,
        title=found.meeting.title,
        start_time=found.meeting.start_time,
        hits=found.hits,
        found=tuple(_hit(turn, query) for turn in found.turns),
    )


def _hit(turn: IndexedTurn, query: SearchQuery) -> TranscriptHit:
    snippet = tuple(SnippetPart(text=text, is_match=is_match) for text, is_match in query.snippet(turn.text))
    return TranscriptHit(recording=turn.recording, start=turn.start, speaker=turn.speaker, snippet=snippet)


@contextmanager
def _as_storage_errors() -> Iterator[None]:
    try:
        yield
    except StoreError as error:
        raise StorageError(f"Transcripts cannot be searched: {error}") from None
    except (sqlite3.Error, OSError) as error:
        raise StorageError(f"The search index cannot be used: {error}") from None
