"""From a webhook to what people see: how soon the `status` query shows an event."""

import asyncio
import contextlib
import time

from temporalio.service import RPCError

from devtools.benchmarks.context import Bench
from devtools.benchmarks.deliveries import Deliveries, at_a_rate, meetings_under_way
from devtools.benchmarks.measure import percentile
from devtools.benchmarks.results import AccessFindings, at_most, plain
from devtools.benchmarks.sender import Sender
from minutekeeper.meetings.views import MeetingView

TITLE = "Event to screen"

_MEETINGS = 100
_RATE = 50.0
_SECONDS = 8.0
_SETTLE_SECONDS = 2.0
"""For what the bots' sending leaves behind: it is not what is measured."""

_PATIENCE_SECONDS = 30.0
_BETWEEN_QUESTIONS_SECONDS = 0.005


async def measure(bench: Bench) -> AccessFindings:
    async with bench.stand("screen") as stand, Sender(stand.addresses.bridge, stand.provider.key) as sender:
        deliveries = Deliveries(await meetings_under_way(stand, "ttt", bench.many(_MEETINGS)))
        await asyncio.sleep(_SETTLE_SECONDS)

        async def send_and_look() -> None:
            delivery = deliveries.next()
            await sender.post(delivery)
            handle = stand.client.get_workflow_handle(delivery.workflow_id)
            deadline = time.monotonic() + _PATIENCE_SECONDS
            while time.monotonic() < deadline:
                # A meeting that is busy takes no more questions for a moment.
                with contextlib.suppress(RPCError):
                    view: MeetingView = await handle.query("status", result_type=MeetingView)
                    if any(entry.at == delivery.created_at for entry in view.timeline):
                        return
                await asyncio.sleep(_BETWEEN_QUESTIONS_SECONDS)
            raise TimeoutError(f"an event was not shown within {_PATIENCE_SECONDS:g} s")

        took = await at_a_rate(send_and_look, rate=_RATE, seconds=_SECONDS)
    return AccessFindings(
        figures=(
            plain("p50 at 50/s", 1000 * percentile(took, 0.5), "ms"),
            at_most("p99 at 50/s", 1000 * percentile(took, 0.99), "ms", 250),
        ),
        notes=("From the sender's first byte to the answer of the query that shows the event.",),
    )
