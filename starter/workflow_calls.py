"""Queries and updates of running workflows. Both need a worker that answers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, TypeVar, cast

from temporalio.client import (
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.types import MethodSyncOrAsyncNoParam
from temporalio.workflow import UpdateMethodMultiParam

from minutekeeper.meetings.meeting_state import MeetingState
from minutekeeper.meetings.views import MeetingView
from minutekeeper.temporal.names import INVALID_REQUEST, STATE_QUERY, STATUS_QUERY
from minutekeeper.temporal.queries import is_unknown_workflow
from starter.error_translation import error_message
from starter.errors import MeetingInputError, MeetingRefusedError, NoWorkerError

_NO_WORKER = frozenset(
    {RPCStatusCode.CANCELLED, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.FAILED_PRECONDITION}
)
"""What Temporal answers if no worker takes a query in time, or if none has started the workflow yet."""

_Workflow = TypeVar("_Workflow")
_View = TypeVar("_View")


class NoAnswerError(Exception):
    """No worker answered, or it could not; the message says which."""


async def query_status(handle: WorkflowHandle[Any, Any], within: timedelta) -> MeetingView:
    """Queries a meeting's status by the query's name. Raises as `query_workflow`."""
    async with _no_answer_errors(within):
        view: MeetingView = await handle.query(STATUS_QUERY, result_type=MeetingView, rpc_timeout=within)
        return view


async def query_state(handle: WorkflowHandle[Any, Any], within: timedelta) -> MeetingState:
    """Queries the whole state of a meeting. Raises as `query_workflow`."""
    async with _no_answer_errors(within):
        state: MeetingState = await handle.query(STATE_QUERY, result_type=MeetingState, rpc_timeout=within)
        return state


async def query_workflow(
    handle: WorkflowHandle[_Workflow, Any], query: MethodSyncOrAsyncNoParam[_Workflow, _View], within: timedelta
) -> _View:
    """Raises NoAnswerError, and RPCError if Temporal itself fails."""
    async with _no_answer_errors(within):
        return await handle.query(query, rpc_timeout=within)


async def update_workflow(
    handle: WorkflowHandle[Any, Any],
    update: UpdateMethodMultiParam[..., _View] | str,
    *arguments: object,
    within: timedelta,
    result_type: type[_View] | None = None,
) -> _View:
    """Sends an update and returns the workflow's answer.

    Raises MeetingInputError if the workflow rejects the input, MeetingRefusedError if it rejects the change now,
    NoWorkerError if no worker confirmed it in time, and RPCError if Temporal itself fails.

    Args:
        handle: The workflow.
        update: The update's method, or its name together with `result_type`.
        arguments: Its arguments.
        within: How long to wait for a worker.
        result_type: The type of the answer of an update that is given by name.
    """
    try:
        view: _View = await handle.execute_update(
            cast("Any", update), args=arguments, rpc_timeout=within, result_type=result_type
        )
        return view
    except WorkflowUpdateFailedError as refusal:
        if isinstance(refusal.cause, ApplicationError) and refusal.cause.type == INVALID_REQUEST:
            raise MeetingInputError("", error_message(refusal.cause)) from refusal
        raise MeetingRefusedError(error_message(refusal.cause)) from refusal
    except WorkflowUpdateRPCTimeoutOrCancelledError as error:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise asyncio.CancelledError from error
        raise NoWorkerError(
            f"No worker confirmed the change within {within.total_seconds():g} seconds, so it may not "
            "have been made. Start one with `minutekeeper worker` and try again."
        ) from error
    except RPCError as error:
        if is_unknown_workflow(error):
            raise MeetingRefusedError("It ended just now and was not changed.") from error
        raise


@asynccontextmanager
async def _no_answer_errors(within: timedelta) -> AsyncIterator[None]:
    try:
        yield
    except (WorkflowQueryFailedError, WorkflowQueryRejectedError) as error:
        raise NoAnswerError(f"the worker could not answer: {error}") from error
    except RPCError as error:
        if error.status in _NO_WORKER:
            raise NoAnswerError(f"no worker answered within {within.total_seconds():g} seconds") from error
        raise
