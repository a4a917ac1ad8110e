"""Lists meetings by their search attributes.

Each update of a search attribute is billed, so attributes only show the milestones of a running meeting. The status
of an active meeting is therefore queried from its workflow; if no worker answers, the attributes are shown.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from itertools import islice

from temporalio.client import Client, WorkflowExecution
from temporalio.common import SearchAttributeKey

from minutekeeper.meetings.status import MeetingStatus
from minutekeeper.meetings.views import MeetingView
from minutekeeper.temporal.queries import quoted, quoted_list
from minutekeeper.temporal.search_attributes import MEETING_START
from starter.meeting_models import MeetingSummary
from starter.meeting_queries import (
    ACTIVE_FROM,
    HAS_BEGUN,
    LARGEST_PAGE,
    LATEST_RUNS,
    MeetingFilter,
    Side,
    list_executions,
    nearest,
)
from starter.meeting_snapshot import is_closed, outcome_of, summary_of
from starter.recorded_meetings import RecordedMeetings
from starter.workflow_calls import NoAnswerError, query_status

_MAX_CONCURRENCY = 10
_IDS_PER_QUERY = 50
_QUERY_TIMEOUT = timedelta(seconds=3)
_LOOKUP_TIMEOUT = timedelta(seconds=20)
LIST_TIMEOUT = timedelta(seconds=0.7)
"""A list shows what workflows answer within this time; for the others, their search attributes."""

_UNKNOWN_START = datetime.min.replace(tzinfo=UTC)
"""Sorts meetings whose start is not known."""


async def list_meetings(
    temporal: Client, records: RecordedMeetings, filters: MeetingFilter, limit: int
) -> list[MeetingSummary]:
    """Meetings in order of their start, then ended meetings, latest first; of each meeting only the newest run.

    Ended meetings that Temporal has forgotten come from their records. If there are more than `limit`, meetings
    that start soon, run or need attention come before later ones, and all of these before ended ones. Raises
    MeetingInputError for a filter that contradicts itself.
    """
    now = datetime.now(UTC)
    status, query = filters.required_status, filters.query(now)
    if status is not None and not status.is_final and status is not MeetingStatus.SCHEDULED:
        return sorted(await _active(temporal, query, status, limit), key=_start)
    running, ended = await asyncio.gather(
        _running(temporal, query, now, limit), _ended(temporal, query, filters, limit)
    )
    live = LiveStatus(temporal, LIST_TIMEOUT)
    coming = sorted(await asyncio.gather(*(live.summary(each) for each in running)), key=_start)
    running_ids = {each.workflow_id for each in coming}
    over = [summary_of(each) for each in ended if each.id not in running_ids]
    if len(coming) < limit and (status is None or status.is_final):
        known = running_ids | {each.workflow_id for each in over}
        over += await records.listed(filters, limit, known)
    over.sort(key=_start, reverse=True)
    return [each for each in (*coming, *over) if status in {None, each.status}][:limit]


async def meetings_by_workflow_id(temporal: Client, workflow_ids: Iterable[str]) -> dict[str, MeetingSummary]:
    """Those of these meetings that Temporal knows."""
    live = LiveStatus(temporal)
    found: dict[str, MeetingSummary] = {}
    remaining = iter(dict.fromkeys(workflow_ids))
    while some := list(islice(remaining, _IDS_PER_QUERY)):
        query = f"{LATEST_RUNS} AND WorkflowId IN ({quoted_list(some)})"
        async for batch in _batches(_newest_runs(temporal, query)):
            for summary in await asyncio.gather(*(live.summary(each) for each in batch)):
                found[summary.workflow_id] = summary
    return found


async def meetings_with(
    temporal: Client, attribute: SearchAttributeKey[str], value: str, limit: int
) -> list[MeetingSummary]:
    """The newest meetings whose attribute has exactly this value."""
    query = f"{LATEST_RUNS} AND {attribute.name} = {quoted(value)}"
    live = LiveStatus(temporal)
    found: list[MeetingSummary] = []
    async for batch in _batches(_newest_runs(temporal, query)):
        found += await asyncio.gather(*(live.summary(each) for each in batch))
        if len(found) >= limit:
            break
    return found[:limit]


async def _running(temporal: Client, query: str, now: datetime, limit: int) -> list[WorkflowExecution]:
    """The running meetings that matter most."""
    query = f"{query} AND ExecutionStatus = 'Running'"
    soon, start = now + ACTIVE_FROM, MEETING_START.name
    to_come, begun, unplaced, early = await asyncio.gather(
        nearest(temporal, Side(query, now), limit),
        nearest(temporal, Side(query, now, backwards=True), limit),
        list_executions(temporal, f"{query} AND {start} IS NULL", limit),
        list_executions(temporal, f"{query} AND {start} >= '{soon.isoformat()}' AND {HAS_BEGUN}", limit),
    )
    to_come.sort(key=_start_of)
    begun.sort(key=_start_of, reverse=True)
    imminent = [each for each in to_come if _start_of(each) < soon]
    in_order = (*imminent, *early, *begun, *unplaced, *to_come)
    return list({each.id: each for each in in_order}.values())[:limit]


async def _ended(temporal: Client, query: str, filters: MeetingFilter, limit: int) -> list[WorkflowExecution]:
    newest: dict[str, WorkflowExecution] = {}
    closed = f"{query} AND ExecutionStatus != 'Running'"
    page = LARGEST_PAGE if filters.reasons else min(limit, LARGEST_PAGE)
    async for batch in _batches(_newest_runs(temporal, closed, page)):
        keeps = await asyncio.gather(*(has_reason(temporal, each, filters) for each in batch))
        newest |= {each.id: each for each, keep in zip(batch, keeps, strict=True) if keep}
        if len(newest) >= limit:
            break
    return list(newest.values())[:limit]


async def has_reason(temporal: Client, execution: WorkflowExecution, filters: MeetingFilter) -> bool:
    """Compares the failure reason, which only the workflow's result holds: one request for each failed meeting."""
    return not filters.reasons or (await outcome_of(temporal, execution)).reason in filters.reasons


async def _active(temporal: Client, query: str, status: MeetingStatus, limit: int) -> list[MeetingSummary]:
    """Meetings with a status that only their workflows know."""
    live = LiveStatus(temporal)
    found: list[MeetingSummary] = []
    async for batch in _batches(_newest_runs(temporal, query)):
        found += [each for each in await asyncio.gather(*map(live.summary, batch)) if each.status is status]
        if len(found) >= limit:
            break
    return found[:limit]


def _start(summary: MeetingSummary) -> datetime:
    return summary.start_time or _UNKNOWN_START


def _start_of(execution: WorkflowExecution) -> datetime:
    return execution.typed_search_attributes.get(MEETING_START, _UNKNOWN_START)


async def _newest_runs(
    temporal: Client, query: str, page_size: int = LARGEST_PAGE
) -> AsyncIterator[WorkflowExecution]:
    """One run of each meeting, because Temporal lists newer runs first."""
    seen: set[str] = set()
    async for execution in temporal.list_workflows(query, page_size=page_size):
        if execution.id not in seen:
            seen.add(execution.id)
            yield execution


async def _batches(executions: AsyncIterator[WorkflowExecution]) -> AsyncIterator[list[WorkflowExecution]]:
    batch: list[WorkflowExecution] = []
    async for execution in executions:
        batch.append(execution)
        if len(batch) == _MAX_CONCURRENCY:
            yield batch
            batch = []
    yield batch


class LiveStatus:
    """Queries workflows for their current status, within a total timeout; without an answer, attributes count."""

    def __init__(self, temporal: Client, timeout: timedelta = _LOOKUP_TIMEOUT) -> None:
        self._temporal = temporal
        self._until = asyncio.get_running_loop().time() + timeout.total_seconds()
        self._slots = asyncio.Semaphore(_MAX_CONCURRENCY)
        self._any_answered = False
        self._no_worker = False

    async def summary(self, execution: WorkflowExecution) -> MeetingSummary:
        summary = summary_of(execution)
        if is_closed(execution) or _sleeps(summary) or summary.trouble:
            return summary
        async with self._slots:
            view = await self._query(execution)
        return summary.model_copy(update={"status": view.status, "bot_id": view.bot_id}) if view else summary

    async def _query(self, execution: WorkflowExecution) -> MeetingView | None:
        left = timedelta(seconds=self._until - asyncio.get_running_loop().time())
        if self._no_worker or left <= timedelta():
            return None
        handle = self._temporal.get_workflow_handle(execution.id, run_id=execution.run_id)
        try:
            view = await query_status(handle, min(left, _QUERY_TIMEOUT))
        except NoAnswerError:
            self._no_worker = not self._any_answered
            return None
        self._any_answered = True
        return view


def _sleeps(summary: MeetingSummary) -> bool:
    if summary.status is not MeetingStatus.SCHEDULED or summary.start_time is None:
        return False
    return summary.start_time > datetime.now(UTC) + ACTIVE_FROM
