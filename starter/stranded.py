"""Workflows that Temporal has and no worker can carry on: on another task queue, or of an unknown type."""

import asyncio

from temporalio.client import Client, WorkflowExecution

from meetings.names import CALENDAR_HEALTH_WORKFLOW, CALENDAR_WORKFLOW, MEETING_WORKFLOW, MEETINGS_QUEUE
from starter.checkup import TroubleError, connected
from starter.temporal_errors import in_plain_words

_OURS = ", ".join(f"'{each}'" for each in (MEETING_WORKFLOW, CALENDAR_WORKFLOW, CALENDAR_HEALTH_WORKFLOW))
_MOST_NAMED = 5


async def stranded(connecting: "asyncio.Task[Client]") -> str:
    """Passes if there are none. Raises TroubleError that names them."""
    client = await connected(connecting)
    with in_plain_words(client):
        astray = await _running(client, f"WorkflowType IN ({_OURS}) AND TaskQueue != '{MEETINGS_QUEUE}'")
        unknown = await _running(client, f"WorkflowType NOT IN ({_OURS}) AND TaskQueue = '{MEETINGS_QUEUE}'")
    problems = [
        *(f"{each.id} waits on the task queue {each.task_queue!r}" for each in astray),
        *(f"{each.id} is of the type {each.workflow_type!r}" for each in unknown),
    ]
    if not problems:
        return f"all wait on {MEETINGS_QUEUE!r}"
    more = ", and more" if len(problems) > _MOST_NAMED else ""
    raise TroubleError(
        f"no worker carries on: {', '.join(problems[:_MOST_NAMED])}{more}",
        "end them with `temporal workflow terminate --workflow-id ID`, and start them on the task queue "
        f"{MEETINGS_QUEUE!r} with the type {MEETING_WORKFLOW}",
    )


async def _running(client: Client, condition: str) -> list[WorkflowExecution]:
    query = f"{condition} AND ExecutionStatus = 'Running'"
    return [each async for each in client.list_workflows(query, limit=_MOST_NAMED + 1)]
