"""Asking a meeting's workflow, which needs a worker that answers."""

from datetime import timedelta
from typing import Any

from temporalio.client import WorkflowHandle, WorkflowQueryFailedError, WorkflowQueryRejectedError
from temporalio.service import RPCError, RPCStatusCode

from meetings.outcome import MeetingView
from workflows.meeting import MeetingWorkflow

_NOBODY_THERE = frozenset(
    {RPCStatusCode.CANCELLED, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.FAILED_PRECONDITION}
)
"""What Temporal says when no worker takes up a question in time, or when none has begun with the workflow yet."""


class NoAnswerError(Exception):
    """No worker answered, or it could not; the message says which."""


async def ask_status(handle: WorkflowHandle[Any, Any], within: timedelta) -> MeetingView:
    """The meeting as its workflow sees it.

    Raises NoAnswerError, and RPCError if Temporal itself fails.
    """
    try:
        return await handle.query(MeetingWorkflow.status, rpc_timeout=within)
    except (WorkflowQueryFailedError, WorkflowQueryRejectedError) as error:
        raise NoAnswerError(f"the worker could not answer: {error}") from error
    except RPCError as error:
        if error.status in _NOBODY_THERE:
            raise NoAnswerError(f"no worker answered within {within.total_seconds():g} seconds") from error
        raise
