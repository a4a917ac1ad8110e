"""Signatures, repeats and callbacks."""

import time
from collections import Counter
from datetime import datetime
from typing import Any

import pytest
from standardwebhooks import WebhookVerificationError

from tests.devtools.simulator.meetingbaas_v2.support import (
    SECRET,
    SvixReceiver,
    V2Sim,
    running_svix_receiver,
    running_v2,
)
from tests.devtools.simulator.support import eventually

OTHER_SECRET = "whsec_YW5vdGhlci1zZWNyZXQtb2YtdGhlLXRlc3Rz"


async def test_each_delivery_is_signed(v2: V2Sim, svix: SvixReceiver) -> None:
    await v2.send()
    await svix.first("bot.completed")
    ids = [headers["svix-id"] for headers in svix.headers]
    assert len(set(ids)) == len(ids)
    for number, body in enumerate(svix.bodies):
        assert svix.verify(number) == body
        assert abs(int(svix.headers[number]["svix-timestamp"]) - time.time()) < 30
    with pytest.raises(WebhookVerificationError):
        svix.verify(0, OTHER_SECRET)


async def test_a_rotation_signs_with_both_secrets(v2: V2Sim, svix: SvixReceiver) -> None:
    [endpoint] = (await v2.ok("GET", "/_sim/webhooks"))["endpoints"]
    path = f"/_sim/webhooks/{endpoint['id']}"
    await v2.ok("PATCH", path, json={"secret": OTHER_SECRET})
    await v2.send_with("crashed")
    await svix.first("bot.failed")
    assert svix.verify(0, SECRET) == svix.verify(0, OTHER_SECRET)
    await v2.ok("PATCH", path, json={"rotated": True})
    before = len(svix.bodies)
    await v2.send_with("crashed")
    await svix.wait_for(lambda: len(svix.bodies) > before)
    with pytest.raises(WebhookVerificationError):
        svix.verify(before, SECRET)
    assert svix.verify(before, OTHER_SECRET)


async def test_all_endpoints_are_told_under_the_same_id(v2: V2Sim, svix: SvixReceiver) -> None:
    async with running_svix_receiver() as second:
        added = await v2.ok("POST", "/_sim/webhooks", json={"url": second.url, "secret": OTHER_SECRET})
        await v2.send_with("crashed")
        await svix.first("bot.failed")
        await second.first("bot.failed")
        assert {h["svix-id"] for h in second.headers} == {h["svix-id"] for h in svix.headers}
        assert second.verify(0, OTHER_SECRET)
        await v2.ok("DELETE", f"/_sim/webhooks/{added['id']}")
        assert len((await v2.ok("GET", "/_sim/webhooks"))["endpoints"]) == 1


async def test_what_is_not_answered_with_2xx_is_repeated_seven_times(svix: SvixReceiver) -> None:
    async with running_v2(account_webhook_url=svix.url, queue_delay=10**9) as sim:
        svix.answers = [500, 302, 404, 503, 500, 500, 500]
        await sim.send()
        tries = await eventually(lambda: of_code(sim, "queued"), lambda found: len(found) == 7)
        assert [each["status"] for each in tries] == [500, 302, 404, 503, 500, 500, 500]
        assert [each["attempt"] for each in tries] == [1, 2, 3, 4, 5, 6, 7]
        assert len({each["message_id"] for each in tries}) == 1
        assert len({headers["svix-id"] for headers in svix.headers}) == 1


async def of_code(sim: V2Sim, code: str) -> list[dict[str, Any]]:
    return [each for each in await sim.deliveries() if each["code"] == code]


async def test_repeats_do_not_hold_up_what_comes_after(svix: SvixReceiver) -> None:
    async with running_v2(account_webhook_url=svix.url, webhook_retry_delays=(10**7,)) as sim:
        svix.answers = [500]
        await sim.send()
        await svix.first("bot.completed")
        assert len(await of_code(sim, "queued")) == 1


async def test_an_endpoint_that_is_overloaded_is_left_alone(svix: SvixReceiver) -> None:
    async with running_v2(account_webhook_url=svix.url, speed=60, queue_delay=10**6) as sim:
        svix.answers = [429]
        await sim.send()
        first, second = await eventually(lambda: of_code(sim, "queued"), lambda found: len(found) == 2)
        assert (first["status"], second["status"]) == (429, 200)
        began, again = (time_of(each["at"]) for each in (first, second))
        assert again - began >= 1


def time_of(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


async def test_an_endpoint_that_fails_for_days_is_switched_off(svix: SvixReceiver) -> None:
    async with running_v2(account_webhook_url=svix.url, disable_after=20, webhook_retry_delays=(30, 30)) as sim:
        svix.answers = [500] * 1000
        await sim.send()
        [endpoint] = await eventually(lambda: endpoints(sim), lambda found: found[0]["disabled"])
        before = len(await sim.deliveries())
        svix.answers = []
        late = await sim.send_with("crashed")
        await sim.ended(late)
        assert late not in [each["bot_id"] for each in (await sim.deliveries())[before:]]
        await sim.ok("PATCH", f"/_sim/webhooks/{endpoint['id']}", json={"disabled": False})
        again = await sim.send_with("crashed")
        await svix.wait_for(lambda: any(each["data"]["bot_id"] == again for each in svix.of("bot.failed")))


async def endpoints(sim: V2Sim) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await sim.ok("GET", "/_sim/webhooks"))["endpoints"]
    return found


def calling(receiver: SvixReceiver, **config: Any) -> dict[str, Any]:
    return {"callback_enabled": True, "callback_config": {"url": receiver.url, "secret": "own"} | config}


@pytest.mark.parametrize(("script", "event"), [("normal", "bot.completed"), ("crashed", "bot.failed")])
async def test_a_callback_only_brings_the_end(svix: SvixReceiver, script: str, event: str) -> None:
    async with running_v2() as sim:
        await sim.send_with(script, extra={"k": 1}, **calling(svix, method="PUT"))
        told = await svix.first(event)
        assert told["extra"] == {"k": 1}
        assert (svix.methods, len(svix.bodies)) == (["PUT"], 1)
        assert svix.headers[0]["x-mb-secret"] == "own"
        assert not [name for name in svix.headers[0] if name.lower().startswith("svix")]


async def test_without_both_fields_there_is_no_callback(svix: SvixReceiver) -> None:
    async with running_v2() as sim:
        bot_id = await sim.send(callback_config={"url": svix.url})
        await sim.ended(bot_id)
        assert await sim.deliveries() == []
        refusal = await sim.refused("POST", f"/v2/bots/{bot_id}/retry-callback")
        assert refusal == (409, "FST_ERR_CALLBACK_NOT_CONFIGURED")


@pytest.mark.parametrize(("answer", "tries"), [(503, 4), (404, 1), (302, 1)])
async def test_callbacks_are_repeated_after_5xx_only(svix: SvixReceiver, answer: int, tries: int) -> None:
    async with running_v2() as sim:
        svix.answers = [answer] * 4
        await sim.send_with("crashed", **calling(svix))
        await eventually(sim.deliveries, lambda found: len(found) == tries)
        await sim.ended(await sim.send())
        assert len(await sim.deliveries()) == tries


async def test_an_end_can_be_told_again(v2: V2Sim, svix: SvixReceiver) -> None:
    async with running_svix_receiver() as own:
        bot_id = await v2.send(transcription_enabled=True, **calling(own))
        first = await svix.first("bot.completed")
        await own.first("bot.completed")
        await v2.ok("PATCH", f"/v2/bots/{bot_id}/update-config", json={"extra": {"late": True}})
        await v2.ok("POST", f"/v2/bots/{bot_id}/resend-webhook")
        await svix.wait_for(lambda: len(svix.of("bot.completed")) == 2)
        again = svix.of("bot.completed")[1]
        assert (first["extra"], again["extra"]) == (None, {"late": True})
        await v2.ok("POST", f"/v2/bots/{bot_id}/retry-callback", json={"url": own.url, "secret": "new"})
        await own.wait_for(lambda: len(own.bodies) == 2)
        assert own.headers[1]["x-mb-secret"] == "new"


async def test_nothing_is_told_again_of_a_bot_at_work(slow: V2Sim) -> None:
    bot_id = await slow.send()
    for call in ("resend-webhook", "retry-callback"):
        assert await slow.refused("POST", f"/v2/bots/{bot_id}/{call}") == (409, "FST_ERR_BOT_STATUS")


async def test_chat_messages_are_told_while_they_are_written(v2: V2Sim, svix: SvixReceiver) -> None:
    bot_id = await v2.send_with("chat", extra={"k": 1})
    await svix.first("bot.completed")
    first, second = svix.of("bot.chat_message")
    assert (first["data"]["sender_name"], second["data"]["text"], first["extra"]) == ("Ada", "Yes", {"k": 1})
    assert (await v2.details(bot_id))["chat_messages"]


async def test_the_wording_of_the_pages(svix: SvixReceiver) -> None:
    async with running_v2(account_webhook_url=svix.url, wording="pages") as sim:
        await sim.send(extra={"k": 1})
        done = await svix.first("bot.completed")
        assert "extra" not in done
        assert done["data"]["extra"] == {"k": 1}
        assert done["data"]["mp4"]
        _, batch = await sim.call("POST", "/v2/bots/batch", json=[{}])
        assert batch["data"]["errors"][0]["index"] == 0


async def test_faults_strike_deliveries(v2: V2Sim, svix: SvixReceiver) -> None:
    orders = [
        {"kind": "lose", "match": {"code": "joining_call"}},
        {"kind": "double", "match": {"code": "call_ended"}},
        {"kind": "unknown_bot", "match": {"event": "bot.completed"}},
        {"kind": "after_end", "match": {"code": "in_call_recording"}},
    ]
    await v2.ok("POST", "/_sim/faults", json=orders)
    bot_id = await v2.send()
    await svix.wait_for(
        lambda: len(svix.of("bot.completed")) == 2 and svix.statuses.count("in_call_recording") == 2
    )
    counts = Counter(svix.statuses)
    assert (counts["joining_call"], counts["call_ended"], counts["in_waiting_room"]) == (0, 2, 1)
    known, stranger = (each["data"]["bot_id"] for each in svix.of("bot.completed"))
    assert (known, stranger != bot_id) == (bot_id, True)
    by_code = [
        headers["svix-id"] for headers, b in zip(svix.headers, svix.bodies, strict=True) if "call_ended" in str(b)
    ]
    assert len(set(by_code)) == 1
    struck = {fault["kind"] for fault in (await v2.ledger())["faults"]}
    assert struck == {"lose", "double", "unknown_bot", "after_end"}
