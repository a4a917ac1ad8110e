"""Events to other services: how soon they arrive after a first refusal, and that all do, once, under one id."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from aiohttp import web

from devtools.benchmarks.booking import in_parallel
from devtools.benchmarks.context import Bench
from devtools.benchmarks.measure import percentile, ratio
from devtools.benchmarks.results import AccessFindings, at_most, plain
from devtools.stack.ports import HOST
from minutekeeper.deliveries.delivery import OutgoingDelivery
from minutekeeper.deliveries.endpoint import OutgoingEventType, WebhookEndpoint
from minutekeeper.deliveries.events import endpoint_test_event
from minutekeeper.storage.endpoints import EndpointStore
from minutekeeper.storage.store import ArtifactStore
from minutekeeper.temporal.delivery_workflows import start_delivery

TITLE = "Outgoing events"

_EVENTS = 1000
_ENDPOINT = "ep_bench"
_SETTINGS = {"MINUTEKEEPER_WEBHOOK_SECRET": "b" * 32, "MINUTEKEEPER_WEBHOOK_PRIVATE_ADDRESSES": "true"}
_PATIENCE_SECONDS = 120.0


@dataclass
class _Receiver:
    """Refuses the first try of each event, and notes when it was refused and accepted."""

    refused: dict[str, float] = field(default_factory=dict)
    accepted: dict[str, list[float]] = field(default_factory=dict)
    url: str = ""

    async def answer(self, request: web.Request) -> web.Response:
        event_id = request.headers["webhook-id"]
        await request.read()
        if event_id not in self.refused:
            self.refused[event_id] = time.monotonic()
            return web.Response(status=503)
        self.accepted.setdefault(event_id, []).append(time.monotonic())
        return web.Response(status=204)


async def measure(bench: Bench) -> AccessFindings:
    async with bench.stand("events", settings=_SETTINGS) as stand, _receiving() as receiver:
        store = ArtifactStore(stand.environment["ARTIFACTS_URL"])
        endpoint = WebhookEndpoint(endpoint_id=_ENDPOINT, url=receiver.url, created_at=datetime.now(UTC))
        await EndpointStore(store).put(endpoint)
        deliveries = [_delivery(number, endpoint) for number in range(bench.many(_EVENTS))]
        wanted = {each.event_id for each in deliveries}

        async def start(delivery: OutgoingDelivery) -> None:
            await start_delivery(stand.client, delivery)

        began = time.monotonic()
        await in_parallel(start, deliveries)
        await _until(lambda: len(receiver.accepted) >= len(wanted))
    took = max((times[0] for times in receiver.accepted.values()), default=began) - began
    repeated = [times[0] - receiver.refused[name] for name, times in receiver.accepted.items()]
    return AccessFindings(
        figures=(
            plain("arrived", ratio(len(receiver.accepted), took), "/s"),
            plain("p99 from the refusal to the repeat", percentile(repeated, 0.99), "s"),
            at_most("events that never arrived", len(wanted - receiver.accepted.keys()), "events", 0),
            at_most("events under another id", len(receiver.accepted.keys() - wanted), "events", 0),
            at_most(
                "events accepted twice", sum(len(each) - 1 for each in receiver.accepted.values()), "events", 0
            ),
        ),
        notes=(
            f"{len(wanted)} events to one endpoint, which refuses the first try of each and takes the next, which",
            "is due five seconds later. Four are on their way at a time. A day of absence, in virtual time, is in",
            "tests/workflows/test_deliveries.py.",
        ),
    )


async def _until(is_so: Callable[[], bool]) -> None:
    """Until it is so, or for two minutes: the figures say what is missing."""
    until = time.monotonic() + _PATIENCE_SECONDS
    while not is_so() and time.monotonic() < until:  # noqa: ASYNC110 - what is awaited are requests
        await asyncio.sleep(0.05)


def _delivery(number: int, endpoint: WebhookEndpoint) -> OutgoingDelivery:
    event = endpoint_test_event(endpoint.endpoint_id, number, datetime.now(UTC), "")
    return OutgoingDelivery(
        endpoint_id=endpoint.endpoint_id,
        event_id=event.event_id,
        type=OutgoingEventType.WEBHOOK_TEST,
        timestamp=event.timestamp,
        body=event.body_for(endpoint),
    )


@asynccontextmanager
async def _receiving() -> AsyncIterator[_Receiver]:
    receiver = _Receiver()
    app = web.Application()
    app.router.add_post("/in", receiver.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, 0).start()
        receiver.url = f"http://{HOST}:{runner.addresses[0][1]}/in"
        yield receiver
    finally:
        await runner.cleanup()
