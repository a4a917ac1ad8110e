"""Lists the days of folders that are `<root>/YYYY/MM/DD`, without looking into them."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

from minutekeeper.storage.store import ArtifactStore


async def days_in(
    store: ArtifactStore, root: str, since: datetime | None = None, until: datetime | None = None
) -> AsyncIterator[datetime]:
    """The days that have a folder, the last one first; `since` is inclusive, `until` is not. Raises StoreError."""
    first = since.astimezone(UTC).date() if since else date.min
    last = (until.astimezone(UTC) - timedelta(microseconds=1)).date() if until else date.max
    for year in await _numbers(store, root, first.year, last.year):
        for month in await _numbers(store, f"{root}/{year:04d}", 1, 12):
            for day in await _numbers(store, f"{root}/{year:04d}/{month:02d}", 1, 31):
                if first <= date(year, month, day) <= last:
                    yield datetime(year, month, day, tzinfo=UTC)


async def _numbers(store: ArtifactStore, folder: str, lowest: int, highest: int) -> list[int]:
    """The subfolders that are numbers within bounds, the highest first."""
    names = [int(name) for name in await store.folders(folder) if name.isdecimal()]
    return sorted((each for each in names if lowest <= each <= highest), reverse=True)
