"""Asks Temporal about calendar workflows on behalf of the connect pages. Repeats change nothing."""

from datetime import timedelta

from temporalio.client import Client, WorkflowExecutionStatus

from bridge.temporal_gateway import single_attempt
from minutekeeper.calendars.messages import CalendarWorkflowInput, DisconnectRequest
from minutekeeper.temporal.calendar_workflows import (
    describe_calendar,
    report_changes,
    request_disconnect,
    start_or_renew_calendar,
)

_LIMIT = timedelta(seconds=10)


class CalendarWorkflows:
    """Every method raises TemporalCallError."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def start_or_renew(self, request: CalendarWorkflowInput) -> bool:
        """Starts the workflow of a calendar; False if it runs already.

        One that runs is told of the renewed access, and reconciles at once.
        """
        async with single_attempt(_LIMIT):
            return await start_or_renew_calendar(self._client, request)

    async def is_running(self, calendar_id: str) -> bool:
        return await self._status_of(calendar_id) is WorkflowExecutionStatus.RUNNING

    async def was_ever_started(self, calendar_id: str) -> bool:
        return await self._status_of(calendar_id) is not None

    async def _status_of(self, calendar_id: str) -> WorkflowExecutionStatus | None:
        """The status of its workflow; None if there is none."""
        async with single_attempt(_LIMIT):
            execution = await describe_calendar(self._client, calendar_id)
        return execution.status if execution else None

    async def request_disconnect(self, calendar_id: str, why: str) -> bool:
        """Has a calendar release its meetings and end; False if it has no workflow that could."""
        async with single_attempt(_LIMIT):
            return await request_disconnect(self._client, calendar_id, DisconnectRequest(reason=why))

    async def report_changes(self, calendar_id: str, event_id: str) -> bool:
        """Has a calendar read one event again; False if it has no workflow that could."""
        async with single_attempt(_LIMIT):
            return await report_changes(self._client, calendar_id, event_id)
