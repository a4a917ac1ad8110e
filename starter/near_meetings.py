"""Lists the meetings that run or start soon, and those that were booked or ended lately. Queries no workflow."""

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta

from temporalio.client import Client, WorkflowExecution, WorkflowExecutionDescription

from minutekeeper.temporal.queries import IS_RUNNING, all_of, describe_workflow
from minutekeeper.temporal.search_attributes import MEETING_START
from starter.booking import RPC_TIMEOUT
from starter.meeting_queries import ACTIVE_FROM, HAS_BEGUN, LARGEST_PAGE, LATEST_RUNS

NEAR = timedelta(hours=24)
"""Meetings that start within this time are near."""

_DESCRIBED_AT_ONCE = 8


async def list_active(temporal: Client, now: datetime, limit: int) -> list[WorkflowExecution]:
    """The running meetings whose workflows do something: those that begin within minutes or have begun."""
    start, soon = MEETING_START.name, (now + ACTIVE_FROM).isoformat()
    has_work = f"({HAS_BEGUN} OR {start} < '{soon}' OR {start} IS NULL)"
    return await _listed(temporal, all_of(LATEST_RUNS, IS_RUNNING, has_work), limit)


async def list_sleeping(temporal: Client, now: datetime, limit: int) -> list[WorkflowExecution]:
    """The running meetings that start later than that, but are near."""
    start, first, last = MEETING_START.name, (now + ACTIVE_FROM).isoformat(), (now + NEAR).isoformat()
    return await _listed(
        temporal,
        all_of(LATEST_RUNS, IS_RUNNING, f"{start} >= '{first}'", f"{start} < '{last}'"),
        limit,
    )


async def list_changed_since(temporal: Client, since: datetime) -> list[WorkflowExecution]:
    """The meetings that were booked or have ended since an instant, whenever they start."""
    instant = since.isoformat()
    happened = f"(StartTime >= '{instant}' OR CloseTime >= '{instant}')"
    return await _listed(temporal, all_of(LATEST_RUNS, happened), None)


async def describe_each(temporal: Client, workflow_ids: Iterable[str]) -> list[WorkflowExecutionDescription]:
    """The newest runs of these workflows, but for those that Temporal has forgotten; a few at a time."""
    slots = asyncio.Semaphore(_DESCRIBED_AT_ONCE)

    async def described(workflow_id: str) -> WorkflowExecutionDescription | None:
        async with slots:
            return await describe_workflow(temporal, workflow_id, RPC_TIMEOUT)

    found = await asyncio.gather(*map(described, workflow_ids))
    return [each for each in found if each is not None]


async def _listed(temporal: Client, query: str, limit: int | None) -> list[WorkflowExecution]:
    """The newest run of each meeting that the query finds, because Temporal lists newer runs first."""
    page = min(limit or LARGEST_PAGE, LARGEST_PAGE)
    newest: dict[str, WorkflowExecution] = {}
    async for each in temporal.list_workflows(query, page_size=page, limit=limit, rpc_timeout=RPC_TIMEOUT):
        newest.setdefault(each.id, each)
    return list(newest.values())
