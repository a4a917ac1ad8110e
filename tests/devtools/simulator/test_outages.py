"""Parts of the service that fail for a while, and a request for which it sends two bots."""

from collections.abc import AsyncIterator
from itertools import pairwise

import pytest

from tests.devtools.simulator.faults_support import faults, order
from tests.devtools.simulator.support import MEETING, Receiver, Sim, eventually, running_sim

LIST = "/bots/bots_with_metadata"
SECONDS = 10
SPEED = 50


@pytest.fixture
async def slow() -> AsyncIterator[Sim]:
    """At a speed at which ten simulated seconds can be told from none."""
    async with running_sim(speed=SPEED, call_duration=100_000) as sim:
        yield sim


async def test_bots_cannot_be_removed_for_a_while(slow: Sim) -> None:
    bot_id = await slow.send()
    await order(slow, "server_error", status=502, seconds=SECONDS, match={"method": "DELETE", "path": "/bots/"})
    assert (await slow.call("DELETE", f"/bots/{bot_id}"))[0] == 502
    assert (await slow.bot(bot_id))["leave_requested_at"] is None
    assert (await slow.call("GET", LIST))[0] == 200
    await eventually(lambda: slow.call("DELETE", f"/bots/{bot_id}"), lambda answer: answer[0] == 200)
    assert (await slow.bot(bot_id))["leave_requested_at"]


async def test_the_list_of_bots_is_down_for_a_while(slow: Sim) -> None:
    await order(slow, "server_error", status=503, seconds=SECONDS, match={"path": "bots_with_metadata"})
    bot_id = await slow.send()
    assert (await slow.call("GET", LIST))[0] == 503
    assert (await slow.data(bot_id))["bot_data"]["bot"]["uuid"] == bot_id
    answer = await eventually(lambda: slow.call("GET", LIST), lambda answer: answer[0] == 200)
    assert [bot["uuid"] for bot in answer[1]["bots"]] == [bot_id]


async def test_the_list_of_one_room_is_down(slow: Sim) -> None:
    await order(slow, "server_error", match={"path": "bots_with_metadata", "meeting_url": "abc-defg-hij"})
    assert (await slow.call("GET", LIST, params={"meeting_url": "abc-defg-hij"}))[0] == 500
    assert (await slow.call("GET", LIST, params={"meeting_url": "xyz-defg-hij"}))[0] == 200


async def test_a_second_bot_is_sent_for_one_request_and_reports_to_the_same_address(
    sim: Sim, receiver: Receiver
) -> None:
    await order(sim, "second_bot", times=1)
    bot_id = await sim.send(webhook_url=receiver.url, deduplication_key="key", extra={"our": "own"})
    first, second = (await sim.ledger())["bots"]
    assert (first["id"], first["double_of"], second["double_of"]) == (bot_id, None, bot_id)
    same = ("meeting_url", "webhook_url", "deduplication_key", "extra")
    assert all(pair[0] == pair[1] for pair in pairwise([bot[key] for key in same] for bot in (first, second)))
    [struck] = await faults(sim)
    assert (struck["kind"], struck["bot_id"]) == ("second_bot", second["id"])
    await receiver.final(2)
    assert {body["data"]["bot_id"] for body in receiver.bodies} == {first["id"], second["id"]}
    assert {final["data"]["bot_id"] for final in receiver.finals} == {first["id"], second["id"]}


async def test_a_double_can_be_told_to_leave_by_its_own_id(slow: Sim) -> None:
    await order(slow, "second_bot", times=1)
    await slow.send()
    first, second = (await slow.ledger())["bots"]
    await slow.ok("DELETE", f"/bots/{second['id']}")
    await slow.until(second["id"], lambda bot: bot["left_at"])
    assert (await slow.bot(first["id"]))["leave_requested_at"] is None


async def test_only_new_bots_are_doubled(sim: Sim) -> None:
    await order(sim, "second_bot")
    await sim.ok("GET", LIST)
    assert await faults(sim) == []


async def test_a_refused_bot_is_not_doubled() -> None:
    async with running_sim(duplicate_window=300) as sim:
        await sim.send(deduplication_key="key")
        await order(sim, "second_bot")
        body = {"meeting_url": MEETING, "bot_name": "Scribe", "deduplication_key": "key"}
        assert (await sim.call("POST", "/bots/", json=body))[0] == 409
        assert len((await sim.ledger())["bots"]) == 1


async def test_a_key_is_refused_for_the_window_only_and_another_key_is_not_refused() -> None:
    """Nothing but the key counts: two of our bots in one room are no matter to the service."""
    async with running_sim(speed=SPEED, duplicate_window=SECONDS) as sim:
        body = {"meeting_url": MEETING, "bot_name": "Scribe", "deduplication_key": "key"}
        await sim.ok("POST", "/bots/", json=body)
        assert (await sim.call("POST", "/bots/", json=body))[0] == 409
        assert (await sim.call("POST", "/bots/", json=body | {"deduplication_key": "another"}))[0] == 200
        await eventually(lambda: sim.call("POST", "/bots/", json=body), lambda answer: answer[0] == 200)
        assert len((await sim.ledger())["bots"]) == 3
