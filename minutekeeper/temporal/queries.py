"""Builds visibility queries, and distinguishes Temporal's errors of the status "not found"."""

from collections.abc import Iterable
from datetime import timedelta

from temporalio.api.errordetails.v1 import NamespaceNotFoundFailure
from temporalio.client import Client, WorkflowExecutionDescription
from temporalio.service import RPCError, RPCStatusCode

from minutekeeper.temporal.names import CALENDAR_WORKFLOW, MEETING_WORKFLOW

IS_RUNNING = "ExecutionStatus = 'Running'"
IS_MEETING = f"WorkflowType = '{MEETING_WORKFLOW}'"
IS_CALENDAR = f"WorkflowType = '{CALENDAR_WORKFLOW}'"


def quoted(text: str) -> str:
    """A text as a literal of a visibility query."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def quoted_list(texts: Iterable[str]) -> str:
    """Several texts as the content of the brackets of `IN (…)`."""
    return ", ".join(map(quoted, texts))


def all_of(*conditions: str) -> str:
    """The query that all these conditions make together."""
    return " AND ".join(conditions)


def is_unknown_workflow(error: RPCError) -> bool:
    """Whether Temporal has no workflow of this id that could take the call: it never existed, or it has ended.

    A missing namespace is reported by the same status code, and is an error of configuration.
    """
    return error.status is RPCStatusCode.NOT_FOUND and not _is_missing_namespace(error)


def is_ended_workflow(error: RPCError) -> bool:
    """Whether the workflow existed and has ended."""
    # The two only differ in their message.
    return is_unknown_workflow(error) and "already completed" in error.message


def _is_missing_namespace(error: RPCError) -> bool:
    if error.message.startswith("Namespace "):
        return True
    return any(detail.Is(NamespaceNotFoundFailure.DESCRIPTOR) for detail in error.grpc_status.details)


async def describe_workflow(
    client: Client, workflow_id: str, rpc_timeout: timedelta
) -> WorkflowExecutionDescription | None:
    """The newest run of a workflow; None if Temporal knows none. Raises RPCError."""
    try:
        return await client.get_workflow_handle(workflow_id).describe(rpc_timeout=rpc_timeout)
    except RPCError as error:
        if is_unknown_workflow(error):
            return None
        raise
