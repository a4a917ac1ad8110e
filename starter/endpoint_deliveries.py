"""What was delivered to endpoints: the history of tries, replays, and tests."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from temporalio.client import Client, WorkflowFailureError
from temporalio.service import RPCError

from minutekeeper.deliveries.delivery import (
    DeliveryEnd,
    DeliveryRecord,
    DeliveryView,
    OutgoingDelivery,
    delivery_of,
    delivery_workflow_id,
)
from minutekeeper.deliveries.endpoint import WebhookEndpoint
from minutekeeper.deliveries.events import endpoint_test_event
from minutekeeper.storage.delivery_records import DeliveryKey, DeliveryStore
from minutekeeper.temporal.delivery_workflows import running_deliveries, start_delivery
from minutekeeper.temporal.names import STATUS_QUERY
from minutekeeper.temporal.queries import describe_workflow
from starter.endpoint_models import DeliveryState, EndpointDeliveries, EndpointDelivery, ReplayedDeliveries
from starter.error_translation import translate_temporal_errors
from starter.errors import DeliveryNotFoundError, NoWorkerError, TemporalUnreachableError

MAX_REPLAYED = 1000
"""Deliveries that one call starts anew."""

_MAX_QUERIES = 20
"""Pending deliveries whose tries are told in a list, because each is one query, which is billed."""
_CONCURRENCY = 20
_QUERY_TIMEOUT = timedelta(seconds=3)
_RPC_TIMEOUT = timedelta(seconds=10)
_TEST_SECONDS = 30
_LOOK_EVERY_SECONDS = 2


@dataclass(frozen=True)
class DeliveryHistory:
    """The deliveries to endpoints. `connected` gives the Temporal client, or raises TemporalUnreachableError."""

    records: DeliveryStore
    connected: Callable[[], Awaitable[Client]]

    async def recent(
        self,
        endpoint_id: str,
        outcome: DeliveryState | None,
        since: datetime | None,
        until: datetime | None,
        limit: int,
    ) -> EndpointDeliveries:
        """The newest deliveries to an endpoint. Pending ones have no time that could be compared."""
        found: dict[str, EndpointDelivery] = {}
        is_complete = True
        if outcome in {None, DeliveryState.PENDING}:
            try:
                found = {each.event_id: each for each in await self._pending(endpoint_id, limit)}
            except TemporalUnreachableError:
                is_complete = False
        if outcome is not DeliveryState.PENDING:
            async for record in self.records.each_by(DeliveryKey.ENDPOINT, endpoint_id, since, until):
                if len(found) >= limit:
                    break
                ended = EndpointDelivery.of_record(record)
                if outcome in {None, ended.outcome} and ended.event_id not in found:
                    found[ended.event_id] = ended
        return EndpointDeliveries(items=tuple(found.values()), complete=is_complete)

    async def show(self, endpoint_id: str, event_id: str) -> EndpointDelivery:
        """One delivery. Raises DeliveryNotFoundError."""
        record = await self.records.get(endpoint_id, event_id)
        try:
            pending = await self._running(endpoint_id, event_id)
        except TemporalUnreachableError:
            if record is None:
                raise
            pending = None
        if pending is not None:
            earlier = record.attempts if record else ()
            return pending.model_copy(update={"attempts": (*earlier, *pending.attempts)})
        if record is None:
            raise DeliveryNotFoundError(f"The event {event_id} was never on its way to {endpoint_id}.")
        return EndpointDelivery.of_record(record)

    async def replay(self, endpoint_id: str, event_id: str) -> EndpointDelivery:
        """Delivers an event once more, with the same id. What is under way already is not started again."""
        record = await self.records.get(endpoint_id, event_id)
        temporal = await self.connected()
        if record is not None:
            with translate_temporal_errors(temporal):
                await start_delivery(temporal, record.delivery, replay=True)
            return EndpointDelivery.of_record(record).model_copy(
                update={"outcome": DeliveryState.PENDING, "why": "", "ended_at": None}
            )
        return await self.show(endpoint_id, event_id)

    async def replay_span(
        self, endpoint_id: str, outcome: DeliveryState | None, since: datetime | None, until: datetime | None
    ) -> ReplayedDeliveries:
        """Delivers events of a span once more, by default those that were not delivered; the oldest ones first."""
        chosen: deque[OutgoingDelivery] = deque(maxlen=MAX_REPLAYED)
        count = 0
        async for record in self.records.each_by(DeliveryKey.ENDPOINT, endpoint_id, since, until):
            if _is_chosen(record, outcome):
                chosen.appendleft(record.delivery)
                count += 1
        temporal = await self.connected()
        slots = asyncio.Semaphore(_CONCURRENCY)

        async def start(delivery: OutgoingDelivery) -> bool:
            async with slots:
                return await start_delivery(temporal, delivery, replay=True)

        with translate_temporal_errors(temporal):
            started = await asyncio.gather(*map(start, chosen))
        return ReplayedDeliveries(
            replayed=sum(started), under_way=len(started) - sum(started), left=count - len(chosen)
        )

    async def test(self, endpoint: WebhookEndpoint, api_url: str) -> EndpointDelivery:
        """Sends a test, and waits for what comes of its first try. Raises NoWorkerError."""
        temporal = await self.connected()
        now = datetime.now(UTC)
        event = endpoint_test_event(endpoint.endpoint_id, round(now.timestamp() * 1_000_000), now, api_url)
        with translate_temporal_errors(temporal):
            await start_delivery(temporal, delivery_of(event, endpoint))
            tried = await self._first_try(temporal, endpoint.endpoint_id, event.event_id)
            if tried is None:
                raise NoWorkerError(
                    f"No worker has sent the test within {_TEST_SECONDS} seconds. Start one with `minutekeeper "
                    f"worker`; `minutekeeper webhook deliveries {endpoint.endpoint_id}` tells what came of it."
                )
        return tried

    async def _first_try(self, temporal: Client, endpoint_id: str, event_id: str) -> EndpointDelivery | None:
        """A delivery that was tried once, or has ended; None if neither happens in time."""
        handle = temporal.get_workflow_handle(delivery_workflow_id(endpoint_id, event_id))
        for _ in range(_TEST_SECONDS // _LOOK_EVERY_SECONDS):
            with suppress(TimeoutError, WorkflowFailureError):
                async with asyncio.timeout(_LOOK_EVERY_SECONDS):
                    await handle.result()
                return await self.show(endpoint_id, event_id)
            pending = await self._asked(temporal, endpoint_id, event_id)
            if pending.attempts:
                return pending
        return None

    async def _pending(self, endpoint_id: str, limit: int) -> list[EndpointDelivery]:
        temporal = await self.connected()
        prefix = delivery_workflow_id(endpoint_id, "")
        ids: list[str] = []
        with translate_temporal_errors(temporal):
            async for execution in running_deliveries(temporal, endpoint_id):
                ids.append(execution.id.removeprefix(prefix))
                if len(ids) >= limit:
                    break
        known = await asyncio.gather(*(self._asked(temporal, endpoint_id, each) for each in ids[:_MAX_QUERIES]))
        return [*known, *(_bare(endpoint_id, each) for each in ids[_MAX_QUERIES:])]

    async def _running(self, endpoint_id: str, event_id: str) -> EndpointDelivery | None:
        """A delivery if it is under way."""
        temporal = await self.connected()
        with translate_temporal_errors(temporal):
            found = await describe_workflow(temporal, delivery_workflow_id(endpoint_id, event_id), _RPC_TIMEOUT)
        if found is None or found.close_time is not None:
            return None
        return await self._asked(temporal, endpoint_id, event_id)

    async def _asked(self, temporal: Client, endpoint_id: str, event_id: str) -> EndpointDelivery:
        """A pending delivery with its tries, if a worker tells them."""
        handle = temporal.get_workflow_handle(delivery_workflow_id(endpoint_id, event_id))
        try:
            view: DeliveryView = await handle.query(
                STATUS_QUERY, result_type=DeliveryView, rpc_timeout=_QUERY_TIMEOUT
            )
        except RPCError:
            return _bare(endpoint_id, event_id)
        return EndpointDelivery(
            endpoint_id=endpoint_id,
            event_id=event_id,
            type=view.type,
            outcome=DeliveryState.PENDING,
            next_attempt_at=view.next_attempt_at,
            attempts=view.attempts,
        )


def _bare(endpoint_id: str, event_id: str) -> EndpointDelivery:
    return EndpointDelivery(endpoint_id=endpoint_id, event_id=event_id, outcome=DeliveryState.PENDING)


def _is_chosen(record: DeliveryRecord, outcome: DeliveryState | None) -> bool:
    if outcome is None:
        return record.outcome is not DeliveryEnd.DELIVERED
    return record.outcome.value == outcome.value
