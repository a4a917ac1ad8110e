"""Ending a bot in each of its states."""

from typing import Any

import pytest

from tests.devtools.simulator.meetingbaas_v2.support import (
    SvixReceiver,
    V2Sim,
    running_svix_receiver,
    running_v2,
    soon,
)
from tests.devtools.simulator.support import codes

EARLY = ("queued", "joining_call", "in_waiting_room", "in_call_not_recording")


@pytest.mark.parametrize("state", EARLY)
async def test_a_stop_before_the_recording_comes_back_as_a_failure(state: str) -> None:
    patient = {"queue_delay": 2000, "waiting_room_delay": 2000, "admission_delay": 2000, "recording_delay": 2000}
    async with (
        running_svix_receiver() as svix,
        running_v2(account_webhook_url=svix.url, speed=20, **patient) as sim,
    ):
        bot_id = await sim.send()
        await sim.advance_to(bot_id, state)
        answer = await sim.ok("POST", f"/v2/bots/{bot_id}/leave")
        assert answer == {"message": "Bot leave request sent successfully."}
        told = (await svix.first("bot.failed"))["data"]
        assert told["error_code"] == "EXITING_MEETING_BEFORE_RECORD"
        assert svix.statuses[-2:] == ["api_request_stop", "failed"]
        bot = await sim.details(bot_id)
        assert (bot["video"], bot["tokens"]["total"]) == (None, 0)
        assert (await sim.bot(bot_id))["end_reason"] == "api_request"
        refusal = await sim.refused("POST", f"/v2/bots/{bot_id}/leave")
        assert refusal == (409, "FST_ERR_BOT_STATUS")


BREAKS = [{"code": "joining_call"}, {"code": "in_call_recording"}, {"code": "recording_failed", "after": 600}]


@pytest.mark.parametrize("script", ["normal", "removed", BREAKS])
async def test_a_stop_while_it_records_keeps_the_recording(script: Any) -> None:
    async with running_v2(speed=10) as sim:
        bot_id = await sim.send_with(script)
        await sim.advance_to(bot_id, "in_call_recording")
        await sim.ok("POST", f"/v2/bots/{bot_id}/leave")
        bot = await sim.ended(bot_id)
        assert codes(bot)[-3:] == ["call_ended", "recording_succeeded", "completed"]
        assert bot["recording"]
        assert (await sim.details(bot_id))["status"] == "completed"


async def test_a_bot_that_has_left_cannot_be_told_to_leave(slow: V2Sim) -> None:
    bot_id = await slow.send(transcription_enabled=True)
    await slow.advance_to(bot_id, "transcribing")
    refusal = await slow.refused("POST", f"/v2/bots/{bot_id}/leave")
    assert refusal == (409, "FST_ERR_BOT_STATUS")


@pytest.mark.parametrize("way", ["leave", "delete"])
async def test_a_scheduled_bot_is_cancelled_without_a_word(v2: V2Sim, svix: SvixReceiver, way: str) -> None:
    bot_id = await v2.schedule(soon(seconds=70))
    call = ("POST", f"/v2/bots/{bot_id}/leave") if way == "leave" else ("DELETE", f"/v2/bots/scheduled/{bot_id}")
    await v2.ok(*call)
    scheduled = await v2.ok("GET", f"/v2/bots/scheduled/{bot_id}")
    assert (scheduled["status"], bool(scheduled["cancelled_at"])) == ("cancelled", True)
    assert await v2.refused(*call) == (409, "FST_ERR_BOT_STATUS")
    await v2.advance(bot_id)
    assert (await v2.ledger())["bots"] == []
    assert svix.bodies == []


async def test_a_cancellation_can_be_told(svix: SvixReceiver) -> None:
    async with running_v2(account_webhook_url=svix.url, announce_cancellations=True) as sim:
        bot_id = await sim.schedule(extra={"k": "v"})
        await sim.ok("POST", f"/v2/bots/{bot_id}/leave")
        told = await svix.first("bot.failed")
        assert told["data"]["error_code"] == "EXITING_MEETING_BEFORE_RECORD"
        assert (told["data"]["bot_id"], told["extra"]) == (bot_id, {"k": "v"})


async def test_a_scheduled_bot_that_was_made_is_told_to_leave() -> None:
    async with running_v2(speed=100, queue_delay=10**6) as sim:
        bot_id = await sim.schedule()
        await sim.advance(bot_id)
        await sim.ok("DELETE", f"/v2/bots/scheduled/{bot_id}")
        assert (await sim.ended(bot_id))["error"] == "EXITING_MEETING_BEFORE_RECORD"
        assert (await sim.ok("GET", f"/v2/bots/scheduled/{bot_id}"))["status"] == "completed"
        refusal = await sim.refused("DELETE", f"/v2/bots/scheduled/{bot_id}")
        assert refusal == (409, "FST_ERR_BOT_STATUS")
