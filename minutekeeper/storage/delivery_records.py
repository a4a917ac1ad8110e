"""Stores what became of deliveries by day, and finds it by endpoint, by meeting or calendar, and by event.

A record is `deliveries/YYYY/MM/DD/HHMMSSZ-<endpoint>-<event>.json`, by the time of the event (UTC). Entries below
`deliveries/index` lead to it, as those of meetings do: they are written first, so that no record exists that cannot
be found, and an entry without a record is passed over.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ValidationError

from minutekeeper.deliveries.delivery import DeliveryRecord
from minutekeeper.meetings.ids import DELIVERIES
from minutekeeper.storage import layout
from minutekeeper.storage.dated_folders import days_in
from minutekeeper.storage.errors import NotStoredError
from minutekeeper.storage.store import ArtifactStore

_READ_AT_ONCE = 64


class DeliveryKey(StrEnum):
    """What the records of deliveries are found by, beside the day."""

    ENDPOINT = "endpoint"
    WORKFLOW = "workflow"
    """The id of the workflow of the meeting or calendar that the event is about."""
    EVENT = "event"


class DeliveryStore:
    """The records of deliveries in an artifact store. Every method raises StoreError."""

    def __init__(self, store: ArtifactStore) -> None:
        self._store = store

    async def write(self, record: DeliveryRecord) -> str:
        """Stores a record; its path. That of a replay has the tries of all deliveries before, and of itself."""
        path = layout.delivery_path(record.timestamp, record.endpoint_id, record.event_id)
        earlier = await self._read(path)
        if earlier is not None:
            ours = {each.at for each in record.attempts}
            before = tuple(each for each in earlier.attempts if each.at not in ours)
            record = record.model_copy(update={"attempts": (*before, *record.attempts)})
        entry = f"{json.dumps({'record': path})}\n".encode()
        await asyncio.gather(*(self._store.put(name, entry) for name in _index_entries(record, path)))
        await self._store.put(path, f"{record.model_dump_json(by_alias=True, indent=1)}\n".encode())
        return path

    async def get(self, endpoint_id: str, event_id: str) -> DeliveryRecord | None:
        """The record of the delivery of an event to an endpoint."""
        found = await self.found_by(DeliveryKey.EVENT, event_id)
        return next((each for each in found if each.endpoint_id == endpoint_id), None)

    async def found_by(
        self, kind: DeliveryKey, key: str, since: datetime | None = None, until: datetime | None = None
    ) -> list[DeliveryRecord]:
        """The records with this key, those of the newest events first; `since` is inclusive, `until` is not."""
        return [each async for each in self.each_by(kind, key, since, until)]

    async def each_by(
        self, kind: DeliveryKey, key: str, since: datetime | None = None, until: datetime | None = None
    ) -> AsyncIterator[DeliveryRecord]:
        """The same one after the other: only as many are read as are asked for, and some more."""
        entries = await self._store.list(layout.record_index(kind, key, DELIVERIES))
        paths = [layout.record_of_index_entry(entry.path) for entry in reversed(entries)]
        first = layout.delivery_day(since) if since else ""
        last = layout.delivery_day(until) if until else ""
        in_question = [each for each in paths if first <= each[: len(first)] and each[: len(last)] <= last]
        for start in range(0, len(in_question), _READ_AT_ONCE):
            for each in await self.read(in_question[start : start + _READ_AT_ONCE]):
                if (since is None or each.timestamp >= since) and (until is None or each.timestamp < until):
                    yield each

    async def paths_by_day(
        self, since: datetime | None = None, until: datetime | None = None
    ) -> AsyncIterator[list[str]]:
        """The paths of the records of one day after the other, of the last day first, each day's last one first."""
        async for day in days_in(self._store, DELIVERIES, since, until):
            yield [entry.path for entry in reversed(await self._store.list(layout.delivery_day(day)))]

    async def read(self, paths: Sequence[str]) -> list[DeliveryRecord]:
        """The records under these paths, in order; damaged and missing ones are left out."""
        found: list[DeliveryRecord] = []
        for start in range(0, len(paths), _READ_AT_ONCE):
            some = await asyncio.gather(*map(self._read, paths[start : start + _READ_AT_ONCE]))
            found += [each for each in some if each is not None]
        return found

    async def _read(self, path: str) -> DeliveryRecord | None:
        try:
            return DeliveryRecord.model_validate_json(await self._store.get(path))
        except (NotStoredError, ValidationError):
            return None


class EndpointFailures:
    """Since when endpoints do nothing but fail. Every method raises StoreError."""

    def __init__(self, store: ArtifactStore) -> None:
        self._store = store

    async def note_failure(self, endpoint_id: str, now: datetime) -> datetime:
        """Notes that a try failed; since when all tries have."""
        path = layout.endpoint_failures_path(endpoint_id)
        since = await self.failing_since(endpoint_id)
        if since is None:
            await self._store.put(path, _FailingSince(since=now).model_dump_json().encode())
        return since or now

    async def note_success(self, endpoint_id: str) -> None:
        path = layout.endpoint_failures_path(endpoint_id)
        if await self._store.exists(path):
            await self._store.delete(path)

    async def failing_since(self, endpoint_id: str) -> datetime | None:
        """None if its last try succeeded, or if it was never tried."""
        try:
            data = await self._store.get(layout.endpoint_failures_path(endpoint_id))
            return _FailingSince.model_validate_json(data).since
        except (NotStoredError, ValidationError):
            return None


class _FailingSince(BaseModel):
    since: AwareDatetime


def _index_entries(record: DeliveryRecord, path: str) -> list[str]:
    keys = [(DeliveryKey.ENDPOINT, record.endpoint_id), (DeliveryKey.EVENT, record.event_id)]
    if record.workflow_id:
        keys.append((DeliveryKey.WORKFLOW, record.workflow_id))
    return [layout.record_index_entry(kind, key, path) for kind, key in keys]
