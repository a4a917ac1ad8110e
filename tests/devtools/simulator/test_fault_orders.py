"""Giving, listing and removing orders, and whom they fit."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.devtools.simulator.faults_support import FAULTS, faults, kinds, order
from tests.devtools.simulator.support import MEETING, Receiver, Sim, eventually, running_sim

OTHER = "https://zoom.us/j/1"


async def status_of(sim: Sim, method: str = "GET", path: str = "/bots/recent", **options: Any) -> int:
    return (await sim.call(method, path, **options))[0]


async def new_bot(sim: Sim, meeting_url: str = MEETING) -> int:
    return await status_of(sim, "POST", "/bots/", json={"meeting_url": meeting_url, "bot_name": "b"})


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"kind": "earthquake"}, "earthquake"),
        ({}, "kind"),
        ({"kind": "slow", "rate": 0}, "rate"),
        ({"kind": "slow", "rate": "much"}, "rate"),
        ({"kind": "lose", "share": 1.5}, "share"),
        ({"kind": "lose", "times": 0}, "times"),
        ({"kind": "lose", "seconds": -1}, "seconds"),
        ({"kind": "lose", "match": {"meetingUrl": "x"}}, "meetingUrl"),
        ({"kind": "lose", "rate": 5}, "rate"),
        ({"kind": "server_error", "status": 404}, "status"),
        ({"kind": "duplicate", "form": "polite"}, "form"),
        ({"kind": "server_error", "match": {"event": "complete"}}, "match.event"),
        ({"kind": "cut", "match": {"code": "complete"}}, "match.code"),
        ({"kind": "timeout_after", "match": {"path": "/media/"}}, "match.path"),
        ([{"kind": "lose"}, {"kind": "delay", "delay": "long"}], "1.delay.delay"),
        ([7], "0"),
        (7, "object"),
    ],
)
async def test_a_bad_order_is_refused_with_the_name_of_the_field(sim: Sim, body: Any, named: str) -> None:
    status, text = await sim.call("POST", FAULTS, json=body)
    assert status == 400
    assert named in text
    assert await sim.ok("GET", FAULTS) == {"orders": []}


async def test_what_is_no_json_is_refused(sim: Sim) -> None:
    assert (await sim.call("POST", FAULTS, data=b"{"))[0] == 400


async def test_the_list_shows_what_can_still_strike_and_how_often_it_did(sim: Sim) -> None:
    first = await order(sim, "server_error", times=3, match={"path": "/recent"})
    answer = await sim.ok("POST", FAULTS, json=[{"kind": "lose"}, {"kind": "rate_limited", "times": 1}])
    lose, limited = answer["orders"]
    assert len({first, lose, limited}) == 3
    assert [await status_of(sim) for _ in range(3)] == [429, 500, 500]
    orders = (await sim.ok("GET", FAULTS))["orders"]
    assert [(entry["id"], entry["kind"], entry["injected"]) for entry in orders] == [
        (lose, "lose", 0),
        (first, "server_error", 2),
    ]
    assert orders[1]["match"]["path"] == "/recent"
    assert (orders[1]["times"], orders[1]["status"]) == (3, 500)


async def test_the_ledger_keeps_every_order_and_every_strike(sim: Sim) -> None:
    identifier = await order(sim, "server_error", times=1)
    assert await status_of(sim) == 500
    ledger = await sim.ledger()
    assert [(entry["id"], entry["injected"]) for entry in ledger["orders"]] == [(identifier, 1)]
    [fault] = ledger["faults"]
    assert datetime.fromisoformat(fault.pop("at")) <= datetime.now(UTC)
    assert fault == {
        "order": identifier,
        "kind": "server_error",
        "method": "GET",
        "path": "/bots/recent",
        "meeting_url": "",
        "bot_id": "",
        "event": "",
        "code": "",
        "withheld_status": None,
    }
    assert [request["status"] for request in ledger["requests"]] == [500]


@pytest.mark.parametrize(("method", "path"), [("DELETE", FAULTS), ("POST", "/_sim/reset")])
async def test_removed_orders_strike_no_more(sim: Sim, method: str, path: str) -> None:
    await order(sim, "server_error")
    await sim.ok(method, path)
    assert await sim.ok("GET", FAULTS) == {"orders": []}
    assert await status_of(sim) == 200


async def test_a_newer_order_comes_before_an_older_one(sim: Sim) -> None:
    await order(sim, "server_error")
    await order(sim, "key_revoked", times=1)
    assert [await status_of(sim), await status_of(sim)] == [401, 500]


async def test_an_order_ends_by_itself_after_its_simulated_seconds() -> None:
    async with running_sim(speed=1000) as sim:
        await order(sim, "key_revoked", seconds=300)
        assert await status_of(sim) == 401
        assert await eventually(lambda: status_of(sim), lambda status: status == 200)
        assert await sim.ok("GET", FAULTS) == {"orders": []}


async def test_orders_match_by_method_path_and_meeting(sim: Sim) -> None:
    bot_id, other = await sim.send(), await sim.send(meeting_url=OTHER)
    await order(sim, "server_error", status=503, match={"method": "delete", "meeting_url": "zoom"})
    await order(sim, "server_error", status=502, match={"path": "meeting_data", "meeting_url": "zoom"})
    await order(sim, "server_error", status=501, match={"method": "POST", "meeting_url": "zoom"})
    assert await status_of(sim, "DELETE", f"/bots/{other}") == 503
    assert await status_of(sim, "DELETE", f"/bots/{bot_id}") == 200
    assert await status_of(sim, "GET", "/bots/meeting_data", params={"bot_id": other}) == 502
    assert await status_of(sim, "GET", "/bots/meeting_data", params={"bot_id": bot_id}) == 200
    assert await status_of(sim, "POST", "/bots/retranscribe", json={"bot_uuid": other}) == 501
    assert await new_bot(sim, OTHER) == 501
    assert await new_bot(sim) == 200
    by_bot = [(fault["meeting_url"], fault["bot_id"]) for fault in await faults(sim)]
    assert by_bot == [(OTHER, other)] * 3 + [(OTHER, "")]


async def test_orders_match_by_event_and_code(sim: Sim, receiver: Receiver) -> None:
    await order(sim, "lose", match={"event": "status_change", "code": "in_call"})
    await sim.send()
    await receiver.final()
    assert [status["code"] for status in receiver.statuses] == ["joining_call", "in_waiting_room", "call_ended"]
    assert {fault["code"] for fault in await faults(sim)} == {"in_call_not_recording", "in_call_recording"}


async def test_a_fault_of_requests_leaves_downloads_alone_unless_they_are_named(sim: Sim) -> None:
    bot_id = await sim.send()
    await sim.ended(bot_id)
    url = (await sim.data(bot_id))["mp4"]
    await order(sim, "server_error")
    assert (await sim.fetch(url))[0].status == 200
    await order(sim, "server_error", status=503, match={"path": "/media/"})
    assert (await sim.fetch(url))[0].status == 503


async def test_the_stand_ins_own_paths_never_fail(sim: Sim) -> None:
    await order(sim, "server_error")
    assert (await sim.ledger())["faults"] == []
    assert await kinds(sim) == []
