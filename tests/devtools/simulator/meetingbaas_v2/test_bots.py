"""Bots that join at once: what is asked, what is answered, what becomes of them."""

from collections.abc import Sequence
from typing import Any

import pytest

from tests.devtools.simulator.meetingbaas_v2.support import (
    OTHER_MEETING,
    SvixReceiver,
    V2Sim,
    body,
    running_v2,
    soon,
    zulu,
)
from tests.devtools.simulator.support import KEY, codes

LIFE = ["queued", "joining_call", "in_waiting_room", "in_call_not_recording", "in_call_recording", "call_ended"]


async def test_a_bot_lives_and_is_told_of_twice_at_its_end(v2: V2Sim, svix: SvixReceiver) -> None:
    status, answer = await v2.call("POST", "/v2/bots", json=body(extra={"key": "k-1"}, transcription_enabled=True))
    assert (status, set(answer), answer["success"]) == (201, {"success", "data"}, True)
    bot_id = answer["data"]["bot_id"]
    done = await svix.first("bot.completed")
    assert svix.statuses == [*LIFE, "recording_succeeded", "transcribing", "completed"]
    assert done["extra"] == {"key": "k-1"}
    data = done["data"]
    assert (data["bot_id"], data["event_id"], data["duration_seconds"]) == (bot_id, None, 120)
    assert data["transcription_provider"] == "gladia"
    assert "chat_messages" not in data
    recording = next(
        each["data"]["status"] for each in svix.bodies if "start_time" in each["data"].get("status", {})
    )
    assert recording["code"] == "in_call_recording"
    assert recording["start_time"] == pytest.approx(soon().timestamp(), abs=30)


async def test_without_a_transcript_nothing_is_transcribed(v2: V2Sim, svix: SvixReceiver) -> None:
    bot_id = await v2.send()
    data = (await svix.first("bot.completed"))["data"]
    assert svix.statuses == [*LIFE, "recording_succeeded", "completed"]
    assert (data["transcription"], data["raw_transcription"], data["transcription_ids"]) == (None, None, None)
    assert (await v2.ok("GET", f"/v2/bots/{bot_id}/status"))["transcription_status"] == "not-applicable"


async def test_unknown_fields_are_dropped_without_a_word(slow: V2Sim) -> None:
    """A body of v1 joins at once, and records what it did not ask for."""
    bot_id = await slow.send(reserved=True, start_time=4102444800, speech_to_text="Gladia", webhook_url="https://x")
    bot = await slow.details(bot_id)
    assert (bot["status"], bot["recording_mode"], bot["extra"]) == ("queued", "speaker_view", None)
    assert set(bot) == {
        *("bot_id", "bot_name", "meeting_url", "meeting_platform", "recording_mode", "status", "created_at"),
        *("joined_at", "exited_at", "duration_seconds", "participants", "speakers", "artifacts_deleted", "video"),
        *("audio", "diarization", "raw_transcription", "transcription", "chat_messages", "transcription_ids"),
        *("transcription_provider", "error_code", "error_message", "tokens", "extra", "zoom_config"),
    }


@pytest.mark.parametrize(
    "fields",
    [
        {"bot_name": ""},
        {"bot_name": "x" * 256},
        {"meeting_url": "not a link"},
        {"entry_message": "x" * 501},
        {"timeout_config": {"silence_timeout": 299}},
        {"timeout_config": {"waiting_room_timeout": 1801}},
        {"recording_mode": "everything"},
        {"extra": ["a list"]},
        {"callback_config": {"url": "https://a.example", "method": "GET"}},
        {"transcription_config": {"provider": "runpod"}},
        {"bot_image": []},
    ],
)
async def test_misfits_are_refused(slow: V2Sim, fields: dict[str, Any]) -> None:
    status, answer = await slow.call("POST", "/v2/bots", json=body(**fields))
    assert (status, answer["code"], "details" in answer) == (400, "FST_ERR_VALIDATION", False)
    assert next(iter(fields)) in answer["message"]
    assert (await slow.ledger())["bots"] == []


@pytest.mark.parametrize("link", ["https://example.com/room", "http://meet.google.com/abc-defg-hij"])
async def test_links_of_other_services_are_refused(slow: V2Sim, link: str) -> None:
    refusal = await slow.refused("POST", "/v2/bots", json=body(meeting_url=link))
    assert refusal == (400, "FST_ERR_INVALID_MEETING_PLATFORM")


@pytest.mark.parametrize("header", [{"x-meeting-baas-api-key": "wrong"}, {"Authorization": f"Bearer {KEY}"}])
async def test_only_the_right_key_in_the_right_header_opens(slow: V2Sim, header: dict[str, str]) -> None:
    headers = {"x-meeting-baas-api-key": ""} | header
    assert await slow.refused("GET", "/v2/bots", headers=headers) == (403, "FST_ERR_FORBIDDEN")
    async with running_v2(bad_key_status=401) as other:
        assert await other.refused("GET", "/v2/bots", headers=headers) == (401, "FST_ERR_FORBIDDEN")


async def test_a_smaller_key_only_makes_bots() -> None:
    async with running_v2(sending_only_key="small") as sim:
        small = {"x-meeting-baas-api-key": "small"}
        later = body(join_at=zulu(soon(hours=1)))
        assert (await sim.call("POST", "/v2/bots/scheduled", json=later, headers=small))[0] == 201
        bot_id = (await sim.call("POST", "/v2/bots", json=body(), headers=small))[1]["data"]["bot_id"]
        for method, path in (
            ("GET", "/v2/bots"),
            ("GET", f"/v2/bots/{bot_id}"),
            ("POST", f"/v2/bots/{bot_id}/leave"),
        ):
            assert await sim.refused(method, path, headers=small) == (403, "FST_ERR_FORBIDDEN")


async def test_what_is_not_there_is_not_found(slow: V2Sim) -> None:
    nobody = "6d023fdb-21f3-40d1-ae56-cf5bcc2bc1ef"
    for method, path in (("GET", ""), ("GET", "/status"), ("POST", "/leave"), ("GET", "/screenshots")):
        refusal = await slow.refused(method, f"/v2/bots/{nobody}{path}")
        assert refusal == (404, "FST_ERR_BOT_NOT_FOUND_BY_ID")
    assert await slow.refused("GET", "/v2/bots/scheduled/x") == (400, "FST_ERR_VALIDATION")
    assert (await slow.refused("GET", "/v2/nowhere"))[0] == 404


ENDS: Sequence[tuple[str, str, list[str]]] = (
    ("rejected", "BOT_NOT_ACCEPTED", ["bot_rejected", "recording_failed", "failed"]),
    ("waiting_room_timeout", "TIMEOUT_WAITING_TO_START", ["waiting_room_timeout", "recording_failed", "failed"]),
    ("removed_early", "BOT_REMOVED_TOO_EARLY", ["bot_removed_too_early", "recording_failed", "failed"]),
    ("nobody_came", "NO_ATTENDEES", ["call_ended", "recording_failed", "failed"]),
    ("host_absent", "WAITING_FOR_HOST_TIMEOUT", ["waiting_room_timeout", "recording_failed", "failed"]),
    ("ended_before_admission", "EXITING_MEETING_BEFORE_RECORD", ["call_ended", "recording_failed", "failed"]),
    ("invalid_url", "INVALID_MEETING_URL", ["invalid_meeting_url", "recording_failed", "failed"]),
    ("login_required", "LOGIN_REQUIRED", ["meeting_error", "recording_failed", "failed"]),
    ("crashed", "OOM_KILLED", ["queued", "joining_call", "failed"]),
    ("crashed_while_recording", "SIGTERM", ["in_call_recording", "recording_failed", "failed"]),
)


@pytest.mark.parametrize(("script", "code", "last"), ENDS)
async def test_bad_ends(v2: V2Sim, svix: SvixReceiver, script: str, code: str, last: list[str]) -> None:
    bot_id = await v2.send_with(script, extra={"k": 1})
    told = await svix.first("bot.failed")
    assert svix.statuses[-len(last) :] == last
    assert (told["data"]["error_code"], told["data"]["bot_id"], told["extra"]) == (code, bot_id, {"k": 1})
    bot = await v2.details(bot_id)
    assert (bot["status"], bot["error_code"], bot["video"]) == ("failed", code, None)


@pytest.mark.parametrize(
    ("script", "code", "transcribed"),
    [("transcription_failed", "TRANSCRIPTION_FAILED", False), ("failed_with_recording", "GENERAL_ERROR", True)],
)
async def test_a_failure_may_have_a_recording(
    v2: V2Sim, svix: SvixReceiver, script: str, code: str, *, transcribed: bool
) -> None:
    bot_id = await v2.send_with(script, transcription_enabled=True)
    assert (await svix.first("bot.failed"))["data"]["error_code"] == code
    bot = await v2.details(bot_id)
    assert bot["video"]
    assert bool(bot["transcription"]) is transcribed
    assert bot["tokens"]["recording"] > 0
    assert bool(bot["tokens"]["transcription"]) is transcribed


async def test_statuses_may_stop_although_the_transcript_comes(v2: V2Sim, svix: SvixReceiver) -> None:
    bot_id = await v2.send_with("stops_at_transcribing", transcription_enabled=True)
    await svix.wait_for(lambda: "transcribing" in svix.statuses)
    async for bot in polled(v2, bot_id):
        if bot["transcription"]:
            break
    assert bot["status"] == "transcribing"
    assert svix.statuses[-1] == "transcribing"
    assert not svix.of("bot.completed")


async def polled(sim: V2Sim, bot_id: str) -> Any:
    for _ in range(500):
        yield await sim.details(bot_id)


async def test_a_bot_may_be_picked_up_late(v2: V2Sim, svix: SvixReceiver) -> None:
    await v2.send_with("pickup_delayed")
    await svix.first("bot.completed")
    assert svix.statuses[:3] == ["queued", "pickup_delayed", "joining_call"]


async def test_a_silent_bot_is_only_seen_by_asking(v2: V2Sim, svix: SvixReceiver) -> None:
    bot_id = await v2.send_with("silent")
    await v2.ended(bot_id)
    assert (await v2.details(bot_id))["status"] == "completed"
    assert svix.bodies == []


async def test_its_own_patience_comes_before_the_settings(v2: V2Sim) -> None:
    config = {"timeout_config": {"waiting_room_timeout": 120, "no_one_joined_timeout": 1800}}
    bot_id = await v2.send_with("waiting_room_timeout", meeting_url=OTHER_MEETING, **config)
    bot = await v2.ended(bot_id)
    at = {moment["code"]: moment["at"] for moment in bot["timeline"]}
    assert codes(bot)[-1] == "failed"
    assert at["waiting_room_timeout"] > at["in_waiting_room"]
    assert bot["end_reason"] == "waiting_room_timeout"
