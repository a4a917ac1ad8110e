"""Faults to order, scripts, and the ledger."""

from typing import Any

import aiohttp
import pytest

from tests.devtools.simulator.recall.support import MEETING, Recall, running
from tests.devtools.simulator.support import eventually

BOT = "/api/v1/bot/"
OK = {"meeting_url": MEETING}


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ({"kind": "rate_limited", "retry_after": 3}, 429),
        ({"kind": "server_error", "status": 503}, 503),
        ({"kind": "key_revoked"}, 401),
        ({"kind": "no_tokens"}, 402),
    ],
)
async def test_refusals_to_order(recall: Recall, fault: dict[str, Any], status: int) -> None:
    await recall.ok("POST", "/_sim/faults", json=fault | {"times": 1})
    assert (await recall.call("POST", BOT, json=OK))[0] == status
    assert (await recall.call("POST", BOT, json=OK))[0] == 201


async def test_a_refusal_to_order_is_not_kept_for_its_key(recall: Recall) -> None:
    await recall.order("server_error", times=1)
    headers = {"Idempotency-Key": "one"}
    assert (await recall.call("POST", BOT, json=OK, headers=headers))[0] == 500
    assert (await recall.call("POST", BOT, json=OK, headers=headers))[0] == 201


@pytest.mark.parametrize(("kind", "bots"), [("timeout_before", 0), ("cut_answer", 1)])
async def test_answers_get_lost_before_and_after_the_effect(recall: Recall, kind: str, bots: int) -> None:
    hold = {"hold": 0} if kind == "timeout_before" else {}
    await recall.order(kind, times=1, match={"path": "/api/v1/bot/$"}, **hold)
    with pytest.raises(aiohttp.ClientError):
        await recall.call("POST", BOT, json=OK)
    ledger = await recall.ledger()
    assert (len(ledger["bots"]), ledger["requests"][0]["status"]) == (bots, None)


async def test_an_outage_lasts_for_its_time() -> None:
    async with running(speed=100) as recall:
        await recall.order("server_error", status=502, seconds=20, match={"path": "/api/"})
        assert (await recall.call("GET", BOT))[0] == 502
        await eventually(lambda: recall.call("GET", BOT), lambda answer: answer[0] == 200)


async def test_a_slow_answer_is_a_good_one(recall: Recall) -> None:
    await recall.order("slow_answer", hold=0.1, times=1)
    assert (await recall.call("POST", BOT, json=OK))[0] == 201


@pytest.mark.parametrize("fault", [{"kind": "second_bot"}, {"kind": "capacity", "retry_after": -1}, {"kind": "x"}])
async def test_orders_that_do_not_fit(recall: Recall, fault: dict[str, Any]) -> None:
    assert (await recall.call("POST", "/_sim/faults", json=fault))[0] == 400


async def test_downloads_suffer_too(recall: Recall) -> None:
    shown = await recall.done((await recall.create())["id"])
    link = shown["recordings"][0]["media_shortcuts"]["video_mixed"]["data"]["download_url"]
    await recall.order("expired", times=1)
    for status in (403, 200):
        async with aiohttp.request("GET", link) as answer:
            assert answer.status == status


async def test_the_seed_strikes_calls_and_deliveries() -> None:
    async with running(fault_share=0.5, fault_seed=3, webhook_url="http://127.0.0.1:1/x", speed=10_000) as recall:
        for number in range(20):
            try:
                await recall.call("POST", BOT, json={"meeting_url": f"{MEETING}-{number}"})
            except aiohttp.ClientError:
                continue
        kinds = {fault["kind"] for fault in (await recall.ledger())["faults"]}
    assert len(kinds) > 3


async def test_a_script_of_ones_own(recall: Recall) -> None:
    steps = [{"code": "joining_call"}, {"code": "fatal", "sub_code": "zoom_captcha_required", "after": 1}]
    bot = await recall.create_with(steps)
    known = await recall.until(bot, lambda bot: bot["ended_at"])
    assert (known["script"], known["end_reason"]) == ("explicit", "zoom_captcha_required")
    assert (await recall.call("POST", "/_sim/scripts", json={"script": "unheard-of"}))[0] == 422


async def test_the_ledger_says_who_was_in_which_room(recall: Recall) -> None:
    bot = (await recall.create())["id"]
    await recall.done(bot)
    ledger = await recall.ledger()
    [stay] = ledger["rooms"][MEETING]
    assert stay["bot_id"] == bot
    assert stay["from"] < stay["joined_at"] < stay["to"]
    [recording] = ledger["bots"][0]["recordings"]
    video = next(part for part in recording["artifacts"] if part["kind"] == "video_mixed")
    assert video["files"]["download_url"]["size"] == 30_000
    assert ledger["calls"]["POST /api/v1/bot/"] == {"count": 1, "statuses": {"201": 1}}
    await recall.ok("POST", "/_sim/reset")
    assert (await recall.ledger())["bots"] == []
