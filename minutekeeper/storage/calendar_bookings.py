"""Stores what each calendar wants to have recorded, so that limits hold for all of them together."""

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta

from pydantic import ValidationError

from minutekeeper.calendars.limited_events import COUNTED_FOR, CalendarBookings
from minutekeeper.meetings.ids import folder_for
from minutekeeper.storage import layout
from minutekeeper.storage.errors import NotStoredError, StoreError
from minutekeeper.storage.store import ArtifactStore

_MAX_TRIES = 5
_MAX_CONCURRENCY = 20


class CalendarBookingsStore:
    """Reads and writes the bookings of calendars. Every method raises StoreError if the store fails.

    Each version is a file of its own that never changes, so that one listing says which of them are news. What was
    read is kept in memory.
    """

    def __init__(self, store: ArtifactStore) -> None:
        self._store = store
        self._known: dict[str, CalendarBookings | None] = {}

    async def read(self, user: str = "") -> list[CalendarBookings]:
        """The newest version of every calendar, or of those of one user. One that cannot be read counts nothing."""
        for _ in range(_MAX_TRIES):
            newest = _newest(await self._paths(user))
            found = await self._read_all(newest)
            if found is not None:
                return found
        raise StoreError(f"{layout.bookings_path(user)} changes each time it is read; try again")

    async def write(self, bookings: CalendarBookings, at: datetime, number: int = 0) -> None:
        """Writes a version and removes older ones; of several the one with the latest `at` and `number` counts."""
        path = _version_path(bookings, at, number)
        await self._store.put(path, bookings.model_dump_json(exclude_defaults=True).encode())
        await self._remove_before(bookings, path)

    async def remove(self, bookings: CalendarBookings) -> None:
        """Removes all versions of a calendar."""
        await self._remove_before(bookings, "")

    async def remove_outdated(self, found: Iterable[CalendarBookings], now: datetime) -> None:
        """Removes calendars of which nothing counts any more: they were lost, or disconnected long ago."""
        for each in found:
            if each.bookings and not each.since(now - COUNTED_FOR).bookings:
                await self.remove(each)

    async def _paths(self, user: str) -> list[str]:
        return [entry.path for entry in await self._store.list(layout.bookings_path(user))]

    async def _remove_before(self, bookings: CalendarBookings, newest: str) -> None:
        prefix = _version_path(bookings, None)
        for path in await self._paths(bookings.user):
            if path.rpartition(".json")[0].rpartition(".")[0] == prefix and (not newest or path < newest):
                await self._store.delete(path)
                self._known.pop(path, None)

    async def _read_all(self, paths: Iterable[str]) -> list[CalendarBookings] | None:
        """None if one of them was replaced meanwhile."""
        slots = asyncio.Semaphore(_MAX_CONCURRENCY)

        async def read_one(path: str) -> None:
            async with slots:
                content = await self._store.get(path)
            try:
                self._known[path] = CalendarBookings.model_validate_json(content)
            except ValidationError:
                self._known[path] = None

        wanted = list(paths)
        try:
            await asyncio.gather(*(read_one(path) for path in wanted if path not in self._known))
        except NotStoredError:
            return None
        return [each for path in wanted if (each := self._known.get(path))]


_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def _version_path(bookings: CalendarBookings, at: datetime | None, number: int = 0) -> str:
    """Without `at`, what the paths of all versions of a calendar begin with."""
    folder = f"{layout.bookings_path(bookings.user)}/{folder_for(bookings.calendar_id)}"
    if at is None:
        return folder
    stamp = (at - _EPOCH) // timedelta(microseconds=1) * 10 + number
    return f"{folder}.{stamp:020d}.json"


def _newest(paths: Iterable[str]) -> list[str]:
    """The newest version of each calendar."""
    newest: dict[str, str] = {}
    for path in sorted(paths):
        newest[path.rpartition(".json")[0].rpartition(".")[0]] = path
    return list(newest.values())
