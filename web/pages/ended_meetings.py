"""The meetings that have ended in the last days: from their records, and from what the changes tell meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable
from datetime import UTC, datetime, timedelta

from minutekeeper.storage.records import RecordStore
from web.changes import MeetingChange
from web.pages.board import COUNTED, EndedMeeting

_BETWEEN_LISTS = timedelta(minutes=1)
_MOST_KEPT = 20_000
_READ_AT_ONCE = 200
_LATE = timedelta(days=1)
"""Records are stored by the day of their start, and a meeting may have ended after midnight."""


class EndedMeetings:
    """Reads each record once, and lists the days again every minute while someone asks."""

    def __init__(self, opened_records: Callable[[], Awaitable[RecordStore]]) -> None:
        self._opened_records = opened_records
        self._by_path: dict[str, EndedMeeting] = {}
        self._told: dict[str, EndedMeeting] = {}
        self._listed_at: datetime | None = None
        self._lock = asyncio.Lock()

    def note(self, changes: Iterable[MeetingChange] | None) -> None:
        """Takes in meetings that ended just now, or run again; None if it is not known which ones have."""
        if changes is None:
            self._listed_at = None
        for each in changes or ():
            if each.view.status.is_final:
                at = each.summary.closed_at or datetime.now(UTC)
                self._told[each.meeting] = EndedMeeting.of(each.view, at)
            else:
                self._told.pop(each.meeting, None)

    async def all(self, running: Collection[str]) -> list[EndedMeeting]:
        """The newest run of each meeting but for those that run. Raises StoreError."""
        async with self._lock:
            await self._refresh(datetime.now(UTC))
        newest: dict[str, EndedMeeting] = {}
        for each in (*self._by_path.values(), *self._told.values()):
            known = newest.get(each.workflow_id)
            if known is None or known.ended_at <= each.ended_at:
                newest[each.workflow_id] = each
        return [each for workflow_id, each in newest.items() if workflow_id not in running]

    async def _refresh(self, now: datetime) -> None:
        if self._listed_at is not None and now - self._listed_at < _BETWEEN_LISTS:
            return
        since = now - COUNTED
        self._told = {name: each for name, each in self._told.items() if each.ended_at >= since}
        paths: list[str] = []
        records = await self._opened_records()
        async for day in records.paths_by_day(since - _LATE, now + _LATE):
            paths += day[: _MOST_KEPT - len(paths)]
        again = {each for each in paths if (known := self._by_path.get(each)) and known.workflow_id in self._told}
        found = {path: self._by_path[path] for path in paths if path in self._by_path and path not in again}
        missing = [path for path in paths if path not in found]
        for first in range(0, len(missing), _READ_AT_ONCE):
            some = missing[first : first + _READ_AT_ONCE]
            read = zip(some, await asyncio.gather(*(_ended(records, path) for path in some)), strict=True)
            found |= {path: meeting for path, meeting in read if meeting is not None}
        self._by_path, self._listed_at = found, now


async def _ended(records: RecordStore, path: str) -> EndedMeeting | None:
    found = await records.read([path])
    return EndedMeeting.of_record(found[0]) if found else None
