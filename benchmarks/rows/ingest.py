"""Webhooks into the bridge: how many a second become durable, and how soon their senders hear so."""

import asyncio

from benchmarks.bench import Bench
from benchmarks.deliveries import Deliveries, as_fast_as_possible, at_a_rate, meetings_under_way
from benchmarks.figures import Findings, at_least, at_most, plain
from benchmarks.measure import percentile, ratio
from benchmarks.sender import Sender
from meetings.events import BotEvent, BotEventKind
from meetings.names import BOT_EVENT_SIGNAL

TITLE = "Webhook ingest"

_MEETINGS = 200
_SENDERS = 32
_ROUNDS = 2
_SECONDS = 3.0
_REST_SECONDS = 1.0
_PACED_SECONDS = 5.0
_GOAL_RATE = 300.0


async def measure(bench: Bench) -> Findings:
    async with bench.stand("ingest") as stand, Sender(stand.addresses.bridge, stand.provider.key) as sender:
        bots = await meetings_under_way(stand, "iii", bench.many(_MEETINGS))
        deliveries = Deliveries(bots)
        await stand.crew.stop("worker-1")

        async def through_the_bridge() -> None:
            await sender.post(deliveries.next())

        async def raw() -> None:
            delivery = deliveries.next()
            event = BotEvent(
                kind=BotEventKind.STATUS,
                bot_id=delivery.bot.id,
                occurred_at=delivery.created_at,
                dispatch=0,
                code=delivery.code,
            )
            await stand.client.get_workflow_handle(delivery.workflow_id).signal(BOT_EVENT_SIGNAL, event)

        rates: dict[str, list[float]] = {"bridge": [], "raw": []}
        # Turn by turn, so that whatever else this machine does meets both.
        for _ in range(_ROUNDS):
            for name, act in (("raw", raw), ("bridge", through_the_bridge)):
                rates[name].append(await as_fast_as_possible(act, senders=_SENDERS, seconds=_SECONDS))
                await asyncio.sleep(_REST_SECONDS)
        bridge, baseline = (sum(rates[name]) / _ROUNDS for name in ("bridge", "raw"))
        at_half = await at_a_rate(through_the_bridge, rate=bridge / 2, seconds=_PACED_SECONDS)
        await asyncio.sleep(_REST_SECONDS)
        at_goal = await at_a_rate(through_the_bridge, rate=_GOAL_RATE, seconds=_PACED_SECONDS)
    return Findings(
        figures=(
            plain("accepted", bridge, "/s", baseline),
            at_least("share of the raw rate", ratio(bridge, baseline), "", 0.85),
            plain("answer at half that rate: p50", 1000 * percentile(at_half, 0.5), "ms"),
            plain("answer at half that rate: p99", 1000 * percentile(at_half, 0.99), "ms"),
            plain("answer at 300/s: p50", 1000 * percentile(at_goal, 0.5), "ms"),
            at_most("answer at 300/s: p99", 1000 * percentile(at_goal, 0.99), "ms", 50),
        ),
        notes=(
            f"{_SENDERS} senders to {len(bots)} running meetings; senders, bridge and server share the cores.",
            "The worker is stopped meanwhile, as accepting needs none: `Event to screen` is the whole way.",
            "Raw signals go through the SDK, turn by turn with the deliveries.",
        ),
    )
