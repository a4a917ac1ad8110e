"""Stores, per calendar, the tracked events and the meetings that a reconcile was changing."""

import logging
from collections.abc import AsyncIterator
from datetime import datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from minutekeeper.calendars.tracked_events import TrackedEvents
from minutekeeper.meetings.ids import CALENDARS
from minutekeeper.storage import layout
from minutekeeper.storage.errors import NotStoredError
from minutekeeper.storage.store import ArtifactStore

logger = logging.getLogger(__name__)


class StaleWriteError(Exception):
    """A later reconcile has written the checkpoint: what this one still wants to write is out of date."""


class CalendarCheckpoint(BaseModel):
    """`reconciled_at` is the attempt that wrote it, `cursor` the newest change that was read.

    `in_progress` are the meetings that the attempt was about to change when it wrote this: after a crash it is not
    known whether it did. Losing a checkpoint costs a full sync, and calls that change nothing.
    """

    model_config = ConfigDict(frozen=True)

    events: TrackedEvents
    reconciled_at: AwareDatetime | None = None
    cursor: AwareDatetime | None = None
    in_progress: frozenset[str] = frozenset()


class _Stamp(BaseModel):
    """The part of a checkpoint that says when it was written."""

    reconciled_at: AwareDatetime | None = None


class CalendarCheckpointStore:
    """Reads and writes checkpoints. Every method raises StoreError if the store fails."""

    def __init__(self, store: ArtifactStore) -> None:
        self._store = store

    async def read(self, calendar_id: str) -> CalendarCheckpoint | None:
        """The checkpoint of a calendar; None if there is none that can be read."""
        return await self._read(layout.calendar_state_path(calendar_id))

    async def read_all(self, limit: int) -> AsyncIterator[CalendarCheckpoint]:
        """The checkpoints of all calendars that have one, at most `limit`."""
        paths = [entry.path for entry in await self._store.list(CALENDARS) if layout.is_calendar_state(entry.path)]
        for path in paths[:limit]:
            if (checkpoint := await self._read(path)) is not None:
                yield checkpoint

    async def write(self, checkpoint: CalendarCheckpoint) -> None:
        """Raises StaleWriteError if a later reconcile has written it since."""
        calendar_id = checkpoint.events.calendar_id
        written_at = await self._written_at(calendar_id)
        if written_at and checkpoint.reconciled_at and written_at > checkpoint.reconciled_at:
            raise StaleWriteError(calendar_id)
        await self._store.put(
            layout.calendar_state_path(calendar_id), checkpoint.model_dump_json(exclude_defaults=True).encode()
        )

    async def remove(self, calendar_id: str) -> None:
        await self._store.delete(layout.calendar_state_path(calendar_id))

    async def _read(self, path: str) -> CalendarCheckpoint | None:
        try:
            return CalendarCheckpoint.model_validate_json(await self._store.get(path))
        except NotStoredError:
            return None
        except ValidationError:
            logger.warning("The checkpoint %s cannot be read; it is written anew.", path)
            return None

    async def _written_at(self, calendar_id: str) -> datetime | None:
        try:
            return _Stamp.model_validate_json(
                await self._store.get(layout.calendar_state_path(calendar_id))
            ).reconciled_at
        except (NotStoredError, ValidationError):
            return None
