"""Signatures, repeats, reordered, doubled and foreign events."""

import asyncio
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from tests.devtools.simulator.recall.support import SECRET, Recall, events, running
from tests.devtools.simulator.support import Receiver, eventually

OLD_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def verify(receiver: Receiver, number: int, secret: str, family: str = "webhook") -> Any:
    """Check the n-th delivery by a library that has read the specification itself."""
    names = ("id", "timestamp", "signature")
    headers = {f"webhook-{name}": receiver.headers[number][f"{family}-{name}"] for name in names}
    return Webhook(secret).verify(receiver.raws[number], headers)


@pytest.mark.parametrize("family", ["webhook", "svix"])
async def test_every_delivery_is_signed(receiver: Receiver, family: str) -> None:
    async with running(webhook_url=receiver.url, signature_headers=family) as recall:
        await recall.create()
        await receiver.wait_for(lambda: len(receiver.bodies) >= 3)
    for number in range(3):
        assert verify(receiver, number, SECRET, family) == receiver.bodies[number]
    other = "svix" if family == "webhook" else "webhook"
    assert f"{other}-id" not in receiver.headers[0]


async def test_with_both_families_the_older_one_has_the_secret_of_its_endpoint(receiver: Receiver) -> None:
    async with running(webhook_url=receiver.url, signature_headers="both") as recall:
        [endpoint] = (await recall.ok("GET", "/_sim/endpoints"))["endpoints"]
        await recall.create()
        await receiver.wait_for(lambda: bool(receiver.bodies))
    verify(receiver, 0, SECRET)
    verify(receiver, 0, endpoint["own_secret"], "svix")
    with pytest.raises(WebhookVerificationError):
        verify(receiver, 0, SECRET, "svix")


async def test_during_a_rotation_two_secrets_sign(receiver: Receiver) -> None:
    async with running(webhook_url=receiver.url, webhook_secret_previous=OLD_SECRET) as recall:
        await recall.create()
        await receiver.wait_for(lambda: bool(receiver.bodies))
        verify(receiver, 0, SECRET)
        verify(receiver, 0, OLD_SECRET)
        [endpoint] = (await recall.ok("GET", "/_sim/endpoints"))["endpoints"]
        await recall.ok("PATCH", f"/_sim/endpoints/{endpoint['id']}", json={"secrets": [OLD_SECRET]})
        count = len(receiver.bodies)
        await recall.ok("POST", "/_sim/emit", json={"body": {"event": "bot.done"}})
        number = next(i for i in range(count, 100) if receiver.bodies[i] == {"event": "bot.done"})
    verify(receiver, number, OLD_SECRET)
    with pytest.raises(WebhookVerificationError):
        verify(receiver, number, SECRET)


@pytest.mark.parametrize("spoilt", [{"age": 400}, {"forged": True}])
async def test_deliveries_can_be_old_or_forged(receiver: Receiver, recall: Recall, spoilt: dict[str, Any]) -> None:
    await recall.ok("POST", "/_sim/emit", json={"body": {"event": "bot.done"}, "message_id": "msg_1"} | spoilt)
    assert receiver.headers[0]["webhook-id"] == "msg_1"
    with pytest.raises(WebhookVerificationError):
        verify(receiver, 0, SECRET)


async def test_a_failed_delivery_is_repeated_with_its_id_and_a_new_time(receiver: Receiver, recall: Recall) -> None:
    receiver.answers = [500, 302, 429]
    await recall.ok("POST", "/_sim/foreign", json={})
    first = next(iter(receiver.headers), None)
    await receiver.wait_for(lambda: len(receiver.bodies) >= 8)
    ids = [headers["webhook-id"] for headers in receiver.headers]
    assert first is None or first["webhook-id"] in ids
    assert (len(ids), len(set(ids))) == (8, 5)
    deliveries = (await recall.ledger())["deliveries"]
    assert sorted(entry["attempt"] for entry in deliveries)[-3:] != [1, 1, 1]
    assert all(verify(receiver, number, SECRET) for number in range(8))


async def test_the_schedule_of_repeats_ends_and_can_be_recovered(receiver: Receiver) -> None:
    async with running(webhook_url=receiver.url, speed=10**6) as recall:
        receiver.answers = [500] * 8
        [endpoint] = (await recall.ok("GET", "/_sim/endpoints"))["endpoints"]
        await recall.ok("PATCH", f"/_sim/endpoints/{endpoint['id']}", json={"events": ["bot.done"]})
        await recall.create()
        await receiver.wait_for(lambda: len(receiver.bodies) == 8)
        path = f"/_sim/endpoints/{endpoint['id']}/recover"
        answer = await eventually(lambda: recall.ok("POST", path), lambda answer: answer["messages"])
        assert answer == {"messages": 1}
        await receiver.wait_for(lambda: len(receiver.bodies) == 9)
    assert len({headers["webhook-id"] for headers in receiver.headers}) == 1


async def test_an_endpoint_that_fails_for_days_is_switched_off(receiver: Receiver) -> None:
    async with running(webhook_url=receiver.url, endpoint_disabled_after=1) as recall:
        receiver.answers = [500] * 10_000

        async def first() -> Any:
            return (await recall.ok("GET", "/_sim/endpoints"))["endpoints"][0]

        await recall.create()
        endpoint = await eventually(first, lambda endpoint: endpoint["is_disabled"])
        receiver.answers = []
        await recall.ok("PATCH", f"/_sim/endpoints/{endpoint['id']}", json={"is_disabled": False})
        bot = (await recall.create())["id"]
        await receiver.wait_for(lambda: "bot.joining_call" in events(receiver, bot))


async def test_an_endpoint_gets_what_it_asks_for(receiver: Receiver) -> None:
    async with running() as recall:
        await recall.ok("POST", "/_sim/endpoints", json={"url": receiver.url, "events": ["bot.", "recording.done"]})
        await recall.create()
        await receiver.wait_for(lambda: {"bot.done", "recording.done"} <= set(events(receiver)))
    assert {event.split(".")[0] for event in events(receiver)} == {"bot", "recording"}
    assert "recording.processing" not in events(receiver)


async def test_events_are_doubled_with_one_id_and_reordered(receiver: Receiver, recall: Recall) -> None:
    await recall.order("double", match={"event": "bot.joining_call"})
    await recall.order("swap", match={"event": "bot.in_waiting_room"})
    await recall.order("lose", match={"event": "bot.call_ended"})
    bot = (await recall.create())["id"]
    await recall.done(bot)
    await receiver.wait_for(lambda: "bot.done" in events(receiver))
    arrived = [event for event in events(receiver) if event.startswith("bot.")]
    assert arrived.count("bot.joining_call") == 2
    assert arrived.index("bot.in_waiting_room") > arrived.index("bot.in_call_not_recording")
    assert "bot.call_ended" not in arrived
    doubled = [
        headers["webhook-id"]
        for body, headers in zip(receiver.bodies, receiver.headers, strict=True)
        if body["event"] == "bot.joining_call"
    ]
    assert len(set(doubled)) == 1


async def test_a_status_may_come_again_after_the_end(receiver: Receiver, recall: Recall) -> None:
    await recall.order("after_end", match={"event": "bot.in_call_recording"})
    await recall.create()
    await receiver.wait_for(lambda: events(receiver).count("bot.in_call_recording") == 2)
    assert "bot.done" in events(receiver)


async def test_bots_of_other_environments_are_heard_of(receiver: Receiver, recall: Recall) -> None:
    strangers = (await recall.ok("POST", "/_sim/foreign", json={"count": 2}))["bots"]
    await receiver.wait_for(lambda: len(receiver.bodies) == 10)
    assert {body["data"]["bot"]["id"] for body in receiver.bodies} == set(strangers)
    assert (await recall.ledger())["bots"] == []
    await recall.order("unknown_bot", match={"event": "bot.joining_call"}, times=1)
    bot = (await recall.create())["id"]
    await receiver.wait_for(lambda: events(receiver).count("bot.joining_call") == 4)
    assert len(events(receiver, bot)) < len(receiver.bodies) - 10


async def test_an_emitted_status_of_a_bot(receiver: Receiver, recall: Recall) -> None:
    bot = (await recall.create(metadata={"k": "v"}))["id"]
    order = {"code": "fatal", "sub_code": "odd", "updated_at": "2026-01-01T00:00:00+00:00", "url": receiver.url}
    record = await recall.ok("POST", f"/_sim/bots/{bot}/emit", json=order)
    assert (record["bot_id"], record["event"], record["status"]) == (bot, "bot.fatal", 200)
    body = next(body for body in receiver.bodies if body["event"] == "bot.fatal")
    assert body["data"]["data"]["updated_at"] == "2026-01-01T00:00:00.000000Z"
    assert body["data"]["bot"]["metadata"] == {"k": "v"}


async def test_a_slow_endpoint_has_not_acknowledged(receiver: Receiver) -> None:
    receiver.pause = 0.5
    async with running(webhook_url=receiver.url, webhook_timeout=0.1, webhook_retry_delays=()) as recall:
        await recall.ok("POST", "/_sim/foreign", json={})
        deliveries = await eventually(recall.ledger, lambda ledger: len(ledger["deliveries"]) == 5)
        assert {entry["status"] for entry in deliveries["deliveries"]} == {None}
        await asyncio.sleep(0.5)
