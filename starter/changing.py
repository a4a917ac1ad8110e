"""Changing a running meeting or calendar by an update, which needs a worker that confirms it."""

import asyncio
from datetime import timedelta
from typing import Any, TypeVar, cast

from temporalio.client import (
    WorkflowHandle,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError
from temporalio.workflow import UpdateMethodMultiParam

from meetings.names import INVALID_REQUEST
from minutekeeper.temporal.queries import is_unknown_workflow
from starter import records
from starter.errors import MeetingInputError, MeetingRefusedError, WorkerMissingError

_View = TypeVar("_View")


async def confirmed(
    handle: WorkflowHandle[Any, Any],
    update: UpdateMethodMultiParam[..., _View] | str,
    *arguments: object,
    within: timedelta,
    answer: type[_View] | None = None,
) -> _View:
    """What the workflow answers to a change; of an update that is given by its name, `answer` is the type.

    Raises MeetingInputError if the change cannot be meant, MeetingRefusedError if it is not taken now,
    WorkerMissingError if nobody confirmed it in time, and RPCError if Temporal itself fails.
    """
    try:
        view: _View = await handle.execute_update(
            cast("Any", update), args=arguments, rpc_timeout=within, result_type=answer
        )
        return view
    except WorkflowUpdateFailedError as refusal:
        if isinstance(refusal.cause, ApplicationError) and refusal.cause.type == INVALID_REQUEST:
            raise MeetingInputError("", records.words_of(refusal.cause)) from refusal
        raise MeetingRefusedError(records.words_of(refusal.cause)) from refusal
    except WorkflowUpdateRPCTimeoutOrCancelledError as error:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise asyncio.CancelledError from error
        raise WorkerMissingError(
            f"No worker confirmed the change within {within.total_seconds():g} seconds, so it may not "
            "have been made. Start one with `minutekeeper worker` and try again."
        ) from error
    except RPCError as error:
        if is_unknown_workflow(error):
            raise MeetingRefusedError("It ended at this very moment and was not changed.") from error
        raise
