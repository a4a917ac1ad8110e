"""The status of every kind of bad request."""

from typing import Any

import aiohttp
import pytest

from tests.devtools.simulator.support import KEY, MEETING, Sim, running_sim

GOOD = {"meeting_url": MEETING, "bot_name": "Scribe"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("{", 400),
        ("", 400),
        ("[]", 422),
        ("null", 422),
    ],
)
async def test_bodies_that_are_no_object(sim: Sim, body: str, status: int) -> None:
    headers = {"content-type": "application/json"}
    answered, text = await sim.call("POST", "/bots/", data=body, headers=headers)
    assert answered == status
    assert isinstance(text, str)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"meeting_url": None}, "meeting_url"),
        ({"bot_name": 5}, "bot_name"),
        ({"reserved": "true"}, "reserved"),
        ({"reserved": None}, "reserved"),
        ({"recording_mode": "panorama"}, "recording_mode"),
        ({"bot_image": "not a uri"}, "bot_image"),
        ({"speech_to_text": "Whisper"}, "speech_to_text"),
        ({"speech_to_text": {"api_key": "k"}}, "provider"),
        ({"automatic_leave": {"waiting_room_timeout": -1}}, "waiting_room_timeout"),
        ({"automatic_leave": {"waiting_room_timeout": "600"}}, "waiting_room_timeout"),
        ({"streaming": {"audio_frequency": "8khz"}}, "audio_frequency"),
        ({"start_time": "2026-01-01T00:00:00Z"}, "start_time"),
        ({"start_time": 1.5}, "start_time"),
        ({"webhookUrl": "https://example.com"}, "webhookUrl"),
    ],
)
async def test_fields_that_do_not_fit(sim: Sim, fields: dict[str, Any], named: str) -> None:
    status, text = await sim.call("POST", "/bots/", json=GOOD | fields)
    assert status == 422
    assert isinstance(text, str)
    assert named in text


@pytest.mark.parametrize("missing", GOOD)
async def test_missing_fields(sim: Sim, missing: str) -> None:
    body = {key: value for key, value in GOOD.items() if key != missing}
    status, text = await sim.call("POST", "/bots/", json=body)
    assert (status, missing in text) == (422, True)


async def test_wrong_content_type(sim: Sim) -> None:
    for path in ("/bots/", "/bots/retranscribe", "/accounts/webhook_url"):
        status, _ = await sim.call("POST", path, data="{}", headers={"content-type": "text/plain"})
        assert status == 415


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/bots/meeting_data", {}),
        ("/bots/meeting_data", {"bot_id": "x", "include_transcripts": "maybe"}),
        ("/bots/bots_with_metadata", {"limit": "0"}),
        ("/bots/bots_with_metadata", {"limit": "51"}),
        ("/bots/bots_with_metadata", {"limit": "ten"}),
        ("/bots/bots_with_metadata", {"created_after": "yesterday"}),
        ("/bots/bots_with_metadata", {"created_after": "2026-01-01T00:00:00Z"}),
        ("/bots/bots_with_metadata", {"filter_by_extra": "no-colon"}),
        ("/bots/bots_with_metadata", {"sort_by_extra": "key:sideways"}),
        ("/bots/bots_with_metadata", {"cursor": "not ours"}),
        ("/bots/bots_with_metadata", {"cursor": "eyJhIjoxfQ=="}),
    ],
)
async def test_bad_queries(sim: Sim, path: str, query: dict[str, str]) -> None:
    status, text = await sim.call("GET", path, params=query)
    assert status == 400
    assert isinstance(text, str)


@pytest.mark.parametrize("identifier", ["123e4567-e89b-12d3-a456-426614174000", "42"])
async def test_unknown_bots(sim: Sim, identifier: str) -> None:
    missing = (404, {"error": "BotNotFound"})
    assert await sim.call("DELETE", f"/bots/{identifier}") == missing
    assert await sim.call("GET", "/bots/meeting_data", params={"bot_id": identifier}) == missing
    assert await sim.call("GET", f"/bots/{identifier}/screenshots") == missing
    assert await sim.call("POST", "/bots/retranscribe", json={"bot_uuid": identifier}) == missing
    assert await sim.call("POST", "/bots/retry_webhook", params={"bot_uuid": identifier}) == missing
    assert await sim.call("POST", f"/bots/{identifier}/delete_data") == (404, "")


async def test_there_is_no_read_of_one_bot(sim: Sim) -> None:
    bot_id = await sim.send()
    assert (await sim.call("GET", f"/bots/{bot_id}"))[0] == 404
    assert (await sim.call("GET", "/v2/bots"))[0] == 404


@pytest.mark.parametrize(
    ("headers", "compatible"),
    [
        ({}, False),
        ({"x-meeting-baas-api-key": "wrong"}, False),
        ({"x-meeting-baas-api-key": "schlüssel"}, False),
        ({"x-spoke-api-key": KEY}, True),
        ({"Authorization": f"Bearer {KEY}"}, True),
        ({"Authorization": "Bearer wrong"}, False),
    ],
)
@pytest.mark.parametrize("seed_compatibility", [False, True])
async def test_authentication(
    headers: dict[str, str],
    compatible: bool,
    seed_compatibility: bool,
) -> None:
    async with running_sim(seed_compatibility=seed_compatibility) as sim:
        url = f"{sim.url}/bots/bots_with_metadata"
        async with aiohttp.request("GET", url, headers=headers) as response:
            if compatible and seed_compatibility:
                assert response.status == 200
            else:
                assert response.status == 401
                assert await response.json() == {"error": "InvalidApiKey"}
        [entry] = (await sim.ledger())["requests"]
    assert entry["status"] == response.status
