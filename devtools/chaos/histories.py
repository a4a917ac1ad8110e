"""What Temporal knows at the end: every run of every meeting, with the news that it was told."""

import asyncio
from collections.abc import Iterable
from typing import TypeVar

from pydantic import BaseModel
from temporalio.api.common.v1 import Payloads
from temporalio.client import Client, WorkflowExecution, WorkflowExecutionDescription
from temporalio.service import RPCError, RPCStatusCode

from devtools.chaos.evidence import Run
from minutekeeper.meetings.bot_events import BotEvent
from minutekeeper.meetings.views import Outcome
from minutekeeper.temporal.names import BOT_EVENT_SIGNAL, MEETING_WORKFLOW

_AT_ONCE = 8

_Model = TypeVar("_Model", bound=BaseModel)


async def read_runs(client: Client, workflow_ids: Iterable[str]) -> list[Run]:
    """Every run that is listed, and the latest of each workflow named, whether the list shows it or not."""
    gate = asyncio.Semaphore(_AT_ONCE)
    listed = client.list_workflows(f"WorkflowType = '{MEETING_WORKFLOW}'")
    executions = {execution.run_id: execution async for execution in listed}

    async def latest(workflow_id: str) -> WorkflowExecutionDescription | None:
        async with gate:
            return await _described(client, workflow_id)

    async def read(execution: WorkflowExecution) -> Run:
        async with gate:
            return await _read(client, execution)

    for description in await asyncio.gather(*map(latest, workflow_ids)):
        if description is not None:
            executions[description.run_id] = description
    runs = await asyncio.gather(*map(read, executions.values()))
    return sorted(runs, key=lambda run: run.started_at)


async def open_meetings(client: Client) -> list[str]:
    """The workflows of the meetings that have not ended."""
    running = client.list_workflows(f"WorkflowType = '{MEETING_WORKFLOW}' AND ExecutionStatus = 'Running'")
    return [execution.id async for execution in running]


async def _described(client: Client, workflow_id: str) -> WorkflowExecutionDescription | None:
    try:
        return await client.get_workflow_handle(workflow_id).describe()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise


async def _read(client: Client, execution: WorkflowExecution) -> Run:
    heard: list[BotEvent] = []
    outcome: Outcome | None = None
    handle = client.get_workflow_handle(execution.id, run_id=execution.run_id)
    async for event in handle.fetch_history_events():
        signalled = event.workflow_execution_signaled_event_attributes
        completed = event.workflow_execution_completed_event_attributes
        if signalled.signal_name == BOT_EVENT_SIGNAL:
            heard += await _decoded(client, signalled.input, BotEvent)
        elif event.HasField("workflow_execution_completed_event_attributes"):
            (outcome,) = await _decoded(client, completed.result, Outcome)
    is_open = execution.close_time is None
    return Run(
        workflow_id=execution.id,
        run_id=execution.run_id,
        status=execution.status.name.lower() if execution.status else "unknown",
        started_at=execution.start_time,
        closed_at=execution.close_time,
        outcome=outcome,
        heard=tuple(heard),
        pending=_pending(await handle.describe()) if is_open else "",
    )


async def _decoded(client: Client, payloads: Payloads, model: type[_Model]) -> list[_Model]:
    return await client.data_converter.decode(payloads.payloads, [model])


def _pending(execution: WorkflowExecutionDescription) -> str:
    """What an open meeting waits for, in a few words."""
    raw = execution.raw_description
    activities = [
        f"{activity.activity_type.name} attempt {activity.attempt}"
        + (f" ({activity.last_failure.message})" if activity.last_failure.message else "")
        for activity in raw.pending_activities
    ]
    if raw.HasField("pending_workflow_task"):
        activities.append(f"workflow task attempt {raw.pending_workflow_task.attempt}")
    waits = ", ".join(activities) or "nothing but a timer"
    return f"waits for {waits}; {execution.history_length} events"
