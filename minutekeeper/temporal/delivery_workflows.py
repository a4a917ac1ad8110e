"""Starts the workflows that deliver events: one for each event and endpoint."""

from collections.abc import AsyncIterator
from datetime import timedelta

from temporalio.client import Client, WorkflowExecution
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from minutekeeper.deliveries.delivery import OutgoingDelivery, delivery_workflow_id
from minutekeeper.temporal.names import DELIVERIES_QUEUE, DELIVERY_WORKFLOW
from minutekeeper.temporal.queries import IS_RUNNING, all_of

_TIMEOUT = timedelta(seconds=10)


async def start_delivery(client: Client, delivery: OutgoingDelivery, *, replay: bool = False) -> bool:
    """Starts a delivery unless it was started before; whether it was started now. Raises RPCError.

    A `replay` starts it once more with the same `webhook-id`, but never beside one that runs.
    """
    allowed = WorkflowIDReusePolicy.ALLOW_DUPLICATE if replay else WorkflowIDReusePolicy.REJECT_DUPLICATE
    try:
        await client.start_workflow(
            DELIVERY_WORKFLOW,
            delivery,
            id=delivery_workflow_id(delivery.endpoint_id, delivery.event_id),
            task_queue=DELIVERIES_QUEUE,
            id_reuse_policy=allowed,
            static_summary=delivery.type.value,
            rpc_timeout=_TIMEOUT,
        )
    except WorkflowAlreadyStartedError:
        return False
    return True


async def running_deliveries(client: Client, endpoint_id: str = "") -> AsyncIterator[WorkflowExecution]:
    """The deliveries under way, of one endpoint or of all. What happened a second ago may be missing."""
    condition = all_of(IS_RUNNING, f"WorkflowType = '{DELIVERY_WORKFLOW}'")
    prefix = delivery_workflow_id(endpoint_id, "") if endpoint_id else ""
    async for execution in client.list_workflows(condition):
        if execution.id.startswith(prefix):
            yield execution
