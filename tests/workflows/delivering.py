"""A worker of deliveries with an endpoint, for tests in virtual time."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from temporalio.client import Client, WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from activities.deliveries import DeliveryActivities
from activities.endpoint_requests import EndpointRequests
from minutekeeper.deliveries.delivery import (
    DeliveryEnd,
    DeliveryRecord,
    DeliveryView,
    OutgoingDelivery,
    delivery_of,
    delivery_workflow_id,
)
from minutekeeper.deliveries.endpoint import WebhookEndpoint
from minutekeeper.deliveries.endpoint_secrets import endpoint_secret
from minutekeeper.deliveries.events import OutgoingEvent
from minutekeeper.downloads.url_policy import create_checked_session, endpoint_policy
from minutekeeper.storage.delivery_records import DeliveryStore
from minutekeeper.storage.endpoints import EndpointStore
from minutekeeper.storage.store import ArtifactStore
from minutekeeper.temporal.delivery_workflows import start_delivery
from minutekeeper.temporal.names import DELIVERIES_QUEUE
from tests.workflows.conftest import BoundedWorker
from workflows.delivery import DeliveryWorkflow

MASTER = "the-master-secret-of-all-endpoints"


@dataclass(frozen=True)
class Deliveries:
    """What a test of deliveries works with."""

    env: WorkflowEnvironment
    client: Client
    store: ArtifactStore
    endpoint: WebhookEndpoint

    @property
    def secret(self) -> str:
        return endpoint_secret(MASTER, self.endpoint.endpoint_id, self.endpoint.generation)

    async def start(self, event: OutgoingEvent, *, replay: bool = False) -> "Sent":
        delivery = delivery_of(event, self.endpoint)
        await start_delivery(self.client, delivery, replay=replay)
        handle: WorkflowHandle[Any, DeliveryEnd] = self.client.get_workflow_handle(
            delivery_workflow_id(delivery.endpoint_id, delivery.event_id), result_type=DeliveryEnd
        )
        return Sent(self, delivery, handle)

    async def endpoint_now(self) -> WebhookEndpoint:
        endpoint = await EndpointStore(self.store).get(self.endpoint.endpoint_id)
        assert endpoint is not None
        return endpoint


@dataclass(frozen=True)
class Sent:
    """A delivery that was started."""

    world: Deliveries
    delivery: OutgoingDelivery
    handle: WorkflowHandle[Any, DeliveryEnd]

    async def forward(self, **duration: float) -> None:
        await self.world.env.fast_forward(self.handle, timedelta(**duration))

    async def view(self) -> DeliveryView:
        view: DeliveryView = await self.handle.query("status", result_type=DeliveryView)
        return view

    async def record(self) -> DeliveryRecord:
        record = await DeliveryStore(self.world.store).get(self.delivery.endpoint_id, self.delivery.event_id)
        assert record is not None
        return record


@contextlib.asynccontextmanager
async def delivering(
    client: Client, store: ArtifactStore, *, private_addresses: bool = True, master: str = MASTER
) -> AsyncIterator[None]:
    """A worker for the queue of deliveries."""
    policy = endpoint_policy(private_addresses=private_addresses)
    async with create_checked_session(100, policy) as session:
        activities = DeliveryActivities(store, EndpointRequests(session, master))
        async with BoundedWorker(
            client,
            task_queue=DELIVERIES_QUEUE,
            workflows=[DeliveryWorkflow],
            activities=[activities.deliver, activities.record_delivery],
            max_concurrent_activities=1000,
        ):
            yield
