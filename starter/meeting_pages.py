"""Lists all meetings page by page: open ones by their start, then ended ones, the latest start first.

Each page begins at the position where the last one ended, not after a number of meetings, so that a late page costs
as much as the first one. Which meetings are open is judged as of the first page, so that one that ends between two
pages is neither missed nor listed twice.
"""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from temporalio.client import Client, WorkflowExecution

from minutekeeper.meetings.ids import folder_for, meeting_id_from_workflow_id
from minutekeeper.meetings.record import MeetingRecord
from minutekeeper.temporal.queries import quoted_list
from minutekeeper.temporal.search_attributes import MEETING_START
from starter.errors import StorageError
from starter.meeting_list import LIST_TIMEOUT, LiveStatus, has_reason
from starter.meeting_models import MeetingSummary
from starter.meeting_queries import LARGEST_PAGE, LATEST_RUNS, MeetingFilter, Side, all_nearest, list_executions
from starter.meeting_snapshot import is_closed, summary_of
from starter.recorded_meetings import RecordedMeetings, summary_of_record

logger = logging.getLogger("starter")

NO_START = datetime.min.replace(tzinfo=UTC)
"""The place of meetings whose start is not known: before all others."""

_FAR_AHEAD = timedelta(days=3650)
_MOMENT = timedelta(microseconds=1)
_IDS_PER_QUERY = 50
_Place = tuple[datetime, str]

_START = MEETING_START.name


class PagePosition(NamedTuple):
    """The last meeting of a page. `asked_at` is when the first page was asked for."""

    asked_at: datetime
    is_ended: bool
    start: datetime
    workflow_id: str

    @property
    def place(self) -> tuple[datetime, str]:
        return self.start, self.workflow_id


class PageOfMeetings(NamedTuple):
    """Some meetings, and where they end; None if no others follow.

    `is_complete` is False if Temporal or the store was away, so that meetings may be missing.
    """

    meetings: tuple[MeetingSummary, ...]
    end: PagePosition | None
    is_complete: bool


class _Row(NamedTuple):
    """One meeting, by its newest run or by the record of that."""

    start: datetime
    workflow_id: str
    execution: WorkflowExecution | None = None
    record: MeetingRecord | None = None
    live: MeetingSummary | None = None

    @property
    def place(self) -> _Place:
        return self.start, self.workflow_id

    @property
    def summary(self) -> MeetingSummary:
        if self.live is not None:
            return self.live
        if self.record is not None:
            return summary_of_record(self.record)
        if self.execution is None:
            raise AssertionError
        return summary_of(self.execution)


async def meeting_page(
    temporal: Client | None,
    records: RecordedMeetings,
    filters: MeetingFilter,
    limit: int,
    after: PagePosition | None = None,
) -> PageOfMeetings:
    """The meetings after a position. Raises RPCError, and MeetingInputError for a filter that contradicts itself.

    Args:
        temporal: Where meetings are listed; None while it is away, so that only records are.
        records: The meetings that Temporal has forgotten.
        filters: What the meetings have to match.
        limit: Maximum number of meetings.
        after: Where the page before ended.
    """
    now = datetime.now(UTC)
    asked_at = after.asked_at if after else now
    query = filters.query(now)
    rows: list[_Row] = []
    if temporal is not None and not (after and after.is_ended):
        is_open = f"{query} AND (ExecutionStatus = 'Running' OR CloseTime >= '{asked_at.isoformat()}')"
        rows = await _open_rows(_Line(temporal, is_open, now), filters, after.place if after else None, limit + 1)
    is_ended = f"ExecutionStatus != 'Running' AND CloseTime < '{asked_at.isoformat()}'"
    ended = _EndedMeetings(_Line(temporal, f"{query} AND {is_ended}", now, backwards=True), records, filters)
    if len(rows) <= limit:
        rows += await ended.rows(after.place if after and after.is_ended else None, limit + 1 - len(rows))
    shown = rows[:limit]
    end = None
    if len(rows) > limit:
        end = PagePosition(asked_at, shown[-1].live is None, *shown[-1].place)
    is_complete = temporal is not None and ended.is_store_there
    return PageOfMeetings(tuple(each.summary for each in shown), end, is_complete)


class _Line:
    """The executions of a query in the order of their starts."""

    def __init__(self, temporal: Client | None, query: str, now: datetime, *, backwards: bool = False) -> None:
        self.temporal = temporal
        self._query, self._now, self._backwards = query, now, backwards

    def ordered(self, items: Iterable[_Row]) -> list[_Row]:
        return sorted(items, key=lambda each: each.place, reverse=self._backwards)

    def is_after(self, row: _Row, place: _Place | None) -> bool:
        if place is None:
            return True
        return row.place < place if self._backwards else row.place > place

    async def following(self, place: _Place | None, need: int) -> tuple[list[_Row], bool]:
        """At least `need` executions after a place, if there are so many, in order and without a gap.

        And whether these are all.
        """
        if self.temporal is None:
            return [], True
        found, is_all = await self._nearest(self.temporal, place, need)
        if self._backwards and is_all:
            found = [*found, *await self._listed(self.temporal, f"{_START} IS NULL")]
        return self.ordered(each for each in map(_row, found) if self.is_after(each, place)), is_all

    async def _nearest(
        self, temporal: Client, place: _Place | None, need: int
    ) -> tuple[list[WorkflowExecution], bool]:
        if place is not None and place[0] > NO_START:
            since = place[0] + _MOMENT if self._backwards else place[0]
            minimum = need
            while True:
                found, is_all = await all_nearest(temporal, Side(self._query, since, self._backwards), minimum)
                passed = sum(not self.is_after(_row(each), place) for each in found)
                if is_all or len(found) - passed >= need:
                    return found, is_all
                minimum = 2 * need + passed
        if self._backwards and place is not None:
            return [], True
        # What lies on the other side of now is mostly little, and the first there are not found by their distance.
        edge = f"{_START} >= '{self._now.isoformat()}'" if self._backwards else self._begun()
        first = await self._listed(temporal, edge)
        if len(first) >= LARGEST_PAGE:
            far = self._now + (_FAR_AHEAD if self._backwards else -_FAR_AHEAD)
            return await all_nearest(temporal, Side(self._query, far, self._backwards), need)
        if len(first) > need:
            return first, False
        rest, is_all = await all_nearest(temporal, Side(self._query, self._now, self._backwards), need)
        return [*first, *rest], is_all

    def _begun(self) -> str:
        return f"({_START} < '{self._now.isoformat()}' OR {_START} IS NULL)"

    async def _listed(self, temporal: Client, condition: str) -> list[WorkflowExecution]:
        return await list_executions(temporal, f"{self._query} AND {condition}", LARGEST_PAGE)


async def _open_rows(line: _Line, filters: MeetingFilter, place: _Place | None, need: int) -> list[_Row]:
    if line.temporal is None:
        return []
    live, status = LiveStatus(line.temporal, LIST_TIMEOUT), filters.required_status
    rows: list[_Row] = []
    while True:
        found, is_all = await line.following(place, need)
        some = found[:need]
        newest = await _newest(line.temporal, some)
        summaries = await asyncio.gather(*(live.summary(each.execution) for each in newest if each.execution))
        rows += [
            row._replace(live=summary)
            for row, summary in zip(newest, summaries, strict=True)
            if status in {None, summary.status}
        ]
        if len(rows) >= need or (is_all and len(found) <= need):
            return rows[:need]
        place = some[-1].place


class _EndedMeetings:
    """Ended meetings, from Temporal as long as it knows them, and from the records."""

    def __init__(self, line: _Line, records: RecordedMeetings, filters: MeetingFilter) -> None:
        self._line, self._records, self._filters = line, records, filters
        self.is_store_there = True

    async def rows(self, place: _Place | None, need: int) -> list[_Row]:
        """At least `need` meetings after a place, if there are so many."""
        rows: list[_Row] = []
        while True:
            found, is_all = await self._line.following(place, need)
            is_all, closed = is_all and len(found) <= need, found[:need]
            recorded = await self._recorded(place, None if is_all else closed[-1].place, need, closed)
            are_all = len(recorded) < need
            some = self._line.ordered([*closed, *recorded])
            if not are_all:
                some = [each for each in some if each.place >= recorded[-1].place]
            rows += await self._wanted(some)
            if len(rows) >= need or (is_all and are_all):
                return rows[:need]
            place = some[-1].place

    async def _recorded(
        self, place: _Place | None, until: _Place | None, need: int, closed: Sequence[_Row]
    ) -> list[_Row]:
        """The recorded meetings between two places, which are not among the closed ones; `need` at most."""
        known = {folder_for(meeting_id_from_workflow_id(each.workflow_id)) for each in closed}
        try:
            found = await self._records.between(self._filters, place, until, need, known)
        except StorageError as error:
            logger.warning("%s", error)
            self.is_store_there = False
            return []
        return [_Row(each.start_time, each.workflow_id, record=each) for each in found]

    async def _wanted(self, rows: list[_Row]) -> list[_Row]:
        temporal = self._line.temporal
        if temporal is None:
            return rows
        newest = await _newest(temporal, rows)
        kept = await asyncio.gather(
            *(has_reason(temporal, each.execution, self._filters) if each.execution else _yes() for each in newest)
        )
        return [each for each, is_kept in zip(newest, kept, strict=True) if is_kept]


async def _newest(temporal: Client, rows: list[_Row]) -> list[_Row]:
    """Those whose meeting Temporal knows by no newer run."""
    asked = [each.workflow_id for each in rows if each.execution is None or is_closed(each.execution)]
    runs: dict[str, datetime] = {}
    for first in range(0, len(asked), _IDS_PER_QUERY):
        query = f"{LATEST_RUNS} AND WorkflowId IN ({quoted_list(asked[first : first + _IDS_PER_QUERY])})"
        for each in await list_executions(temporal, query, None):
            runs[each.id] = max(runs.get(each.id, each.start_time), each.start_time)
    return [
        each
        for each in rows
        if each.workflow_id not in runs or (each.execution and each.execution.start_time == runs[each.workflow_id])
    ]


async def _yes() -> bool:
    return True


def _row(execution: WorkflowExecution) -> _Row:
    start = execution.typed_search_attributes.get(MEETING_START, NO_START)
    return _Row(start, execution.id, execution)
