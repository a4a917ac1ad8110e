"""Starts, renews, finds and disconnects calendar workflows, and keeps the workflow of calendar health running."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

from temporalio.client import Client, WorkflowExecutionDescription, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from minutekeeper.calendars.health import ACCESS_RENEWED, AccessReport, CalendarHealthInput
from minutekeeper.calendars.messages import CalendarChanged, CalendarWorkflowInput, DisconnectRequest
from minutekeeper.meetings.ids import calendar_id_from_workflow_id, calendar_workflow_id_for
from minutekeeper.temporal.names import (
    ACCESS_SIGNAL,
    CALENDAR_EVENT_SIGNAL,
    CALENDAR_HEALTH_ID,
    CALENDAR_HEALTH_WORKFLOW,
    CALENDAR_WORKFLOW,
    CHECK_NOW_SIGNAL,
    DISCONNECT_SIGNAL,
    MEETINGS_QUEUE,
)
from minutekeeper.temporal.queries import IS_CALENDAR, IS_RUNNING, all_of, describe_workflow, is_unknown_workflow
from minutekeeper.text import one_line, truncate_utf8

TIMEOUT = timedelta(seconds=10)
"""How long one call may take."""
_SUMMARY_BYTES = 300
"""Servers take 400 bytes, envelope included."""


async def start_or_renew_calendar(client: Client, request: CalendarWorkflowInput) -> bool:
    """Starts the workflow of a calendar, and that of calendar health; True if the calendar's was not running.

    One that runs already is told that its access was renewed, and reads everything again. Raises RPCError.
    """
    calendar_id = request.calendar_id
    options: dict[str, Any] = {
        "id": calendar_workflow_id_for(calendar_id),
        "task_queue": MEETINGS_QUEUE,
        "static_summary": _summary(request),
        "static_details": f"- **Look at it:** `minutekeeper calendar events {one_line(calendar_id)}`\n",
        "rpc_timeout": TIMEOUT,
    }
    try:
        await client.start_workflow(
            CALENDAR_WORKFLOW, request, id_conflict_policy=WorkflowIDConflictPolicy.FAIL, **options
        )
        is_new = True
    except WorkflowAlreadyStartedError:
        # With the start, because the workflow may end at this very moment.
        await client.start_workflow(
            CALENDAR_WORKFLOW,
            request,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            start_signal=ACCESS_SIGNAL,
            start_signal_args=[ACCESS_RENEWED],
            **options,
        )
        is_new = False
    await ensure_health_workflow(client)
    return is_new


async def report_access(client: Client, calendar_id: str, report: AccessReport) -> bool:
    """Reports to a calendar whether it can be read; False if no workflow runs for it. Raises RPCError."""
    return await _signal(client, calendar_id, ACCESS_SIGNAL, report)


async def report_changes(client: Client, calendar_id: str, event_id: str) -> bool:
    """Has a calendar read one event again; False if no workflow runs for it. Raises RPCError."""
    changed = CalendarChanged(calendar_id=calendar_id, event_ids=(event_id,))
    return await _signal(client, calendar_id, CALENDAR_EVENT_SIGNAL, changed)


async def report_full_change(client: Client, calendar_id: str) -> bool:
    """Has a calendar read everything that is to come; False if no workflow runs for it. Raises RPCError."""
    changed = CalendarChanged(calendar_id=calendar_id, everything=True)
    return await _signal(client, calendar_id, CALENDAR_EVENT_SIGNAL, changed)


async def request_disconnect(client: Client, calendar_id: str, request: DisconnectRequest) -> bool:
    """Has a calendar release its meetings and end; False if no workflow runs for it. Raises RPCError.

    A signal, because it is taken while no worker runs.
    """
    return await _signal(client, calendar_id, DISCONNECT_SIGNAL, request)


async def describe_calendar(client: Client, calendar_id: str) -> WorkflowExecutionDescription | None:
    """The newest run of a calendar's workflow; None if Temporal remembers none. Raises RPCError."""
    return await describe_workflow(client, calendar_workflow_id_for(calendar_id), TIMEOUT)


async def running_calendars(client: Client) -> AsyncIterator[str]:
    """The ids of the calendars that have a running workflow. Raises RPCError."""
    async for execution in client.list_workflows(all_of(IS_CALENDAR, IS_RUNNING)):
        yield calendar_id_from_workflow_id(execution.id)


async def ensure_health_workflow(client: Client, *, check_now: bool = False) -> WorkflowHandle[Any, Any]:
    """Starts the one workflow that checks all calendars, unless it runs; `check_now` has it check at once.

    Raises RPCError.
    """
    return await client.start_workflow(
        CALENDAR_HEALTH_WORKFLOW,
        CalendarHealthInput(),
        id=CALENDAR_HEALTH_ID,
        task_queue=MEETINGS_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        start_signal=CHECK_NOW_SIGNAL if check_now else None,
        static_summary="Can all calendars be read?",
        rpc_timeout=TIMEOUT,
    )


async def _signal(client: Client, calendar_id: str, name: str, content: object) -> bool:
    handle = client.get_workflow_handle(calendar_workflow_id_for(calendar_id))
    try:
        await handle.signal(name, content, rpc_timeout=TIMEOUT)
    except RPCError as error:
        if is_unknown_workflow(error):
            return False
        raise
    return True


def _summary(request: CalendarWorkflowInput) -> str:
    if request.user:
        text = f"{request.platform} calendar of {request.user}"
    elif request.owner:
        text = f"Calendar of {request.owner}"
    else:
        text = f"Calendar {request.calendar_id}"
    return truncate_utf8(one_line(text), _SUMMARY_BYTES)
