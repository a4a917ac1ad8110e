"""A calendar's book in the artifact store, with what may have been done without being noted."""

import logging
from collections.abc import AsyncIterator
from datetime import datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from artifacts import layout
from artifacts.errors import NotStoredError
from artifacts.store import ArtifactStore
from meetings.calendars.book import Book
from meetings.ids import CALENDARS

logger = logging.getLogger(__name__)


class OvertakenError(Exception):
    """A later look has written the book: whatever this one still wants is out of date."""


class Notebook(BaseModel):
    """`seen_at` is the look that wrote it, `cursor` the newest change that was read.

    `under_way` are the meetings that the look was about to change when it wrote this: after a crash nobody knows
    whether it did. Losing it all costs a full look and calls that change nothing.
    """

    model_config = ConfigDict(frozen=True)

    book: Book
    seen_at: AwareDatetime | None = None
    cursor: AwareDatetime | None = None
    under_way: frozenset[str] = frozenset()


class _Stamp(BaseModel):
    """When a notebook was written, without reading the rest of it."""

    seen_at: AwareDatetime | None = None


class Notebooks:
    """Every method raises StoreError for a store in trouble."""

    def __init__(self, store: ArtifactStore) -> None:
        self._store = store

    async def read(self, calendar_id: str) -> Notebook | None:
        """None if there is none that can be read."""
        return await self._read(layout.book(calendar_id))

    async def read_all(self, limit: int) -> AsyncIterator[Notebook]:
        """The notebooks of all calendars that have one, at most so many."""
        books = [entry.path for entry in await self._store.list(CALENDARS) if layout.is_book(entry.path)]
        for path in books[:limit]:
            if (notebook := await self._read(path)) is not None:
                yield notebook

    async def write(self, notebook: Notebook) -> None:
        """Raises OvertakenError if a later look has written it since."""
        calendar_id = notebook.book.calendar_id
        written_at = await self._written_at(calendar_id)
        if written_at and notebook.seen_at and written_at > notebook.seen_at:
            raise OvertakenError(calendar_id)
        await self._store.put(layout.book(calendar_id), notebook.model_dump_json(exclude_defaults=True).encode())

    async def remove(self, calendar_id: str) -> None:
        await self._store.delete(layout.book(calendar_id))

    async def _read(self, path: str) -> Notebook | None:
        try:
            return Notebook.model_validate_json(await self._store.get(path))
        except NotStoredError:
            return None
        except ValidationError:
            logger.warning("The book %s cannot be read; it is written anew.", path)
            return None

    async def _written_at(self, calendar_id: str) -> datetime | None:
        try:
            return _Stamp.model_validate_json(await self._store.get(layout.book(calendar_id))).seen_at
        except (NotStoredError, ValidationError):
            return None
