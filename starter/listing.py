"""Finding meetings by their search attributes.

Each change of a search attribute is billed, so they show the milestones of a running meeting only. What a list
says of a meeting that is under way is therefore asked of its workflow; without a worker, the attributes must do.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from itertools import islice

from temporalio.client import Client, WorkflowExecution
from temporalio.common import SearchAttributeKey

from meetings.outcome import MeetingView
from meetings.status import MeetingStatus
from minutekeeper.temporal.queries import IS_MEETING, quoted, quoted_list
from minutekeeper.temporal.search_attributes import MEETING_START, MEETING_STATUS, MEETING_TITLE
from starter.asking import NoAnswerError, ask_status
from starter.errors import MeetingInputError
from starter.nearest import LARGEST_PAGE, Side, listed, nearest
from starter.summaries import STATUS_OF_BROKEN, MeetingSummary, is_closed, summary_of

_UNDER_WAY_FROM = timedelta(minutes=15)
"""So long before its start nothing happens to a meeting that its attributes do not say."""

_ASKED_AT_ONCE = 10
_NAMED_AT_ONCE = 50
_ANSWER_WITHIN = timedelta(seconds=3)
_ANSWERS_WITHIN = timedelta(seconds=20)
_LIST_WITHIN = timedelta(seconds=0.7)
"""A list shows what workflows answer within this time; of the others, what was written down last."""

_FIRST = datetime.min.replace(tzinfo=UTC)
"""Where meetings are put whose start is not known yet."""
_HAS_BEGUN = f"{MEETING_STATUS.name} != '{MeetingStatus.SCHEDULED.value}'"

# The earlier runs of a long sleeper are no meetings of their own.
_OF_MEETINGS = f"{IS_MEETING} AND ExecutionStatus != 'ContinuedAsNew'"

_SPELT = {"CANCELED": "Canceled", "TERMINATED": "Terminated", "FAILED": "Failed", "TIMED_OUT": "TimedOut"}
_BROKEN = {_SPELT[state.name]: end for state, end in STATUS_OF_BROKEN.items()}
"""What a workflow that was ended from outside came to, by the state's name in queries."""


async def list_meetings(
    temporal: Client, status: MeetingStatus | None, title: str, limit: int
) -> list[MeetingSummary]:
    """Meetings in the order of their start, those that have ended after the others and the latest of them first.

    Where there are more than `limit`, those that start soon, run or need a look come before those that start later,
    and all of these before those that have ended. Of a meeting that was booked anew there is the newest run.
    """
    now = datetime.now(UTC)
    if status is not None and not status.is_final and status is not MeetingStatus.SCHEDULED:
        found = await _under_way(temporal, _query(status, title, now), status, limit)
        return sorted(found, key=_start)
    query = _query(status, title, now)
    running, ended = await asyncio.gather(_running(temporal, query, now, limit), _ended(temporal, query, limit))
    truth = _Truth(temporal, _LIST_WITHIN)
    coming = sorted(await asyncio.gather(*(truth.of(each) for each in running)), key=_start)
    there = {each.workflow_id for each in coming}
    over = [summary_of(each) for each in ended if each.id not in there]
    over.sort(key=_start, reverse=True)
    return [each for each in (*coming, *over) if status in {None, each.status}][:limit]


async def _running(temporal: Client, query: str, now: datetime, limit: int) -> list[WorkflowExecution]:
    """The running meetings that matter most."""
    query = f"{query} AND ExecutionStatus = 'Running'"
    soon, start = now + _UNDER_WAY_FROM, MEETING_START.name
    to_come, begun, unplaced, early = await asyncio.gather(
        nearest(temporal, Side(query, now), limit),
        nearest(temporal, Side(query, now, backwards=True), limit),
        listed(temporal, f"{query} AND {start} IS NULL", limit),
        listed(temporal, f"{query} AND {start} >= '{soon.isoformat()}' AND {_HAS_BEGUN}", limit),
    )
    to_come.sort(key=_start_of)
    begun.sort(key=_start_of, reverse=True)
    imminent = [each for each in to_come if _start_of(each) < soon]
    in_order = (*imminent, *early, *begun, *unplaced, *to_come)
    return list({each.id: each for each in in_order}.values())[:limit]


async def _ended(temporal: Client, query: str, limit: int) -> list[WorkflowExecution]:
    newest: dict[str, WorkflowExecution] = {}
    closed = f"{query} AND ExecutionStatus != 'Running'"
    async for execution in temporal.list_workflows(closed, page_size=min(limit, LARGEST_PAGE)):
        newest.setdefault(execution.id, execution)
        if len(newest) == limit:
            break
    return list(newest.values())


async def _under_way(temporal: Client, query: str, status: MeetingStatus, limit: int) -> list[MeetingSummary]:
    """Meetings of a status that only their workflows know."""
    truth = _Truth(temporal)
    found: list[MeetingSummary] = []
    async for batch in _batches(_newest_runs(temporal, query)):
        found += [each for each in await asyncio.gather(*map(truth.of, batch)) if each.status is status]
        if len(found) >= limit:
            break
    return found[:limit]


def _start(summary: MeetingSummary) -> datetime:
    return summary.start_time or _FIRST


def _start_of(execution: WorkflowExecution) -> datetime:
    return execution.typed_search_attributes.get(MEETING_START, _FIRST)


async def meetings_by_workflow_id(temporal: Client, workflow_ids: Iterable[str]) -> dict[str, MeetingSummary]:
    """Those of these meetings that Temporal knows."""
    truth = _Truth(temporal)
    found: dict[str, MeetingSummary] = {}
    remaining = iter(dict.fromkeys(workflow_ids))
    while some := list(islice(remaining, _NAMED_AT_ONCE)):
        query = f"{_OF_MEETINGS} AND WorkflowId IN ({quoted_list(some)})"
        async for batch in _batches(_newest_runs(temporal, query)):
            for summary in await asyncio.gather(*(truth.of(each) for each in batch)):
                found[summary.workflow_id] = summary
    return found


async def meetings_with(
    temporal: Client, attribute: SearchAttributeKey[str], value: str, limit: int
) -> list[MeetingSummary]:
    """The newest meetings whose attribute has exactly this value."""
    query = f"{_OF_MEETINGS} AND {attribute.name} = {quoted(value)}"
    truth = _Truth(temporal)
    found: list[MeetingSummary] = []
    async for batch in _batches(_newest_runs(temporal, query)):
        found += await asyncio.gather(*(truth.of(each) for each in batch))
        if len(found) >= limit:
            break
    return found[:limit]


async def _newest_runs(temporal: Client, query: str) -> AsyncIterator[WorkflowExecution]:
    """One run of each meeting: Temporal lists newer ones first."""
    seen: set[str] = set()
    async for execution in temporal.list_workflows(query):
        if execution.id not in seen:
            seen.add(execution.id)
            yield execution


async def _batches(executions: AsyncIterator[WorkflowExecution]) -> AsyncIterator[list[WorkflowExecution]]:
    batch: list[WorkflowExecution] = []
    async for execution in executions:
        batch.append(execution)
        if len(batch) == _ASKED_AT_ONCE:
            yield batch
            batch = []
    yield batch


class _Truth:
    """What meetings are at this moment; those that do not answer in time are as they were written down last."""

    def __init__(self, temporal: Client, in_all: timedelta = _ANSWERS_WITHIN) -> None:
        self._temporal = temporal
        self._until = asyncio.get_running_loop().time() + in_all.total_seconds()
        self._slots = asyncio.Semaphore(_ASKED_AT_ONCE)
        self._any_answered = False
        self._nobody_answers = False

    async def of(self, execution: WorkflowExecution) -> MeetingSummary:
        summary = summary_of(execution)
        if is_closed(execution) or _sleeps(summary) or summary.trouble:
            return summary
        async with self._slots:
            view = await self._ask(execution)
        return summary.model_copy(update={"status": view.status, "bot_id": view.bot_id}) if view else summary

    async def _ask(self, execution: WorkflowExecution) -> MeetingView | None:
        left = timedelta(seconds=self._until - asyncio.get_running_loop().time())
        if self._nobody_answers or left <= timedelta():
            return None
        handle = self._temporal.get_workflow_handle(execution.id, run_id=execution.run_id)
        try:
            view = await ask_status(handle, min(left, _ANSWER_WITHIN))
        except NoAnswerError:
            self._nobody_answers = not self._any_answered
            return None
        self._any_answered = True
        return view


def _sleeps(summary: MeetingSummary) -> bool:
    if summary.status is not MeetingStatus.SCHEDULED or summary.start_time is None:
        return False
    return summary.start_time > datetime.now(UTC) + _UNDER_WAY_FROM


def _query(status: MeetingStatus | None, title: str, now: datetime) -> str:
    conditions = [_OF_MEETINGS]
    if status is not None:
        conditions.append(_may_have(status, now))
    if title:
        conditions += title_condition(title)
    return " AND ".join(conditions)


def _may_have(status: MeetingStatus, now: datetime) -> str:
    name = MEETING_STATUS.name
    if status is MeetingStatus.SCHEDULED:
        return f"(ExecutionStatus = 'Running' AND ({name} = '{status.value}' OR {name} IS NULL))"
    if status.is_final:
        # A workflow that was ended from outside keeps the attribute it had, so what became of it decides.
        says_so = f"({name} = '{status.value}' AND ExecutionStatus NOT IN ({quoted_list(_BROKEN)}))"
        also = [state for state, end in _BROKEN.items() if end is status]
        return f"({says_so} OR ExecutionStatus IN ({quoted_list(also)}))" if also else says_so
    soon = (now + _UNDER_WAY_FROM).isoformat()
    under_way = f"({name} != '{MeetingStatus.SCHEDULED.value}' OR {MEETING_START.name} < '{soon}')"
    return f"(ExecutionStatus = 'Running' AND {under_way})"


def title_condition(title: str) -> list[str]:
    """Single words, each as a prefix in the usual cases: PostgreSQL keeps a title's words as they are written.

    Quotes and signs mean something else to each of the stores that Temporal searches in. `:*` makes a word a
    prefix in PostgreSQL, which finds "Review" in "Review, part two"; SQLite ignores it, as it ignores case.
    """
    words = re.findall(r"\w+", title.lower())
    if not words:
        raise MeetingInputError("title", f"{title!r} holds no word to look for")
    return [f"{MEETING_TITLE.name} = '{' '.join(_spellings(word))}'" for word in words]


def _spellings(word: str) -> list[str]:
    return [f"{each}:*" for each in dict.fromkeys((word, word.capitalize(), word.upper()))]
