"""The same seed gives the same faults again, whatever the order and the timing."""

import asyncio
from collections.abc import Sequence
from typing import Any, get_args

import aiohttp
import pytest

from devtools.simulator.faults.chance import fraction, pick
from devtools.simulator.faults.control_models import FaultOrder, Order
from devtools.simulator.faults.mixture import draw
from devtools.simulator.faults.targets import Target
from tests.devtools.simulator.faults_support import FAULTS, faults, order
from tests.devtools.simulator.support import MEETING, Receiver, Sim, eventually, running_receiver, running_sim

MEETINGS = [f"{MEETING}-{number}" for number in range(30)]
ALL_KINDS = {kind.model_fields["kind"].default for kind in get_args(get_args(FaultOrder)[0])}
# Nobody's account is struck under this one, which would strike whoever comes next.
SEED = 2


async def send(sim: Sim, meeting_url: str) -> None:
    """Ask for a bot up to three times, as one who is not sure whether it was sent."""
    for _ in range(3):
        body = {"meeting_url": meeting_url, "bot_name": "b"}
        try:
            timeout = aiohttp.ClientTimeout(total=3)
            async with sim.session.post("/bots/", json=body, timeout=timeout) as response:
                await response.read()
            if response.status == 200:
                return
        except (aiohttp.ClientError, TimeoutError):
            continue


def whom(struck: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    """Who was struck by what, without what is random or late."""
    return sorted((fault["kind"], fault["method"], fault["meeting_url"], fault["code"]) for fault in struck)


async def all_ended(sim: Sim) -> None:
    await eventually(sim.ledger, lambda ledger: all(bot["ended_at"] for bot in ledger["bots"]))


async def struck_by_an_order(seed: int, meetings: Sequence[str]) -> list[tuple[str, ...]]:
    async with running_sim(fault_seed=seed, script="silent") as sim:
        await order(sim, "server_error", share=0.4)
        await asyncio.gather(*(send(sim, meeting) for meeting in meetings))
        return whom(await faults(sim))


async def test_a_share_of_an_order_is_chosen_by_the_seed_alone() -> None:
    struck = await struck_by_an_order(1, MEETINGS)
    assert await struck_by_an_order(1, MEETINGS[::-1]) == struck
    assert await struck_by_an_order(2, MEETINGS) != struck
    assert 20 < len(struck) < 70


async def test_two_orders_choose_apart(sim: Sim) -> None:
    for _ in range(2):
        await order(sim, "server_error", share=0.3)
    for meeting in MEETINGS:
        await send(sim, meeting)
    struck = await faults(sim)
    first, second = ({f["meeting_url"] for f in struck if f["order"] == f"order-{n}"} for n in (1, 2))
    assert first
    assert second
    assert first != second


async def test_a_reset_starts_the_same_choice_again(sim: Sim) -> None:
    seen = []
    for _ in range(2):
        await order(sim, "server_error", share=0.5)
        for meeting in MEETINGS:
            await send(sim, meeting)
        seen.append(whom(await faults(sim)))
        await sim.ok("POST", "/_sim/reset")
    assert seen[0] == seen[1]


async def struck_by_the_seed(seed: int, meetings: Sequence[str]) -> list[tuple[str, ...]]:
    async with (
        running_receiver() as receiver,
        running_sim(account_webhook_url=receiver.url, fault_seed=seed, fault_share=0.15) as sim,
    ):
        await asyncio.gather(*(send(sim, meeting) for meeting in meetings))
        await all_ended(sim)
        struck = await faults(sim)
        assert {fault["order"] for fault in struck} == {"seed"}
        return whom(struck)


async def test_a_mixture_is_the_same_for_the_same_seed() -> None:
    struck, again = await asyncio.gather(
        struck_by_the_seed(SEED, MEETINGS), struck_by_the_seed(SEED, MEETINGS[::-1])
    )
    assert struck == again
    assert {fault[0] for fault in struck} >= {"lose", "double", "swap", "delay", "after_end", "unknown_bot"}
    assert {fault[0] for fault in struck} & {"server_error", "timeout_before", "timeout_after", "cut_answer"}


async def test_a_mixture_is_an_order_as_others_are() -> None:
    async with running_sim(fault_share=1, fault_seed=SEED) as sim:
        [entry] = (await sim.ok("GET", FAULTS))["orders"]
        assert (entry["id"], entry["kind"], entry["share"]) == ("seed", "mixture", 1)
        await sim.ok("DELETE", FAULTS)
        await sim.send()
        await sim.ok("POST", "/_sim/reset")
        assert len((await sim.ok("GET", FAULTS))["orders"]) == 1
        await sim.ok("DELETE", FAULTS)
        await order(sim, "mixture", match={"event": "complete"})
        await sim.ended(await sim.send(webhook_url="http://127.0.0.1:1/"))
        struck = await eventually(lambda: faults(sim), lambda struck: struck)
        assert [fault["event"] for fault in struck] == ["complete"]


async def test_an_outage_in_a_mixture_strikes_everybody_for_a_while(receiver: Receiver) -> None:
    """The first request that this seed strikes finds the key revoked."""
    request = Target(scope="request", method="GET", path="/bots/recent")

    def drawn(seed: int) -> Order | None:
        return draw(request, "kind", seed, "seed", *request.identity, 1)

    seed = next(seed for seed in range(10_000) if getattr(drawn(seed), "kind", "") == "key_revoked")
    async with running_sim(fault_share=1, fault_seed=seed, speed=1) as sim:
        assert (await sim.call("GET", "/bots/recent"))[0] == 401
        assert (await sim.call("POST", "/bots/", json={}))[0] == 401
        assert (await sim.call("GET", "/bots/recent"))[0] == 401
        struck = await faults(sim)
    assert [fault["order"] for fault in struck] == ["seed", "seed-outage-1", "seed-outage-1"]
    assert receiver.bodies == []


def test_a_mixture_has_every_kind() -> None:
    targets = [
        Target(scope="request", method="POST", path="/bots"),
        Target(scope="download", method="GET", path="/media/x/recording.mp4"),
        Target(scope="delivery", method="POST", path="/hook", event="bot.status_change", code="joining_call"),
    ]
    drawn = [draw(target, number) for target in targets for number in range(3000)]
    assert {order.kind for order in drawn if order} == ALL_KINDS - {"mixture", "second_bot"}


@pytest.mark.parametrize("share", [0.01, 0.3, 0.99])
def test_fractions_are_spread_evenly(share: float) -> None:
    hits = sum(fraction("part", number) < share for number in range(20_000))
    assert hits / 20_000 == pytest.approx(share, abs=0.01)


def test_picks_follow_their_weights() -> None:
    picked = [pick([(1, "a"), (0, "b"), (3, "c")], number) for number in range(10_000)]
    assert picked.count("b") == 0
    assert picked.count("c") == pytest.approx(7500, abs=200)


def test_fractions_take_any_text() -> None:
    assert fraction("\ud800") == fraction("\ud800") != fraction("\ud801")
