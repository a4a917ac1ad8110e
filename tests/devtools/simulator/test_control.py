"""The ledger, rules for scripts, events to order, reset."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.devtools.simulator.support import Receiver, Sim, codes, eventually, running_sim

RULES = "/_sim/scripts"
LIFE = [
    *("joining_call", "in_waiting_room", "in_call_not_recording", "in_call_recording"),
    *("call_ended", "complete"),
]


async def scripts(sim: Sim) -> list[str]:
    return [bot["script"] for bot in (await sim.ledger())["bots"]]


async def test_rules_match_by_url_and_name(sim: Sim) -> None:
    await sim.ok("POST", RULES, json={"match": {"meeting_url": "zoom"}, "script": "rejected"})
    await sim.ok("POST", RULES, json={"match": {"bot_name": "Spy"}, "script": "removed_early"})
    await sim.send()
    await sim.send(meeting_url="https://zoom.us/j/1")
    await sim.send(bot_name="Spy 7", meeting_url="https://zoom.us/j/1")
    assert await scripts(sim) == ["normal", "rejected", "removed_early"]


async def test_rules_can_be_used_up(sim: Sim) -> None:
    await sim.ok("POST", RULES, json={"script": "silent"})
    await sim.ok("POST", RULES, json={"script": "internal_error", "times": 2})
    for _ in range(4):
        await sim.send()
    assert await scripts(sim) == ["internal_error", "internal_error", "silent", "silent"]


async def test_script_by_setting() -> None:
    async with running_sim(script="rejected") as sim:
        await sim.send()
        assert await scripts(sim) == ["rejected"]


async def test_explicit_script(sim: Sim, receiver: Receiver) -> None:
    script = {
        "name": "mine",
        "steps": [
            {"code": "joining_call"},
            {"after": 3, "code": "bot_denied_entry", "fields": {"who": "host"}},
            {"after": "processing_delay", "code": "failed", "fields": {"error": "LobbyFull"}},
        ],
        "end_reason": "lobby",
    }
    bot_id = await sim.send_with(script)
    data = await receiver.final()
    assert (data["error"], data["message"]) == ("LobbyFull", "LobbyFull")
    assert next(s for s in receiver.statuses if s["code"] == "bot_denied_entry")["who"] == "host"
    bot = await sim.bot(bot_id)
    assert (bot["script"], bot["end_reason"]) == ("mine", "lobby")


@pytest.mark.parametrize(
    ("rule", "named"),
    [
        ({"script": "unheard-of"}, "unheard-of"),
        ({"script": [{"after": 1}]}, "code"),
        ({"script": [{"code": "x", "after": "a while"}]}, "after"),
        ({"script": "normal", "match": {"url": "x"}}, "url"),
        ({"script": "normal", "times": 0}, "times"),
        ({}, "script"),
    ],
)
async def test_bad_rules(sim: Sim, rule: dict[str, Any], named: str) -> None:
    status, text = await sim.call("POST", RULES, json=rule)
    assert (status, named in text) == (422, True)


async def test_emit_sends_what_is_ordered(receiver: Receiver) -> None:
    async with running_sim(reserved_lead=10**9) as sim:
        bot_id = await sim.send(reserved=True, webhook_url=receiver.url, extra={"a": 1})
        path = f"/_sim/bots/{bot_id}/emit"
        when = "2026-01-02T03:04:05.678Z"
        for _ in range(2):
            answer = await sim.ok("POST", path, json={"code": "in_call_recording", "created_at": when})
            assert (answer["status"], answer["code"]) == (200, "in_call_recording")
        await sim.ok("POST", path, json={"code": "failed", "shape": "2025-03", "fields": {"error": "X"}})
        await sim.ok("POST", path, json={"code": "complete", "fields": {"event_uuid": "e"}})
        await sim.ok("POST", path, json={"body": ["anything", None]})
        assert (await sim.bot(bot_id))["timeline"] == []
        assert [d["event"] for d in (await sim.ledger())["deliveries"]] == [
            *("bot.status_change", "bot.status_change", "failed", "complete", None)
        ]
    first, second, failed, complete, anything = receiver.bodies
    assert first == second
    assert first["data"]["status"]["created_at"] == when
    assert failed["data"] == {"bot_id": bot_id, "error": "X"}
    assert (complete["data"]["event_uuid"], complete["data"]["extra"]) == ("e", {"a": 1})
    assert anything == ["anything", None]


async def test_emit_to_another_url_reports_the_answer(sim: Sim, receiver: Receiver) -> None:
    receiver.answers = [503]
    bot_id = await sim.send(webhook_url="http://127.0.0.1:1/", reserved=True)
    path = f"/_sim/bots/{bot_id}/emit"
    answer = await sim.ok("POST", path, json={"code": "call_ended", "url": receiver.url})
    assert (answer["status"], answer["url"], answer["attempt"]) == (503, receiver.url, 1)


async def test_bad_emits(sim: Sim) -> None:
    bot_id = await sim.send()
    path = f"/_sim/bots/{bot_id}/emit"
    for order in ({}, {"code": "complete", "body": {}}, {"code": "complete", "shape": "2024"}):
        assert (await sim.call("POST", path, json=order))[0] == 422
    async with running_sim() as deaf:
        path = f"/_sim/bots/{await deaf.send()}/emit"
        assert (await deaf.call("POST", path, json={"code": "complete"}))[0] == 409


async def test_advance_lets_time_pass(receiver: Receiver) -> None:
    async with running_sim(account_webhook_url=receiver.url, speed=1) as sim:
        bot_id = await sim.send(reserved=True, speech_to_text="Default")
        for code in LIFE:
            await sim.ok("POST", f"/_sim/bots/{bot_id}/advance")
            assert codes(await sim.until_code(bot_id, code))[-1] == code
        data = await receiver.final()
        assert data["transcript"]
        assert (await sim.bot(bot_id))["duration"] == 120


async def test_ledger_of_requests_and_deliveries(sim: Sim, receiver: Receiver) -> None:
    bot_id = await sim.send(deduplication_key="d", extra=3, reserved=False)
    await sim.call("POST", "/bots/", data="{", headers={"content-type": "application/json"})
    await sim.call("GET", "/bots/meeting_data", params={"bot_id": "no"})
    await sim.call("GET", "/nowhere")
    ledger = await eventually(sim.ledger, lambda ledger: len(ledger["deliveries"]) == len(LIFE))
    assert [(r["method"], r["path"], r["status"]) for r in ledger["requests"]] == [
        ("POST", "/bots/", 200),
        ("POST", "/bots/", 400),
        ("GET", "/bots/meeting_data", 404),
        ("GET", "/nowhere", 404),
    ]
    assert ledger["requests"][0]["body"]["deduplication_key"] == "d"
    assert ledger["requests"][1]["body"] == "{"
    assert ledger["requests"][2]["query"] == {"bot_id": "no"}
    received = datetime.fromisoformat(ledger["requests"][0]["received_at"])
    assert received.utcoffset() == timedelta(0)
    assert ledger["requests"][0]["received_at"][-8] == "."
    [bot] = ledger["bots"]
    assert (bot["id"], bot["deduplication_key"], bot["extra"]) == (bot_id, "d", 3)
    assert datetime.fromisoformat(bot["created_at"]) >= received
    assert bot["webhook_url"] == receiver.url
    assert {d["bot_id"] for d in ledger["deliveries"]} == {bot_id}
    assert [d["code"] for d in ledger["deliveries"]] == [m["code"] for m in bot["timeline"]] == LIFE


async def test_reset_forgets_everything(sim: Sim, receiver: Receiver) -> None:
    await sim.ok("POST", RULES, json={"script": "silent"})
    await sim.ok("POST", "/accounts/webhook_url", json={"webhook_url": "http://127.0.0.1:1/"})
    await sim.send()
    await sim.ok("POST", "/_sim/reset")
    names = ("requests", "bots", "deliveries", "syncs", "faults", "orders")
    assert await sim.ledger() == {name: [] for name in names}
    assert receiver.bodies == []
    await sim.send()
    await receiver.final()
