"""Asking the workflow of a meeting or a calendar, which needs a worker that answers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, TypeVar

from temporalio.client import WorkflowHandle, WorkflowQueryFailedError, WorkflowQueryRejectedError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.types import MethodSyncOrAsyncNoParam

from meetings.names import STATUS_QUERY
from meetings.outcome import MeetingView

_NOBODY_THERE = frozenset(
    {RPCStatusCode.CANCELLED, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.FAILED_PRECONDITION}
)
"""What Temporal says when no worker takes up a question in time, or when none has begun with the workflow yet."""


_Workflow = TypeVar("_Workflow")
_View = TypeVar("_View")


class NoAnswerError(Exception):
    """No worker answered, or it could not; the message says which."""


async def ask_status(handle: WorkflowHandle[Any, Any], within: timedelta) -> MeetingView:
    """The meeting as its workflow sees it. Raises as `ask`."""
    async with _answered(within):
        view: MeetingView = await handle.query(STATUS_QUERY, result_type=MeetingView, rpc_timeout=within)
        return view


async def ask(
    handle: WorkflowHandle[_Workflow, Any], query: MethodSyncOrAsyncNoParam[_Workflow, _View], within: timedelta
) -> _View:
    """What a workflow answers.

    Raises NoAnswerError, and RPCError if Temporal itself fails.
    """
    async with _answered(within):
        return await handle.query(query, rpc_timeout=within)


@asynccontextmanager
async def _answered(within: timedelta) -> AsyncIterator[None]:
    try:
        yield
    except (WorkflowQueryFailedError, WorkflowQueryRejectedError) as error:
        raise NoAnswerError(f"the worker could not answer: {error}") from error
    except RPCError as error:
        if error.status in _NOBODY_THERE:
            raise NoAnswerError(f"no worker answered within {within.total_seconds():g} seconds") from error
        raise
