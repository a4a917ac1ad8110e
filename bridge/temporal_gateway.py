"""The bridge's calls to Temporal: each is made once, with a timeout, and raises a single type of error."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import WorkflowExecutionStatus
from temporalio.api.workflowservice.v1 import (
    DescribeWorkflowExecutionRequest,
    SignalWorkflowExecutionRequest,
)
from temporalio.client import Client
from temporalio.converter import WorkflowSerializationContext
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from bridge.delivery import DeliveryOutcome, WebhookDelivery
from minutekeeper.meetings.request import MeetingRequest
from minutekeeper.temporal.meeting_workflows import FirstSignal, MeetingWorkflows
from minutekeeper.temporal.queries import is_ended_workflow, is_unknown_workflow

_PROBE = timedelta(seconds=1)

_SILENCE = {RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED}


class TemporalCallError(Exception):
    """A call failed; the message is Temporal's own text."""

    def __init__(self, outcome: DeliveryOutcome, why: str) -> None:
        super().__init__(why)
        self.outcome = outcome


class TemporalGateway:
    """Every method raises TemporalCallError. `limit` is how long one call may take."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def signal(self, delivery: WebhookDelivery, limit: timedelta) -> None:
        """Signals the workflow.

        Not with a start, which would revive a finished meeting, and by the raw API, which alone
        accepts a request id.
        """
        context = WorkflowSerializationContext(namespace=self._client.namespace, workflow_id=delivery.workflow_id)
        request = SignalWorkflowExecutionRequest(
            namespace=self._client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=delivery.workflow_id),
            signal_name=delivery.signal,
            identity=self._client.identity,
            request_id=delivery.request_id,
        )
        payloads = await self._client.data_converter.with_context(context).encode([delivery.message])
        request.input.payloads.extend(payloads)
        async with single_attempt(limit):
            await self._client.workflow_service.signal_workflow_execution(request, timeout=limit)

    async def start_meeting(self, delivery: WebhookDelivery, request: MeetingRequest, limit: timedelta) -> None:
        """Starts a meeting with its first signal; one that runs is only signalled.

        One that has ended is not started again, as long as Temporal remembers it.
        """
        async with single_attempt(limit):
            try:
                signal = FirstSignal(delivery.signal, delivery.message)
                meetings = MeetingWorkflows(self._client, limit)
                await meetings.start(request, delivery.workflow_id, first_signal=signal)
            except WorkflowAlreadyStartedError as error:
                raise TemporalCallError(DeliveryOutcome.FINISHED, str(error)) from error

    async def is_running(self, workflow_id: str, limit: timedelta) -> bool:
        try:
            status = await self._status(workflow_id, limit)
        except TemporalCallError as error:
            if error.outcome is DeliveryOutcome.UNKNOWN:
                return False
            raise
        return status == WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_RUNNING

    async def check_exists(self, workflow_id: str, limit: timedelta) -> None:
        """Raises unless Temporal remembers the workflow, running or not."""
        await self._status(workflow_id, limit)

    async def _status(self, workflow_id: str, limit: timedelta) -> WorkflowExecutionStatus.ValueType:
        request = DescribeWorkflowExecutionRequest(
            namespace=self._client.namespace, execution=WorkflowExecution(workflow_id=workflow_id)
        )
        async with single_attempt(limit):
            answer = await self._client.workflow_service.describe_workflow_execution(request, timeout=limit)
        return answer.workflow_execution_info.status

    async def is_healthy(self) -> bool:
        try:
            async with single_attempt(_PROBE):
                return await self._client.service_client.check_health(timeout=_PROBE)
        except TemporalCallError:
            return False


@asynccontextmanager
async def single_attempt(limit: timedelta) -> AsyncIterator[None]:
    try:
        # The timeout of an RPC does not cover the first connection of a lazy client.
        async with asyncio.timeout(limit.total_seconds()):
            yield
    except RPCError as error:
        raise TemporalCallError(_outcome(error), f"{error.status.name}: {error.message}") from error
    except TimeoutError as error:
        raise TemporalCallError(
            DeliveryOutcome.TEMPORAL_DOWN, f"no answer within {limit.total_seconds():g} s"
        ) from error
    except RuntimeError as error:
        # A lazy client that cannot connect raises this.
        raise TemporalCallError(DeliveryOutcome.TEMPORAL_DOWN, str(error)) from error


def _outcome(error: RPCError) -> DeliveryOutcome:
    if error.status in _SILENCE:
        return DeliveryOutcome.TEMPORAL_DOWN
    if error.status is RPCStatusCode.INVALID_ARGUMENT:
        return DeliveryOutcome.REFUSED
    if is_unknown_workflow(error):
        return DeliveryOutcome.FINISHED if is_ended_workflow(error) else DeliveryOutcome.UNKNOWN
    return DeliveryOutcome.RETRY_LATER
