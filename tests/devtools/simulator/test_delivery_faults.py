"""What each fault of a delivery does to it."""

import hashlib
import json
from collections import Counter
from typing import Any

import pytest

from tests.devtools.simulator.faults_support import faults, order
from tests.devtools.simulator.support import MEETING, Receiver, Sim, eventually, running_sim

LIFE = [
    *("joining_call", "in_waiting_room", "in_call_not_recording", "in_call_recording"),
    *("call_ended", "complete"),
]


def arrived(receiver: Receiver) -> list[str]:
    """The codes in the order in which they came."""
    return [body["data"].get("status", {}).get("code", body["event"]) for body in receiver.bodies]


async def deliveries(sim: Sim) -> list[Any]:
    entries: list[Any] = (await sim.ledger())["deliveries"]
    return entries


@pytest.mark.parametrize("code", ["in_call_recording", "complete"])
async def test_a_lost_delivery_is_a_fault_and_no_delivery(sim: Sim, receiver: Receiver, code: str) -> None:
    await order(sim, "lose", match={"code": code})
    bot_id = await sim.send()
    left = [each for each in LIFE if each != code]
    await sim.ended(bot_id)
    entries = await eventually(lambda: deliveries(sim), lambda entries: len(entries) == len(left))
    assert [entry["code"] for entry in entries] == left == arrived(receiver)
    [fault] = await faults(sim)
    assert (fault["kind"], fault["bot_id"], fault["code"]) == ("lose", bot_id, code)
    assert (fault["meeting_url"], fault["path"]) == (MEETING, "/hook")


async def test_a_doubled_delivery_arrives_twice_with_the_same_bytes(sim: Sim, receiver: Receiver) -> None:
    await order(sim, "double", match={"event": "complete"})
    await order(sim, "double", match={"code": "joining_call"})
    await sim.send()
    await receiver.wait_for(lambda: len(receiver.bodies) == len(LIFE) + 2)
    assert Counter(arrived(receiver)) == Counter([*LIFE, "joining_call", "complete"])
    entries = await eventually(lambda: deliveries(sim), lambda entries: len(entries) == len(LIFE) + 2)
    first, second = (entry for entry in entries if entry["code"] == "complete")
    assert first["sha256"] == second["sha256"]
    assert first["delivery_id"] != second["delivery_id"]


@pytest.mark.parametrize("in_order", [True, False])
async def test_a_swapped_delivery_comes_after_the_next(receiver: Receiver, in_order: bool) -> None:
    async with running_sim(account_webhook_url=receiver.url, statuses_in_order=in_order) as sim:
        await order(sim, "swap", at_most=10**9, match={"code": "in_waiting_room"})
        await sim.send()
        await receiver.wait_for(lambda: len(receiver.bodies) == len(LIFE))
    codes = arrived(receiver)
    assert codes.index("in_waiting_room") > codes.index("in_call_not_recording")
    assert sorted(codes) == sorted(LIFE)


async def test_several_swapped_deliveries_come_in_the_opposite_order(sim: Sim, receiver: Receiver) -> None:
    await order(sim, "swap", times=2, at_most=10**9)
    steps = [{"code": code, "after": 60} for code in ("first", "second", "third")]
    await sim.send_with(steps)
    await receiver.wait_for(lambda: len(receiver.bodies) == 3)
    assert arrived(receiver) == ["third", "second", "first"]


async def test_a_swapped_delivery_without_a_next_one_comes_late(sim: Sim, receiver: Receiver) -> None:
    await order(sim, "swap", at_most=300, match={"event": "complete"})
    await sim.send()
    await receiver.final()
    assert arrived(receiver) == LIFE


async def test_another_bots_delivery_releases_nothing(sim: Sim, receiver: Receiver) -> None:
    await order(sim, "swap", times=1, at_most=10**9)
    held = await sim.send_with([{"code": "joining_call"}])
    await sim.until_code(held, "joining_call")
    await sim.send()
    await receiver.final()
    assert {body["data"]["bot_id"] for body in receiver.bodies}.isdisjoint({held})


async def test_a_delayed_delivery_holds_up_nobody(sim: Sim, receiver: Receiver) -> None:
    await order(sim, "delay", delay=1800, match={"code": "joining_call"})
    await sim.send()
    await receiver.wait_for(lambda: len(receiver.bodies) == len(LIFE))
    assert arrived(receiver) == [*LIFE[1:], "joining_call"]


async def test_a_status_is_told_again_after_the_end(sim: Sim, receiver: Receiver) -> None:
    await order(sim, "after_end", match={"code": "in_call_recording"})
    await sim.send()
    await receiver.wait_for(lambda: len(receiver.bodies) == len(LIFE) + 1)
    assert arrived(receiver) == [*LIFE, "in_call_recording"]
    assert receiver.bodies[-1] == receiver.bodies[LIFE.index("in_call_recording")]


async def test_the_end_itself_is_never_told_after_the_end(sim: Sim, receiver: Receiver) -> None:
    await order(sim, "after_end", match={"event": "complete"})
    await sim.send()
    await receiver.final()
    assert await faults(sim) == []


async def test_a_status_after_an_end_that_was_lost(sim: Sim, receiver: Receiver) -> None:
    await order(sim, "lose", match={"event": "complete"})
    await order(sim, "after_end", match={"code": "joining_call"})
    await sim.send()
    await receiver.wait_for(lambda: len(receiver.bodies) == len(LIFE))
    assert arrived(receiver) == [*LIFE[:-1], "joining_call"]


async def test_a_copy_for_a_bot_that_nobody_knows(sim: Sim, receiver: Receiver) -> None:
    await order(sim, "unknown_bot", match={"event": "complete"})
    bot_id = await sim.send()
    await receiver.wait_for(lambda: len(receiver.finals) == 2)
    real, copy = receiver.finals
    assert real["data"]["bot_id"] == bot_id
    stranger = copy["data"].pop("bot_id")
    assert copy["data"] == {key: value for key, value in real["data"].items() if key != "bot_id"}
    assert (await sim.call("GET", "/bots/meeting_data", params={"bot_id": stranger}))[0] == 404
    entries = await eventually(lambda: deliveries(sim), lambda entries: len(entries) == len(LIFE) + 1)
    assert [entry["bot_id"] for entry in entries if entry["code"] == "complete"] == [bot_id, stranger]


async def test_repeats_of_a_struck_delivery_follow_the_usual_schedule(receiver: Receiver) -> None:
    async with running_sim(account_webhook_url=receiver.url, final_retry_delays=(1,)) as sim:
        await order(sim, "delay", delay=60, match={"event": "failed"})
        receiver.answers = [500]
        await sim.send_with([{"code": "failed"}])
        await receiver.wait_for(lambda: len(receiver.bodies) == 2)
        entries = await eventually(lambda: deliveries(sim), lambda entries: len(entries) == 2)
        assert [(entry["attempt"], entry["status"]) for entry in entries] == [(1, 500), (2, 200)]
        assert len(await faults(sim)) == 1


async def test_a_url_that_is_none_meets_faults_as_well(sim: Sim) -> None:
    await order(sim, "double", match={"path": "/hook"})
    bot_id = await sim.send_with([{"code": "joining_call"}], webhook_url="http://[nowhere")
    await sim.until_code(bot_id, "joining_call")
    entries = await eventually(lambda: deliveries(sim), lambda entries: entries)
    assert {(entry["url"], entry["status"]) for entry in entries} == {("http://[nowhere", None)}
    assert await faults(sim) == []


async def test_what_is_emitted_by_order_is_left_alone(sim: Sim, receiver: Receiver) -> None:
    await order(sim, "lose")
    bot_id = await sim.send(reserved=True)
    await sim.ok("POST", f"/_sim/bots/{bot_id}/emit", json={"code": "call_ended"})
    assert arrived(receiver) == ["call_ended"]
    assert await faults(sim) == []


async def test_the_ledger_knows_the_very_bytes_that_were_sent(sim: Sim, receiver: Receiver) -> None:
    await sim.send(extra={"note": "ä"})
    await receiver.final()
    entries = await eventually(lambda: deliveries(sim), lambda entries: len(entries) == len(LIFE))
    assert [entry["sha256"] for entry in entries] == [hashlib.sha256(raw).hexdigest() for raw in receiver.raws]
    assert [json.loads(raw) for raw in receiver.raws] == receiver.bodies
    assert len({entry["delivery_id"] for entry in entries}) == len(LIFE)
    times = [body["data"].get("status", {}).get("created_at") for body in receiver.bodies]
    assert [entry["created_at"] for entry in entries] == times
    assert times[-1] is None
    assert all(times[:-1])
