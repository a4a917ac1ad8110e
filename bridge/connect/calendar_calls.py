"""The calls about workflows of calendars: start one, end one, ask whether it runs. Repeats change nothing."""

from datetime import timedelta

from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from bridge.delivery import Outcome
from bridge.temporal_calls import CallError, one_try
from meetings.calendars.health import RENEWED
from meetings.calendars.keeping import CalendarRequest, Disconnection
from meetings.ids import calendar_workflow_id_for
from meetings.names import CALENDAR_WORKFLOW, FAREWELL_SIGNAL, GRANT_SIGNAL, MEETINGS_QUEUE
from meetings.text import one_line
from runtime.grants import look_after_grants

_LIMIT = timedelta(seconds=10)
_MAX_SUMMARY_BYTES = 200


class CalendarCalls:
    """Every method raises CallError."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def keep(self, request: CalendarRequest) -> None:
        """Has a calendar and its grant kept; one that is kept already hears of the new grant, and looks at once."""
        summary = one_line(f"{request.platform} calendar of {request.user}")
        async with one_try(_LIMIT):
            await self._client.start_workflow(
                CALENDAR_WORKFLOW,
                request,
                id=calendar_workflow_id_for(request.calendar_id),
                task_queue=MEETINGS_QUEUE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                start_signal=GRANT_SIGNAL,
                start_signal_args=[RENEWED],
                static_summary=summary.encode()[:_MAX_SUMMARY_BYTES].decode(errors="ignore"),
                rpc_timeout=_LIMIT,
            )
            await look_after_grants(self._client)

    async def is_kept(self, calendar_id: str) -> bool:
        return await self._status_of(calendar_id) is WorkflowExecutionStatus.RUNNING

    async def was_ever_kept(self, calendar_id: str) -> bool:
        return await self._status_of(calendar_id) is not None

    async def _status_of(self, calendar_id: str) -> WorkflowExecutionStatus | None:
        """Of its workflow; None if there is none."""
        handle = self._client.get_workflow_handle(calendar_workflow_id_for(calendar_id))
        try:
            async with one_try(_LIMIT):
                return (await handle.describe(rpc_timeout=_LIMIT)).status
        except CallError as error:
            if error.outcome is Outcome.UNKNOWN:
                return None
            raise

    async def bid_farewell(self, calendar_id: str, why: str) -> bool:
        """Has a calendar let go of its meetings and end; False if it has no workflow that could."""
        handle = self._client.get_workflow_handle(calendar_workflow_id_for(calendar_id))
        try:
            async with one_try(_LIMIT):
                await handle.signal(FAREWELL_SIGNAL, Disconnection(why=why), rpc_timeout=_LIMIT)
        except CallError as error:
            if error.outcome in {Outcome.UNKNOWN, Outcome.FINISHED}:
                return False
            raise
        return True
