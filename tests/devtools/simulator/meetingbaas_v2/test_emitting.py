"""Webhooks that are sent by order."""

from tests.devtools.simulator.meetingbaas_v2.support import SvixReceiver, V2Sim, running_v2


async def test_what_is_ordered_is_signed_and_sent(svix: SvixReceiver) -> None:
    async with running_v2(account_webhook_url=svix.url, queue_delay=10**9) as sim:
        bot_id = await sim.send(extra={"k": 1})
        await svix.wait_for(lambda: svix.bodies)
        path = f"/_sim/bots/{bot_id}/emit"
        when = "2026-01-02T03:04:05.678Z"
        answer = await sim.ok("POST", path, json={"code": "in_call_recording", "created_at": when})
        assert [each["status"] for each in answer["deliveries"]] == [200]
        await sim.ok("POST", path, json={"code": "failed", "final": True, "fields": {"error_code": "SIGTERM"}})
        await sim.ok("POST", path, json={"body": {"event": "anything"}})
        _, status, failed, anything = svix.bodies
        assert status["data"]["status"]["created_at"] == when
        assert (failed["event"], failed["data"]["error_code"], failed["extra"]) == (
            "bot.failed",
            "SIGTERM",
            {"k": 1},
        )
        assert svix.verify(3) == anything == {"event": "anything"}
        assert (await sim.details(bot_id))["status"] == "queued"


async def test_participants_write(v2: V2Sim, svix: SvixReceiver) -> None:
    await v2.ok("POST", "/_sim/scripts", json={"script": [{"code": "joining_call", "after": 10**9}]})
    bot_id = await v2.send()
    await v2.ok(
        "POST", f"/_sim/bots/{bot_id}/chat", json={"text": "Hello", "sender_name": "Eve", "sender_id": None}
    )
    told = (await svix.first("bot.chat_message"))["data"]
    assert (told["text"], told["sender_name"], told["sender_id"]) == ("Hello", "Eve", None)
