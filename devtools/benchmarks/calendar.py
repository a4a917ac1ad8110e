"""A calendar full of new events, connected at the simulated provider and kept by Minutekeeper."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.client import WorkflowExecution

from devtools.benchmarks.booking import link
from devtools.benchmarks.environment import BenchmarkEnvironment
from minutekeeper.calendars.messages import CalendarWorkflowInput
from minutekeeper.meetings.ids import calendar_workflow_id_for
from minutekeeper.temporal.names import CALENDAR_WORKFLOW, MEETING_WORKFLOW, MEETINGS_QUEUE

_OWNER = "office@example.com"
_FIRST = timedelta(days=1)
_APART = timedelta(minutes=10)
_DEBOUNCE_SECONDS = 0.2
_LOOK_SECONDS = 0.5
_PATIENCE_SECONDS = 180.0


async def booked_by_a_calendar(stand: BenchmarkEnvironment, count: int) -> float:
    """Meetings a second that a calendar of so many new events books at its first look."""
    calendar_id = await _connect(stand, count)
    await stand.client.start_workflow(
        CALENDAR_WORKFLOW,
        CalendarWorkflowInput(calendar_id=calendar_id, debounce_seconds=_DEBOUNCE_SECONDS),
        id=calendar_workflow_id_for(calendar_id),
        task_queue=MEETINGS_QUEUE,
    )
    started = sorted(each.start_time for each in await _meetings(stand, calendar_id, count))
    return (len(started) - 1) / (started[-1] - started[0]).total_seconds()


async def _connect(stand: BenchmarkEnvironment, count: int) -> str:
    """The id of a calendar that the provider has copied with all its events."""
    grant = await stand.provider.order("calendars/accounts", {"email": _OWNER})
    first = datetime.now(UTC) + _FIRST
    events = [
        {"organizer": _OWNER, "start": (first + n * _APART).isoformat(), "link": link("cal", n)}
        for n in range(count)
    ]
    await stand.provider.order("calendars/events", events)
    connected = await stand.provider.ask("calendars/", grant)
    return str(connected["calendar"]["uuid"])


async def _meetings(stand: BenchmarkEnvironment, calendar_id: str, count: int) -> list[WorkflowExecution]:
    query = f'CalendarId = "{calendar_id}" AND WorkflowType = "{MEETING_WORKFLOW}"'
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        found: list[Any] = [each async for each in stand.client.list_workflows(query, page_size=count)]
        if len(found) == count:
            return found
        if time.monotonic() > deadline:
            raise TimeoutError(f"the calendar booked {len(found)} of {count} within {_PATIENCE_SECONDS:g} s")
        await asyncio.sleep(_LOOK_SECONDS)
