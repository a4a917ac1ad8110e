"""The activities that deliver events to endpoints, and write down themselves what came of it."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.endpoint_requests import EndpointRequests
from activities.heartbeats import with_heartbeats
from minutekeeper.deliveries.delivery import (
    DeliveryAttempt,
    DeliveryEnd,
    DeliveryInput,
    DeliveryRecord,
    DeliveryResult,
)
from minutekeeper.deliveries.endpoint import OutgoingEventType, WebhookEndpoint
from minutekeeper.deliveries.retry_schedule import DISABLED_AFTER
from minutekeeper.storage.delivery_records import DeliveryStore, EndpointFailures
from minutekeeper.storage.endpoints import EndpointStore
from minutekeeper.storage.errors import StoreError
from minutekeeper.storage.store import ArtifactStore

MAX_AT_ONCE = 4
"""Deliveries at a time to one endpoint, by one worker."""

_GONE = 410
_TURN_SECONDS = 20
_BUSY_PAUSE = timedelta(seconds=30)
_LONGEST_BUSY_PAUSE = timedelta(minutes=10)
_COUNTER = ("minutekeeper_webhook_deliveries_total", "Deliveries of events to endpoints that have ended.")


class DeliveryActivities:
    """Delivers events to the endpoints in a store."""

    def __init__(self, store: ArtifactStore, requests: EndpointRequests) -> None:
        self._endpoints = EndpointStore(store)
        self._records = DeliveryStore(store)
        self._failures = EndpointFailures(store)
        self._requests = requests
        self._turns: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(MAX_AT_ONCE))

    @activity.defn
    async def deliver(self, order: DeliveryInput) -> DeliveryResult:
        """One try. If the delivery ends with it, its record is written as well.

        Heartbeats only if it takes longer than two seconds, so that the loss of a worker is noticed soon. Raises
        StoreError before anything is sent, and ApplicationError of the types `NoSecret`, and `Busy` if too many
        deliveries to this endpoint wait; all are to be retried, and count as no try.
        """
        return await with_heartbeats(self._deliver(order), lambda: None)

    @activity.defn
    async def record_delivery(self, record: DeliveryRecord) -> None:
        """Writes the record of a delivery that has ended, if that failed with its last try. Raises StoreError."""
        await self._records.write(record)

    async def _deliver(self, order: DeliveryInput) -> DeliveryResult:
        endpoint = await self._endpoints.get(order.delivery.endpoint_id)
        if endpoint is None:
            return await self._ended(order, None, DeliveryEnd.REMOVED, "The endpoint was removed.")
        if not endpoint.is_enabled:
            why = f"The endpoint is disabled: {endpoint.disabled_why}"
            return await self._ended(order, None, DeliveryEnd.HELD, why)
        if not self._requests.master:
            text = "MINUTEKEEPER_WEBHOOK_SECRET is not set, so that events cannot be signed"
            raise ApplicationError(text, type="NoSecret", next_retry_delay=timedelta(minutes=1))
        async with self._turn(endpoint):
            attempt, retry_after = await self._requests.post(endpoint, order.delivery)
        if attempt.is_success:
            with self._tolerated("note a success"):
                await self._failures.note_success(endpoint.endpoint_id)
            return await self._ended(order, attempt, DeliveryEnd.DELIVERED, "")
        if disabled_why := await self._reason_to_disable(endpoint, attempt):
            with self._tolerated("disable an endpoint"):
                await self._disable(endpoint, disabled_why)
                why = f"The endpoint is disabled: {disabled_why}"
                return await self._ended(order, attempt, DeliveryEnd.HELD, why)
        is_test = order.delivery.type is OutgoingEventType.WEBHOOK_TEST
        if order.is_last or is_test:
            why = "A test is tried once." if is_test else f"None of {len(order.attempts) + 1} tries."
            return await self._ended(order, attempt, DeliveryEnd.FAILED, why)
        return DeliveryResult(attempt=attempt, retry_after=retry_after)

    @contextlib.asynccontextmanager
    async def _turn(self, endpoint: WebhookEndpoint) -> AsyncIterator[None]:
        """One of the turns of an endpoint. Who waits long comes back later: others need the worker meanwhile."""
        turns = self._turns[endpoint.endpoint_id]
        try:
            await asyncio.wait_for(turns.acquire(), _TURN_SECONDS)
        except TimeoutError:
            pause = min(_BUSY_PAUSE * activity.info().attempt, _LONGEST_BUSY_PAUSE)
            text = f"{MAX_AT_ONCE} deliveries to this endpoint are under way, and others wait"
            raise ApplicationError(
                text, type="Busy", next_retry_delay=pause, category=ApplicationErrorCategory.BENIGN
            ) from None
        try:
            yield
        finally:
            turns.release()

    async def _reason_to_disable(self, endpoint: WebhookEndpoint, attempt: DeliveryAttempt) -> str:
        if attempt.status_code == _GONE:
            return "it answered 410 Gone, by which it asks for no more events"
        since = attempt.at
        with self._tolerated("note a failure"):
            since = await self._failures.note_failure(endpoint.endpoint_id, attempt.at)
        if attempt.at - since < DISABLED_AFTER:
            return ""
        return f"all deliveries have failed since {since:%Y-%m-%d %H:%M} UTC"

    async def _disable(self, endpoint: WebhookEndpoint, why: str) -> None:
        await self._endpoints.change(
            endpoint.endpoint_id,
            lambda known: known if known.disabled_why else known.model_copy(update={"disabled_why": why}),
        )
        # Once it is enabled again, its failures count anew.
        await self._failures.note_success(endpoint.endpoint_id)
        activity.logger.warning("endpoint %s is disabled: %s", endpoint.endpoint_id, why)

    async def _ended(
        self, order: DeliveryInput, attempt: DeliveryAttempt | None, outcome: DeliveryEnd, why: str
    ) -> DeliveryResult:
        activity.metric_meter().create_counter(*_COUNTER).add(1, {"outcome": outcome.value})
        record = DeliveryRecord(
            **dict(order.delivery),
            outcome=outcome,
            why=why,
            ended_at=datetime.now(UTC),
            attempts=(*order.attempts, attempt) if attempt else order.attempts,
        )
        is_recorded = False
        with self._tolerated("write the record of a delivery"):
            await self._records.write(record)
            is_recorded = True
        return DeliveryResult(attempt=attempt, outcome=outcome, why=why, is_recorded=is_recorded)

    @contextlib.contextmanager
    def _tolerated(self, what: str) -> Iterator[None]:
        """Goes on without the store, because the event is sent: a failure here would send it again."""
        try:
            yield
        except StoreError as error:
            activity.logger.warning("Cannot %s: %s", what, error)
