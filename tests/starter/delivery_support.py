"""A worker of deliveries that sends nothing: what comes of a try stands in the endpoint's address."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from minutekeeper.deliveries.delivery import (
    DeliveryAttempt,
    DeliveryEnd,
    DeliveryRecord,
    DeliveryView,
    OutgoingDelivery,
)
from minutekeeper.deliveries.endpoint import OutgoingEventType
from minutekeeper.storage.delivery_records import DeliveryStore
from minutekeeper.storage.endpoints import EndpointStore
from minutekeeper.storage.store import ArtifactStore
from minutekeeper.temporal.names import DELIVERIES_QUEUE, DELIVERY_WORKFLOW

REFUSING = "https://refusing.example.com/"
"""The address of an endpoint that answers 500; every other one answers 200."""


@workflow.defn(name=DELIVERY_WORKFLOW)
class FakeDelivery:
    """Tries once; what was refused waits for the next try until the test ends."""

    @workflow.init
    def __init__(self, delivery: OutgoingDelivery) -> None:
        self._delivery = delivery
        self._attempts: tuple[DeliveryAttempt, ...] = ()

    @workflow.run
    async def run(self, delivery: OutgoingDelivery) -> str:
        attempt = await workflow.execute_activity(
            "try_once", delivery, result_type=DeliveryAttempt, start_to_close_timeout=timedelta(seconds=10)
        )
        if not attempt.is_success:
            self._attempts = (attempt,)
            await asyncio.sleep(3600)
        return DeliveryEnd.DELIVERED.value

    @workflow.query
    def status(self) -> DeliveryView:
        return DeliveryView(
            endpoint_id=self._delivery.endpoint_id,
            event_id=self._delivery.event_id,
            type=self._delivery.type,
            attempts=self._attempts,
            next_attempt_at=workflow.now() + timedelta(hours=1) if self._attempts else None,
            outcome=None,
        )


class FakeDeliveries:
    """The activity, with the store of the test."""

    def __init__(self, store: ArtifactStore) -> None:
        self._store = store

    @activity.defn
    async def try_once(self, delivery: OutgoingDelivery) -> DeliveryAttempt:
        endpoint = await EndpointStore(self._store).get(delivery.endpoint_id)
        assert endpoint is not None
        now = datetime.now(UTC)
        if endpoint.url == REFUSING:
            return DeliveryAttempt(at=now, status_code=500, milliseconds=12, answer="try later")
        attempt = DeliveryAttempt(at=now, status_code=200, milliseconds=12)
        await DeliveryStore(self._store).write(
            DeliveryRecord(**dict(delivery), outcome=DeliveryEnd.DELIVERED, ended_at=now, attempts=(attempt,))
        )
        return attempt


def delivery_worker(temporal: Client, store: ArtifactStore) -> Worker:
    return Worker(
        temporal,
        task_queue=DELIVERIES_QUEUE,
        workflows=[FakeDelivery],
        activities=[FakeDeliveries(store).try_once],
        workflow_runner=UnsandboxedWorkflowRunner(),
    )


def an_event(endpoint_id: str, number: int, outcome: DeliveryEnd, **changes: Any) -> DeliveryRecord:
    """The record of an event of so many minutes ago."""
    at = datetime.now(UTC) - timedelta(minutes=number)
    fields = {"timestamp": at, "ended_at": at, "type": OutgoingEventType.MEETING_COMPLETED, "body": "{}"} | changes
    return DeliveryRecord(endpoint_id=endpoint_id, event_id=f"evt_{number}", outcome=outcome, **fields)
