"""When something happened to meetings, by the server's own clock."""

import asyncio
import time
from collections.abc import AsyncIterator, Collection
from datetime import UTC, datetime

from temporalio.api.enums.v1 import EventType

from devtools.benchmarks.environment import BenchmarkEnvironment

_COLLECT = "collect"
_LOOK_SECONDS = 0.5


async def ended(stand: BenchmarkEnvironment, workflow_ids: Collection[str], patience: float) -> dict[str, datetime]:
    """When the workflows ended: all of them, or those that did within so many seconds."""
    deadline = time.monotonic() + patience
    while True:
        found = {name: at async for name, at in _completed(stand) if name in workflow_ids}
        if len(found) == len(workflow_ids) or time.monotonic() > deadline:
            return found
        await asyncio.sleep(_LOOK_SECONDS)


async def _completed(stand: BenchmarkEnvironment) -> AsyncIterator[tuple[str, datetime]]:
    async for execution in stand.client.list_workflows("ExecutionStatus = 'Completed'"):
        if execution.close_time is not None:
            yield execution.id, execution.close_time


async def download_span(stand: BenchmarkEnvironment, workflow_id: str) -> tuple[datetime, datetime]:
    """When the activity that brings the recording home began its last attempt, and when it was done."""
    history = await stand.client.get_workflow_handle(workflow_id).fetch_history()
    scheduled: set[int] = set()
    began: dict[int, datetime] = {}
    for event in history.events:
        at = event.event_time.ToDatetime(UTC)
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
            if event.activity_task_scheduled_event_attributes.activity_type.name == _COLLECT:
                scheduled.add(event.event_id)
        elif event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED:
            began[event.activity_task_started_event_attributes.scheduled_event_id] = at
        elif event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
            done = event.activity_task_completed_event_attributes.scheduled_event_id
            if done in scheduled:
                return began[done], at
    raise LookupError(f"{workflow_id} has brought no recording home")
