"""Webhooks into the bridge: how many a second become durable, and how soon their senders hear so."""

import asyncio
from collections import Counter
from statistics import median

from devtools.benchmarks.context import Bench
from devtools.benchmarks.deliveries import (
    Deliveries,
    all_arrived,
    as_fast_as_possible,
    at_a_rate,
    meetings_under_way,
)
from devtools.benchmarks.measure import between, percentile, ratio
from devtools.benchmarks.results import AccessFindings, at_least, at_most, plain
from devtools.benchmarks.sender import Sender
from minutekeeper.meetings.bot_events import BotEvent, BotEventKind
from minutekeeper.providers.meetingbaas.status_codes import status_of
from minutekeeper.temporal.names import BOT_EVENT_SIGNAL

TITLE = "Webhook ingest"

_MEETINGS = 200
_SENDERS = 32
_ROUNDS = 5
_SECONDS = 1.5
_REST_SECONDS = 0.5
_PACED_ROUNDS = 2
_PACED_SECONDS = 2.5
_GOAL_RATE = 300.0


async def measure(bench: Bench) -> AccessFindings:
    async with bench.stand("ingest") as stand, Sender(stand.addresses.bridge, stand.provider.key) as sender:
        bots = await meetings_under_way(stand, "iii", bench.many(_MEETINGS))
        deliveries = Deliveries(bots)
        accepted: Counter[str] = Counter()
        await stand.crew.stop("worker-1")

        async def through_the_bridge() -> None:
            delivery = deliveries.next()
            await sender.post(delivery)
            accepted[delivery.workflow_id] += 1

        async def raw() -> None:
            delivery = deliveries.next()
            event = BotEvent(
                kind=BotEventKind.STATUS,
                bot_id=delivery.bot.id,
                occurred_at=delivery.created_at,
                dispatch=0,
                status=status_of(delivery.code),
                code=delivery.code,
                # Unset fields are not sent, and the bridge sets these.
                text="",
                recording_started_at=None,
            )
            workflow_id = delivery.workflow_id
            await stand.client.get_workflow_handle(workflow_id).signal(BOT_EVENT_SIGNAL, event)
            accepted[workflow_id] += 1

        ways = {"raw": raw, "bridge": through_the_bridge}
        rates: dict[str, list[float]] = {name: [] for name in ways}
        at_goal: dict[str, list[float]] = {name: [] for name in ways}
        # Turn by turn, so that whatever else this machine does meets both; the first turn only warms up.
        for _ in range(1 + _ROUNDS):
            for name, act in ways.items():
                rates[name].append(await as_fast_as_possible(act, senders=_SENDERS, seconds=_SECONDS))
                await asyncio.sleep(_REST_SECONDS)
        pairs = list(zip(rates["bridge"], rates["raw"], strict=True))[1:]
        bridge, baseline = (median(each) for each in zip(*pairs, strict=True))
        shares = [ratio(*pair) for pair in pairs]
        for _ in range(_PACED_ROUNDS):
            for name, act in ways.items():
                at_goal[name] += await at_a_rate(act, rate=_GOAL_RATE, seconds=_PACED_SECONDS)
                await asyncio.sleep(_REST_SECONDS)
        at_half = await at_a_rate(through_the_bridge, rate=bridge / 2, seconds=_PACED_SECONDS)
        await all_arrived(stand.client, accepted)

    def milliseconds(took: list[float], share: float) -> float:
        return 1000 * percentile(took, share)

    goal, raw_goal = at_goal["bridge"], at_goal["raw"]
    return AccessFindings(
        figures=(
            plain("accepted", bridge, "/s", baseline),
            at_least("share of the raw rate", ratio(bridge, baseline), "", 0.85),
            plain("answer at half that rate: p50", milliseconds(at_half, 0.5), "ms"),
            plain("answer at half that rate: p99", milliseconds(at_half, 0.99), "ms"),
            plain("answer at 300/s: p50", milliseconds(goal, 0.5), "ms", milliseconds(raw_goal, 0.5)),
            at_most("answer at 300/s: p99", milliseconds(goal, 0.99), "ms", 50, milliseconds(raw_goal, 0.99)),
        ),
        notes=(
            f"{_SENDERS} senders to {len(bots)} running meetings; senders, bridge and server share the cores.",
            "The worker is stopped meanwhile, as accepting needs none: `Event to screen` is the whole way.",
            "Raw signals go through the SDK as it is without settings, to the same meetings, turn by turn with the",
            "deliveries; the bridge leaves out its compression. Rates are medians of the turns, whose shares",
            f"are {between([round(share, 2) for share in shares])}. Afterwards every signal that was",
            "accepted is found in its history, once.",
        ),
    )
