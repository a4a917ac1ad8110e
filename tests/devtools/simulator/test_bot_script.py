"""What happens to a bot under each script, and when its owner steps in."""

import asyncio
import time
from typing import Any

import pytest

from devtools.simulator.scripts import SCRIPTS
from tests.devtools.simulator.support import MEETING, Receiver, Sim, codes, running_sim

ADMITTED = ["joining_call", "in_waiting_room", "in_call_not_recording"]
RECORDING = [*ADMITTED, "in_call_recording"]
LIVES = {
    "normal": [*RECORDING, "call_ended", "complete"],
    "paused": [*RECORDING, "recording_paused", "recording_resumed", "call_ended", "complete"],
    "removed": [*RECORDING, "bot_removed", "call_ended", "complete"],
    "removed_early": [*ADMITTED, "bot_removed", "failed"],
    "rejected": ["joining_call", "in_waiting_room", "bot_rejected", "failed"],
    "waiting_room_timeout": ["joining_call", "in_waiting_room", "waiting_room_timeout", "failed"],
    "nobody_came": [*ADMITTED, "call_ended", "failed"],
    "invalid_url": ["joining_call", "invalid_meeting_url", "failed"],
    "meeting_error": ["joining_call", "in_waiting_room", "meeting_error", "failed"],
    "internal_error": [*RECORDING, "recording_failed", "failed"],
    "silent": [*RECORDING, "call_ended", "complete"],
    "no_final": [*RECORDING, "call_ended", "complete"],
    "empty_complete": [*RECORDING, "bot_removed", "call_ended", "complete"],
    "tiny_complete": [*RECORDING, "bot_removed", "call_ended", "complete"],
    "failed_then_complete": [*RECORDING, "call_ended", "failed", "complete"],
    "late_transcript": [*RECORDING, "call_ended", "complete", "transcription_complete"],
    "nobody_spoke": [*RECORDING, "call_ended", "complete"],
}
FINALS = {"complete", "failed", "transcription_complete"}
ERRORS = {
    "removed_early": "BotRemoved",
    "rejected": "BotNotAccepted",
    "waiting_room_timeout": "TimeoutWaitingToStart",
    "nobody_came": "TimeoutWaitingToStart",
    "invalid_url": "InvalidMeetingUrl",
    "meeting_error": "CannotJoinMeeting",
    "internal_error": "InternalError",
}


def test_every_script_is_tried() -> None:
    assert set(LIVES) == set(SCRIPTS)


@pytest.mark.parametrize("script", LIVES)
async def test_script(sim: Sim, receiver: Receiver, script: str) -> None:
    expected = LIVES[script]
    bot_id = await sim.send_with(script, speech_to_text="Default")
    bot = await sim.until(bot_id, lambda bot: codes(bot) == expected)

    assert bot["script"] == script
    assert bot["error"] == ERRORS.get(script)
    due = [] if script == "silent" else expected
    statuses = [code for code in due if code not in FINALS]
    finals = [] if script == "no_final" else [code for code in due if code in FINALS]
    await receiver.wait_for(lambda: len(receiver.bodies) >= len(statuses) + len(finals))
    assert [status["code"] for status in receiver.statuses] == statuses
    assert [body["event"] for body in receiver.finals] == finals
    assert [m["code"] for m in bot["timeline"] if m["sent"]] == [
        code for code in expected if code in statuses + finals
    ]


async def test_normal_life_is_timed_by_the_settings(sim: Sim) -> None:
    bot = await sim.ended(await sim.send())
    assert bot["duration"] == 120
    assert bot["end_reason"] == "no_attendees"
    moments = [bot["created_at"], bot["joined_at"], bot["left_at"], bot["ended_at"]]
    assert moments == sorted(moments)


async def test_pauses_are_not_recorded(sim: Sim) -> None:
    bot = await sim.ended(await sim.send_with("paused"))
    assert bot["duration"] == 150


async def test_tiny_and_empty_recordings(sim: Sim, receiver: Receiver) -> None:
    tiny = await sim.ended(await sim.send_with("tiny_complete"))
    assert tiny["recording"]["size"] == 300
    await receiver.final()
    empty = await sim.ended(await sim.send_with("empty_complete", speech_to_text="Default"))
    assert empty["recording"] is None
    data = await receiver.final(2)
    assert (data["mp4"], data["transcript"]) == ("", [])
    assert (await sim.data(empty["id"]))["mp4"] == ""


async def test_failed_bot_turns_out_complete(sim: Sim) -> None:
    steps = [{"code": "in_call_recording"}, {"code": "failed"}, {"after": 10**9, "code": "complete"}]
    bot_id = await sim.send_with(steps)
    await sim.until_code(bot_id, "failed")
    answer = await sim.data(bot_id)
    assert answer["mp4"] == ""
    assert answer["bot_data"]["bot"]["errors"] == "InternalError"
    await sim.ok("POST", f"/_sim/bots/{bot_id}/advance")
    await sim.until_code(bot_id, "complete")
    answer = await sim.data(bot_id)
    assert answer["mp4"]
    assert answer["bot_data"]["bot"]["errors"] is None


async def test_late_transcript(sim: Sim, receiver: Receiver) -> None:
    bot_id = await sim.send_with("late_transcript", speech_to_text={"provider": "Gladia", "api_key": "k"})
    data = await receiver.final()
    assert data["mp4"]
    assert "transcript" not in data
    assert await receiver.final(2) == {"bot_id": bot_id}
    assert (await sim.data(bot_id))["bot_data"]["transcripts"]


async def test_nobody_transcribes_unasked(sim: Sim) -> None:
    bot = await sim.ended(await sim.send_with("late_transcript"))
    await asyncio.sleep(0.2)
    assert codes(await sim.bot(bot["id"]))[-1] == "complete"


async def test_own_patience_comes_first(receiver: Receiver) -> None:
    async with running_sim(account_webhook_url=receiver.url, waiting_room_timeout=10**9) as sim:
        await sim.send_with("waiting_room_timeout", automatic_leave={"waiting_room_timeout": 120})
        assert (await receiver.final())["error"] == "TimeoutWaitingToStart"


async def test_leaving_a_recorded_call(receiver: Receiver) -> None:
    async with running_sim(account_webhook_url=receiver.url, call_duration=10**9) as sim:
        bot_id = await sim.send(speech_to_text="Default")
        await sim.until_code(bot_id, "in_call_recording")
        await asyncio.sleep(0.03)
        assert await sim.ok("DELETE", f"/bots/{bot_id}") == {"ok": True}
        data = await receiver.final()
        bot = await sim.bot(bot_id)
    assert codes(bot) == [*RECORDING, "call_ended", "complete"]
    assert bot["end_reason"] == "api_request"
    assert 30 <= bot["duration"] < 10**6
    assert data["mp4"]
    assert all(segment["end_time"] <= bot["duration"] + 1 for segment in data["transcript"])


async def test_leaving_before_the_recording_fails(receiver: Receiver) -> None:
    async with running_sim(account_webhook_url=receiver.url, admission_delay=10**9) as sim:
        bot_id = await sim.send()
        await sim.until_code(bot_id, "in_waiting_room")
        await sim.ok("DELETE", f"/bots/{bot_id}")
        assert (await receiver.final())["error"] == "ApiRequest"
        assert codes(await sim.bot(bot_id)) == ["joining_call", "in_waiting_room", "call_ended", "failed"]


async def test_leaving_before_arrival_is_seen_by_nobody(receiver: Receiver) -> None:
    async with running_sim(account_webhook_url=receiver.url, reserved_lead=10**9) as sim:
        bot_id = await sim.send(reserved=True)
        await sim.ok("DELETE", f"/bots/{bot_id}")
        assert (await receiver.final())["error"] == "ApiRequest"
        assert codes(await sim.bot(bot_id)) == ["failed"]


async def test_bot_that_hangs_leaves_when_asked(sim: Sim) -> None:
    bot_id = await sim.send_with([{"code": "joining_call"}, {"code": "in_call_recording", "after": 5}])
    await sim.until_code(bot_id, "in_call_recording")
    await sim.ok("DELETE", f"/bots/{bot_id}")
    bot = await sim.ended(bot_id)
    assert codes(bot) == ["joining_call", "in_call_recording", "call_ended", "complete"]


@pytest.mark.parametrize(
    ("fields", "arrives"),
    [
        ({"reserved": False}, False),
        ({"reserved": True}, True),
        ({"reserved": True, "start_time": 0}, True),
        ({"start_time": int(time.time()) + 10**8}, False),
        ({"start_time": (int(time.time()) + 200) * 1000}, True),
        ({"start_time": int(time.time()) - 200}, True),
    ],
    ids=["pool", "reserved", "start-time-first", "far-seconds", "milliseconds-within-lead", "past-seconds"],
)
async def test_arrival(fields: dict[str, Any], arrives: bool) -> None:
    async with running_sim(joining_delay=10**9, reserved_lead=240) as sim:
        bot_id = await sim.send(**fields)
        if arrives:
            await sim.until_code(bot_id, "joining_call")
        else:
            await asyncio.sleep(0.25)
            assert codes(await sim.bot(bot_id)) == []


async def test_reserved_lead_is_waited_for() -> None:
    async with running_sim(reserved_lead=10**9, joining_delay=0) as sim:
        early = await sim.send(reserved=False, meeting_url=f"{MEETING}-1")
        late = await sim.send(reserved=True, meeting_url=f"{MEETING}-2")
        await sim.until_code(early, "complete")
        assert codes(await sim.bot(late)) == []
        await sim.ok("POST", f"/_sim/bots/{late}/advance")
        await sim.until_code(late, "joining_call")
