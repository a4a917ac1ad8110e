"""Has the grants of all calendars looked after. Whoever has a calendar kept calls it."""

from datetime import timedelta
from typing import Any

from temporalio.client import Client, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy

from meetings.calendars.rounds import RoundsRequest
from meetings.names import CALENDAR_HEALTH_ID, CALENDAR_HEALTH_WORKFLOW, CHECK_SIGNAL, MEETINGS_QUEUE

_LIMIT = timedelta(seconds=10)


async def look_after_grants(client: Client, *, at_once: bool = False) -> WorkflowHandle[Any, Any]:
    """Starts the one workflow that does it, if it does not run; `at_once` has it make a round now.

    Raises RPCError.
    """
    return await client.start_workflow(
        CALENDAR_HEALTH_WORKFLOW,
        RoundsRequest(),
        id=CALENDAR_HEALTH_ID,
        task_queue=MEETINGS_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        start_signal=CHECK_SIGNAL if at_once else None,
        static_summary="Can all calendars be read?",
        rpc_timeout=_LIMIT,
    )
