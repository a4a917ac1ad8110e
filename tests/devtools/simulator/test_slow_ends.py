"""What takes the service long, and what it ends by itself: uploads, transcripts, recordings of many hours."""

from datetime import datetime
from typing import Any

import pytest

from tests.devtools.simulator.support import Receiver, Sim, codes, running_sim

HOUR = 3600
FAST = 40_000
"""At this speed an hour takes a tenth of a second."""

ARRIVAL = [{"code": "joining_call"}, {"code": "in_call_not_recording"}, {"code": "in_call_recording"}]


def stays_for_good(*ends: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"steps": [*ARRIVAL, {"code": "call_ended", "after": 1000 * HOUR}, *ends]} | changes


def hours_between(bot: Any, first: str, second: str) -> float:
    """Simulated hours from one step of a bot to another."""
    at = {moment["code"]: datetime.fromisoformat(moment["at"]) for moment in bot["timeline"]}
    return (at[second] - at[first]).total_seconds() * FAST / HOUR


async def test_an_upload_takes_as_long_after_a_request_to_leave_as_the_script_says() -> None:
    async with running_sim(speed=FAST) as sim:
        bot_id = await sim.send_with(stays_for_good({"code": "complete", "after": 1.5 * HOUR}))
        await sim.until_code(bot_id, "in_call_recording")
        await sim.ok("DELETE", f"/bots/{bot_id}")
        bot = await sim.until_code(bot_id, "call_ended")
        assert (bot["ended_at"], bot["recording"]) == (None, None)
        bot = await sim.ended(bot_id)
    assert hours_between(bot, "call_ended", "complete") >= 1.5
    assert bot["end_reason"] == "api_request"
    assert bot["recording"]


async def test_a_transcript_comes_as_late_as_the_script_says(receiver: Receiver) -> None:
    ends = ({"code": "complete"}, {"code": "transcription_complete", "after": 5 * HOUR})
    async with running_sim(speed=FAST) as sim:
        script = stays_for_good(*ends, late_transcript=True)
        bot_id = await sim.send_with(script, speech_to_text="Default", webhook_url=receiver.url)
        await sim.until_code(bot_id, "in_call_recording")
        await sim.ok("DELETE", f"/bots/{bot_id}")
        assert "transcript" not in await receiver.final()
        assert (await sim.data(bot_id))["bot_data"]["transcripts"] == []
        assert await receiver.final(2) == {"bot_id": bot_id}
        assert receiver.finals[1]["event"] == "transcription_complete"
        assert hours_between(await sim.bot(bot_id), "complete", "transcription_complete") >= 5
        assert (await sim.data(bot_id))["bot_data"]["transcripts"]


async def test_a_recording_ends_when_it_is_as_long_as_the_service_allows() -> None:
    async with running_sim(speed=FAST, longest_recording=4 * HOUR) as sim:
        bot = await sim.ended(await sim.send_with(stays_for_good({"code": "complete"})))
    assert codes(bot)[-2:] == ["call_ended", "complete"]
    assert bot["end_reason"] == "recording_timeout"
    # It still records while it leaves, for two seconds.
    assert bot["duration"] == pytest.approx(4 * HOUR + 2, abs=1)
    assert bot["leave_requested_at"] is None


async def test_pauses_do_not_count_towards_the_longest_recording() -> None:
    pause = [{"code": "recording_paused", "after": HOUR}, {"code": "recording_resumed", "after": 6 * HOUR}]
    steps = [*ARRIVAL, *pause, {"code": "call_ended", "after": 2 * HOUR}, {"code": "complete"}]
    async with running_sim(speed=FAST, longest_recording=4 * HOUR) as sim:
        bot = await sim.ended(await sim.send_with(steps))
    assert (bot["end_reason"], bot["duration"]) == ("no_attendees", 3 * HOUR)


async def test_a_transcript_without_a_word_is_there_and_empty(sim: Sim, receiver: Receiver) -> None:
    bot_id = await sim.send_with("nobody_spoke", speech_to_text="Default", webhook_url=receiver.url)
    complete = await receiver.final()
    assert complete["transcript"] == complete["speakers"] == []
    assert complete["mp4"]
    assert (await sim.data(bot_id))["bot_data"]["transcripts"] == []


async def test_a_late_transcript_without_a_word_is_announced_all_the_same(sim: Sim, receiver: Receiver) -> None:
    ends = [{"code": "call_ended", "after": 100}, {"code": "complete"}, {"code": "transcription_complete"}]
    script = {"steps": [*ARRIVAL, *ends], "late_transcript": True, "nobody_speaks": True}
    bot_id = await sim.send_with(script, speech_to_text="Default", webhook_url=receiver.url)
    assert await receiver.final(2) == {"bot_id": bot_id}
    assert (await sim.data(bot_id))["bot_data"]["transcripts"] == []


async def test_each_transcript_differs_from_the_one_before(sim: Sim, receiver: Receiver) -> None:
    bot_id = await sim.send(speech_to_text="Default", webhook_url=receiver.url)
    await receiver.final()
    first = (await sim.data(bot_id))["bot_data"]["transcripts"]
    await sim.ok("POST", "/bots/retranscribe", json={"bot_uuid": bot_id})
    assert await receiver.final(2) == {"bot_id": bot_id}
    second = (await sim.data(bot_id))["bot_data"]["transcripts"]
    assert second
    assert [line["words"][0]["text"] for line in second] != [line["words"][0]["text"] for line in first]


@pytest.mark.parametrize(
    ("parameters", "language"),
    [
        (None, "en"),
        ({"custom_vocabulary": ["Temporal", "Minutekeeper"]}, "en"),
        ({"language": "fr"}, "fr"),
        ({"language_config": {"languages": ["de", "en"]}, "custom_vocabulary": ["Temporal"]}, "de"),
        ({"language_config": {"languages": []}}, "en"),
        ("anything", "en"),
    ],
)
async def test_a_transcript_is_in_the_language_that_was_asked_for(sim: Sim, parameters: Any, language: str) -> None:
    bot_id = await sim.send(speech_to_text="Default", transcription_custom_parameters=parameters)
    await sim.ended(bot_id)
    data = (await sim.data(bot_id))["bot_data"]
    assert {line["lang"] for line in data["transcripts"]} == {language}
    assert data["bot"]["transcription_custom_parameters"] == parameters


@pytest.mark.parametrize("script", ["rejected", "waiting_room_timeout", "meeting_error", "invalid_url"])
async def test_a_bot_that_failed_to_join_has_a_screenshot(sim: Sim, script: str) -> None:
    bot_id = await sim.send_with(script)
    bot = await sim.ended(bot_id)
    [shot] = await sim.ok("GET", f"/bots/{bot_id}/screenshots")
    assert bot["joined_at"] is None
    assert datetime.fromisoformat(shot["date"]) == datetime.fromisoformat(bot["left_at"])
    assert (await sim.fetch(shot["url"]))[1].startswith(b"\x89PNG")


async def test_a_bot_that_was_taken_back_before_it_arrived_has_none(sim: Sim) -> None:
    bot_id = await sim.send(reserved=True)
    await sim.ok("DELETE", f"/bots/{bot_id}")
    await sim.ended(bot_id)
    assert await sim.ok("GET", f"/bots/{bot_id}/screenshots") == []


async def test_audio_lies_beside_a_video(sim: Sim, receiver: Receiver) -> None:
    bot_id = await sim.send(webhook_url=receiver.url)
    complete = await receiver.final()
    data = await sim.data(bot_id)
    for answer in (complete, data):
        response, content = await sim.fetch(answer["audio"])
        assert response.content_type == "audio/wav"
        assert content.startswith(b"RIFF")
        assert answer["audio"].split("?")[0] != answer["mp4"].split("?")[0]
