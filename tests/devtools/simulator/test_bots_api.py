"""Each call of the API as its documentation has it."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.devtools.simulator.support import MEETING, SPEED, Receiver, Sim, codes, running_receiver, running_sim

EVERYTHING = {
    "meeting_url": MEETING,
    "bot_name": "Scribe",
    "reserved": False,
    "recording_mode": "gallery_view",
    "bot_image": "https://example.com/bot.jpg",
    "entry_message": "Hello",
    "speech_to_text": {"provider": "Gladia", "api_key": "gladia-key"},
    "automatic_leave": {"waiting_room_timeout": 600, "noone_joined_timeout": 601, "silence_timeout": 602},
    "webhook_url": None,
    "deduplication_key": "once",
    "streaming": {"input": "wss://example.com/in", "output": None, "audio_frequency": "16khz"},
    "extra": {"meeting_id": "m-1", "nested": [1, {"a": None}]},
    "start_time": 1_700_000_000,
    "transcription_custom_parameters": {"language": "en"},
    "zoom_sdk_id": "id",
    "zoom_sdk_pwd": "password",
    "zoom_access_token_url": "https://example.com/zak",
    "zoom_obf_token": "obf",
    "zoom_obf_token_url": "https://example.com/obf",
    "zoom_obf_token_user_id": "user",
}


async def test_every_field_is_taken_and_shown_again(sim: Sim) -> None:
    answer = await sim.ok("POST", "/bots/", json=EVERYTHING)
    assert list(answer) == ["bot_id"]
    bot = (await sim.data(answer["bot_id"]))["bot_data"]["bot"]
    assert UUID(bot["uuid"]) == UUID(answer["bot_id"])
    same = set(EVERYTHING) & set(bot) - {"webhook_url"}
    assert {key: bot[key] for key in same} == {key: EVERYTHING[key] for key in same}
    assert (bot["speech_to_text_provider"], bot["speech_to_text_api_key"]) == ("Gladia", "gladia-key")
    assert (bot["waiting_room_timeout"], bot["silence_timeout"]) == (600, 602)
    assert (bot["streaming_input"], bot["streaming_audio_frequency"]) == ("wss://example.com/in", "16khz")
    assert bot["enter_message"] == "Hello"
    masked = {
        "speech_to_text": {"provider": "Gladia", "api_key": "***"},
        "zoom_sdk_pwd": "***",
        "zoom_obf_token": "***",
    }
    assert (await sim.ledger())["requests"][0]["body"] == EVERYTHING | masked


@pytest.mark.parametrize("slash", ["", "/"])
async def test_both_path_forms_without_redirect(sim: Sim, slash: str) -> None:
    json_type = {"content-type": "application/json"}
    body = {"meeting_url": MEETING, "bot_name": "Scribe"}
    bot_id = (await sim.ok("POST", f"/bots{slash}", json=body))["bot_id"]
    await sim.ok("GET", f"/bots/meeting_data{slash}", params={"bot_id": bot_id}, headers=json_type)
    await sim.ok("GET", f"/bots/bots_with_metadata{slash}", headers=json_type)
    await sim.ok("GET", f"/bots/recent{slash}")
    await sim.ok("GET", f"/bots/{bot_id}/screenshots{slash}")
    await sim.ok("GET", f"/accounts/webhook_url{slash}")
    await sim.ok("DELETE", f"/bots/{bot_id}{slash}", headers=json_type)
    await sim.ok("POST", f"/bots/{bot_id}/delete_data{slash}", headers=json_type)


async def test_meeting_data_of_a_running_and_an_ended_bot(sim: Sim) -> None:
    bot_id = await sim.send(speech_to_text="Default", reserved=True)
    running = await sim.data(bot_id)
    assert running["mp4"] == running["audio"] == ""
    assert running["bot_data"]["bot"]["ended_at"] is None
    await sim.arrive(bot_id)
    await sim.ended(bot_id)
    ended = await sim.data(bot_id)
    assert set(ended) == {
        "mp4",
        "audio",
        "duration",
        "bot_data",
        "speaker_diarization_file",
        "speaker_diarization_file_network",
        "meeting_participants_file",
    }
    assert ended["duration"] == 120
    assert ended["bot_data"]["event_uuid"] is None
    bot = ended["bot_data"]["bot"]
    assert bot["ended_at"]
    assert bot["mp4_s3_path"] == f"{bot_id}/recording.mp4"
    segment = ended["bot_data"]["transcripts"][0]
    assert set(segment) == {"id", "bot_id", "speaker", "start_time", "end_time", "lang", "user_id", "words"}
    assert segment["bot_id"] == bot["id"]
    assert set(segment["words"][0]) == {"id", "bot_id", "text", "start_time", "end_time", "user_id"}
    bare = await sim.data(bot_id, include_transcripts="false")
    assert bare["bot_data"]["transcripts"] == []


async def test_running_bot_can_be_unknown_to_meeting_data() -> None:
    async with running_sim(running_meeting_data_status=404, reserved_lead=10**9) as sim:
        bot_id = await sim.send(reserved=True)
        assert (await sim.call("GET", "/bots/meeting_data", params={"bot_id": bot_id}))[0] == 404
        await sim.arrive(bot_id)
        await sim.ended(bot_id)
        await sim.data(bot_id)


@pytest.mark.parametrize("status", [200, 409])
async def test_removing_an_ended_bot(status: int) -> None:
    async with running_sim(delete_ended_status=status) as sim:
        bot_id = await sim.send_with("rejected")
        ended = await sim.ended(bot_id)
        assert (await sim.call("DELETE", f"/bots/{bot_id}"))[0] == status
        assert await sim.bot(bot_id) == ended


async def test_removing_twice_is_removing_once(sim: Sim) -> None:
    bot_id = await sim.send(reserved=True)
    for _ in range(2):
        await sim.ok("DELETE", f"/bots/{bot_id}")
    assert codes(await sim.ended(bot_id)) == ["failed"]


async def test_delete_data(sim: Sim) -> None:
    bot_id = await sim.send(speech_to_text="Default", reserved=True)
    path = f"/bots/{bot_id}/delete_data"
    assert await sim.ok("POST", path) == {"ok": True, "status": "noDataFound"}
    await sim.arrive(bot_id)
    await sim.ended(bot_id)
    url = (await sim.data(bot_id))["mp4"]
    assert await sim.ok("POST", path) == {"ok": True, "status": "deleted"}
    assert await sim.ok("POST", path) == {"ok": True, "status": "alreadyDeleted"}
    after = await sim.data(bot_id)
    assert after["mp4"] == after["audio"] == ""
    assert after["bot_data"]["transcripts"] == []
    assert after["bot_data"]["bot"]["meeting_url"] == MEETING
    assert (await sim.fetch(url))[0].status == 404
    assert (await sim.bot(bot_id))["content_deleted"] is True


@pytest.mark.parametrize("reset", ["seconds", "epoch"])
async def test_delete_data_is_limited(reset: str) -> None:
    async with running_sim(speed=1, rate_limit_reset=reset) as sim:
        path = f"/bots/{uuid4()}/delete_data"
        seen = []
        for _ in range(6):
            async with sim.session.post(path) as response:
                assert await response.read() == b""
                headers = response.headers
                seen.append((response.status, headers["X-RateLimit-Remaining"]))
                assert headers["X-RateLimit-Limit"] == "5"
                assert (int(headers["X-RateLimit-Reset"]) > 10**9) == (reset == "epoch")
    assert seen == [(404, "4"), (404, "3"), (404, "2"), (404, "1"), (404, "0"), (429, "0")]


async def test_the_limit_lifts_with_time() -> None:
    async with running_sim(delete_data_limit=1, delete_data_window=SPEED / 2) as sim:
        path = f"/bots/{uuid4()}/delete_data"
        assert [(await sim.call("POST", path))[0] for _ in range(2)] == [404, 429]
        await asyncio.sleep(0.5)
        assert (await sim.call("POST", path))[0] == 404


@pytest.mark.parametrize("status", [200, 202])
async def test_retranscribe(receiver: Receiver, status: int) -> None:
    async with running_sim(retranscribe_status=status) as sim, running_receiver() as own:
        bot_id = await sim.send(webhook_url=receiver.url)
        await receiver.final()
        order = {"bot_uuid": bot_id, "speech_to_text": "Default", "webhook_url": own.url}
        assert await sim.call("POST", "/bots/retranscribe", json=order) == (status, "")
        assert await own.final() == {"bot_id": bot_id}
        assert (await sim.data(bot_id))["bot_data"]["transcripts"]


async def test_retranscribe_needs_a_recording(sim: Sim) -> None:
    bot_id = await sim.send_with("rejected")
    await sim.ended(bot_id)
    assert (await sim.call("POST", "/bots/retranscribe", json={"bot_uuid": bot_id}))[0] == 404


async def test_retry_webhook_sends_the_final_event_again(sim: Sim) -> None:
    async with running_receiver() as own:
        bot_id = await sim.send_with("no_final", reserved=True)
        query = {"bot_uuid": bot_id, "webhook_url": own.url}
        assert (await sim.call("POST", "/bots/retry_webhook", params=query))[0] == 409
        await sim.arrive(bot_id)
        await sim.ended(bot_id)
        await sim.ok("POST", "/bots/retry_webhook", params=query)
        assert (await own.final())["bot_id"] == bot_id
        assert own.finals[0]["event"] == "complete"


async def test_screenshots(sim: Sim) -> None:
    bot_id = await sim.send(reserved=True)
    assert await sim.ok("GET", f"/bots/{bot_id}/screenshots") == []
    await sim.arrive(bot_id)
    await sim.ended(bot_id)
    [shot] = await sim.ok("GET", f"/bots/{bot_id}/screenshots")
    assert set(shot) == {"date", "url"}
    response, picture = await sim.fetch(shot["url"])
    assert response.content_type == "image/png"
    assert picture.startswith(b"\x89PNG")


async def test_account_webhook_url(receiver: Receiver) -> None:
    async with running_sim() as sim:
        assert await sim.ok("GET", "/accounts/webhook_url") == {"webhook_url": None}
        await sim.ok("POST", "/accounts/webhook_url", json={"webhook_url": receiver.url})
        assert await sim.ok("GET", "/accounts/webhook_url") == {"webhook_url": receiver.url}
        await sim.send()
        await receiver.final()


async def post(sim: Sim, **fields: Any) -> tuple[int, Any]:
    return await sim.call("POST", "/bots/", json={"meeting_url": MEETING, "bot_name": "Scribe"} | fields)


async def test_duplicates_are_refused() -> None:
    async with running_sim(duplicate_window=300, speed=1) as sim:
        assert (await post(sim))[0] == 200
        status, body = await post(sim)
        assert status == 409
        assert "duplicate" in body["error"]
        assert (await post(sim, deduplication_key="a"))[0] == 200
        assert (await post(sim, deduplication_key="a"))[0] == 409
        assert (await post(sim))[0] == 409
        assert (await post(sim, deduplication_key="b"))[0] == 200
        assert (await post(sim, meeting_url=f"{MEETING}-2"))[0] == 200
        assert len((await sim.ledger())["bots"]) == 4


async def test_duplicates_pass_after_the_window() -> None:
    async with running_sim(duplicate_window=SPEED / 2) as sim:
        assert [(await post(sim))[0] for _ in range(2)] == [200, 409]
        await asyncio.sleep(0.5)
        assert (await post(sim))[0] == 200


async def test_form_of_the_refusal_is_a_setting() -> None:
    changes = {"duplicate_status": 400, "duplicate_error": "Bot already in meeting", "speed": 1}
    async with running_sim(duplicate_window=300, **changes) as sim:
        await post(sim)
        assert await post(sim) == (400, {"error": "Bot already in meeting"})
