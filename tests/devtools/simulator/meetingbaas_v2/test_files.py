"""What a bot leaves behind, and how long it can be fetched."""

import io
import json
from typing import Any

import aiohttp
import av
import pytest

from tests.devtools.simulator.meetingbaas_v2.support import OTHER_MEETING, V2Sim, running_v2


async def get(url: str, **headers: str) -> tuple[int, str, bytes]:
    async with aiohttp.request("GET", url, headers=headers) as response:
        return response.status, response.content_type, await response.read()


async def done(sim: V2Sim, **fields: Any) -> Any:
    bot_id = await sim.send(**fields)
    await sim.ended(bot_id)
    return await sim.details(bot_id)


async def test_video_and_sound(v2: V2Sim) -> None:
    bot = await done(v2)
    status, kind, video = await get(bot["video"])
    assert (status, kind, len(video)) == (200, "video/mp4", 30_000)
    status, kind, sound = await get(bot["audio"])
    assert (status, kind, len(sound)) == (200, "audio/flac", 128_000)
    assert bot["bot_id"].encode() in sound
    with av.open(io.BytesIO(sound), mode="r") as container:
        frames = list(container.decode(audio=0))
    assert (container.format.name, frames[0].sample_rate, len(frames)) == ("flac", 16_000, 24)
    status, _, part = await get(bot["audio"], Range="bytes=10-19")
    assert (status, part) == (206, sound[10:20])


async def test_a_transcript_is_a_file(v2: V2Sim) -> None:
    bot = await done(v2, transcription_enabled=True)
    _, kind, content = await get(bot["transcription"])
    transcript = json.loads(content)
    assert (kind, transcript["bot_id"], transcript["provider"]) == ("application/json", bot["bot_id"], "gladia")
    utterances = transcript["result"]["utterances"]
    assert transcript["result"]["total_utterances"] == len(utterances) > 0
    assert [each["start"] for each in utterances] == sorted(each["start"] for each in utterances)
    assert {each["speaker"] for each in utterances} == {each["name"] for each in bot["speakers"]}
    raw = json.loads((await get(bot["raw_transcription"]))[2])
    assert isinstance(raw["transcriptions"][0]["transcription"]["utterances"][0]["speaker"], int)


@pytest.mark.parametrize(
    ("link", "fields"),
    [
        ("https://us02web.zoom.us/j/1", {"speaker", "start_time", "end_time", "user_id", "lang"}),
        ("https://meet.google.com/abc-defg-hij", {"speaker", "start_time", "end_time", "user_id"}),
        (OTHER_MEETING, {"speaker", "start_time", "end_time"}),
    ],
)
async def test_who_spoke_when_is_told_line_by_line(v2: V2Sim, link: str, fields: set[str]) -> None:
    bot = await done(v2, meeting_url=link)
    lines = [json.loads(line) for line in (await get(bot["diarization"]))[2].splitlines()]
    assert set(lines[0]) == fields
    assert len(lines) > 1


async def test_nobody_spoke(v2: V2Sim) -> None:
    await v2.ok("POST", "/_sim/scripts", json={"script": "nobody_spoke"})
    bot = await done(v2, transcription_enabled=True)
    assert bot["speakers"] == []
    assert json.loads((await get(bot["transcription"]))[2])["result"]["utterances"] == []


async def test_sound_only_has_no_video_and_no_screenshots(v2: V2Sim) -> None:
    bot = await done(v2, recording_mode="audio_only")
    assert (bot["video"], bool(bot["audio"])) == (None, True)
    assert await v2.ok("GET", f"/v2/bots/{bot['bot_id']}/screenshots") == []


async def test_screenshots(v2: V2Sim) -> None:
    bot = await done(v2)
    path = f"/v2/bots/{bot['bot_id']}/screenshots"
    _, first = await v2.call("GET", path, params={"limit": "1"})
    _, second = await v2.call("GET", path, params={"limit": "1", "cursor": first["cursor"]})
    shots = [*first["data"], *second["data"]]
    assert [shot["screenshot_id"] for shot in shots] == [1, 2]
    assert (await get(shots[1]["url"]))[:2] == (200, "image/png")
    assert (await done(v2, meeting_url="https://zoom.us/j/1"))["video"]


async def test_links_are_signed_anew_and_run_out() -> None:
    async with running_v2(url_validity=60) as sim:
        bot = await done(sim)
        assert (await get(bot["video"]))[0] == 200
        forged = bot["video"].replace("video.mp4", "output.flac")
        assert (await get(forged))[0] == 403
    async with running_v2(url_validity=0) as sim:
        bot = await done(sim)
        async with aiohttp.ClientSession() as session:
            status = 200
            while status == 200:
                async with session.get(bot["video"]) as response:
                    status = response.status
        assert status == 403


async def test_deleted_data_is_gone(v2: V2Sim) -> None:
    bot = await done(v2, transcription_enabled=True)
    await v2.ok("DELETE", f"/v2/bots/{bot['bot_id']}/delete-data")
    after = await v2.details(bot["bot_id"])
    assert after["artifacts_deleted"] is True
    assert {after[name] for name in ("video", "audio", "transcription", "raw_transcription", "diarization")} == {
        None
    }
    assert (await get(bot["video"]))[0] == 404


async def test_data_of_a_bot_at_work_cannot_be_deleted(slow: V2Sim) -> None:
    refusal = await slow.refused("DELETE", f"/v2/bots/{await slow.send()}/delete-data")
    assert refusal == (409, "FST_ERR_BOT_STATUS")


async def test_files_are_kept_for_a_time_only() -> None:
    async with running_v2(retention=9000) as sim:
        bot = await done(sim)
        assert bot["artifacts_deleted"] is False
        while not (bot := await sim.details(bot["bot_id"]))["artifacts_deleted"]:
            pass
        assert bot["video"] is None


async def test_a_pause_by_order_is_cut_out() -> None:
    async with running_v2(speed=100, call_duration=1000) as sim:
        bot_id = await sim.send()
        await sim.until_code(bot_id, "in_call_recording")
        await sim.ok("POST", f"/v2/bots/{bot_id}/pause-recording", json={"chat_message": "A pause"})
        assert await sim.refused("POST", f"/v2/bots/{bot_id}/pause-recording") == (409, "FST_ERR_BOT_STATUS")
        paused = await sim.until_code(bot_id, "recording_paused")
        await sim.ok("POST", f"/v2/bots/{bot_id}/resume-recording")
        assert paused["status"] == "recording_paused"
        assert (await sim.ok("GET", f"/v2/bots/{bot_id}/status"))["status"] == "recording_resumed"
        await sim.advance(bot_id)
        bot = await sim.ended(bot_id)
        assert 0 < bot["duration"] < 1000
        assert json.loads((await get((await sim.details(bot_id))["chat_messages"]))[2])[0]["text"] == "A pause"


async def test_a_bot_writes_into_the_chat_while_it_is_in_the_call(slow: V2Sim) -> None:
    bot_id = await slow.send()
    path = f"/v2/bots/{bot_id}/send-chat-message"
    assert await slow.refused("POST", path, json={"message": "Hello"}) == (409, "FST_ERR_BOT_STATUS")
    await slow.advance_to(bot_id, "in_call_recording")
    await slow.ok("POST", path, json={"message": "Hello"})
    assert await slow.refused("POST", path, json={"message": " "}) == (400, "FST_ERR_VALIDATION")
    await slow.ok("PATCH", "/_sim/account", json={"chat_disabled": ["meet.google.com"]})
    assert await slow.refused("POST", path, json={"message": "Hello"}) == (422, "FST_ERR_CHAT_DISABLED")
