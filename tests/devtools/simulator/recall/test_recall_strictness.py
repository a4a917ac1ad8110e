"""What the service refuses, and in which words."""

from typing import Any

import aiohttp
import pytest

from tests.devtools.simulator.recall.support import MEETING, Recall, ahead, running

OK = {"meeting_url": MEETING}


@pytest.mark.parametrize("header", ["Token key-of-the-tests", "key-of-the-tests"])
async def test_the_key_with_and_without_the_word(recall: Recall, header: str) -> None:
    async with aiohttp.request("GET", f"{recall.url}/api/v1/bot/", headers={"Authorization": header}) as answer:
        assert answer.status == 200


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "not_authenticated"),
        ({"Authorization": "Token wrong"}, "authentication_failed"),
        ({"Authorization": "Bearer key-of-the-tests"}, "authentication_failed"),
    ],
)
async def test_no_key_or_another_one(recall: Recall, headers: dict[str, str], code: str) -> None:
    async with aiohttp.request("GET", f"{recall.url}/api/v1/bot/", headers=headers) as answer:
        assert (answer.status, (await answer.json())["code"]) == (401, code)


async def test_the_key_of_another_region_is_told_so() -> None:
    async with running(other_region_api_key="of-tokyo") as recall:
        status, answer = await recall.call("GET", "/api/v1/bot/", headers={"Authorization": "Token of-tokyo"})
    assert status == 401
    assert "another Recall region" in answer["detail"]


async def test_a_get_with_a_body_is_blocked(recall: Recall) -> None:
    status, answer = await recall.call("GET", "/api/v1/bot/", json={"page": 1})
    assert (status, answer["code"]) == (403, "request_blocked")


@pytest.mark.parametrize("url", ["http://localhost:8000/hook", "https://127.0.0.1/hook", "http://10.0.0.1"])
async def test_a_local_url_in_a_body_is_blocked(recall: Recall, url: str) -> None:
    status, _ = await recall.call("POST", "/api/v1/bot/", json=OK | {"metadata": {"hook": url}})
    assert status == 403


@pytest.mark.parametrize(
    ("fields", "misfit"),
    [
        ({"webhook_url": "https://example.com/hook"}, {"webhook_url": ["This field is not allowed."]}),
        ({"transcription_options": {}}, {"transcription_options": ["This field is not allowed."]}),
        ({"meeting_url": "https://example.com/room"}, {"meeting_url": ["Invalid meeting URL."]}),
        ({"bot_name": "x" * 101}, {"bot_name": ["Ensure this field has no more than 100 characters."]}),
        (
            {"metadata": {"k": "x" * 501}},
            {"metadata": {"k": ["Ensure this field has no more than 500 characters."]}},
        ),
        ({"metadata": {"k": 1}}, {"metadata": {"k": ["Not a valid string."]}}),
        (
            {"automatic_leave": {"waiting_room_timeout": 29}},
            {"automatic_leave": {"waiting_room_timeout": ["Ensure this value is greater than or equal to 30."]}},
        ),
        (
            {"recording_config": {"transcript": {"provider": {"recallai_async": {}}}}},
            {"recording_config": {"transcript": {"provider": ["This provider is not allowed: recallai_async."]}}},
        ),
        (
            {"recording_config": {"transcript": {"provider": {}}}},
            {"recording_config": {"transcript": {"provider": ["Exactly one provider must be given."]}}},
        ),
        ({"join_at": "2020-01-01T00:00:00Z"}, {"join_at": ["join_at must be in the future."]}),
    ],
)
async def test_misfits_are_named(recall: Recall, fields: dict[str, Any], misfit: dict[str, Any]) -> None:
    assert await recall.call("POST", "/api/v1/bot/", json=OK | fields) == (400, misfit)
    assert (await recall.ledger())["bots"] == []


async def test_a_link_is_required(recall: Recall) -> None:
    answer = await recall.call("POST", "/api/v1/bot/", json={})
    assert answer == (400, {"meeting_url": ["This field is required."]})


@pytest.mark.parametrize(
    ("link", "parts"),
    [
        ("https://meet.google.com/abc-defg-hij", {"meeting_id": "abc-defg-hij", "platform": "google_meet"}),
        (
            "https://us02web.zoom.us/j/123?pwd=secret",
            {"meeting_id": "123", "meeting_password": "secret", "platform": "zoom"},
        ),
        ("https://teams.microsoft.com/l/meetup-join/19%3a/0", {"meeting_id": None, "platform": "microsoft_teams"}),
        ("https://teams.live.com/meet/93", {"meeting_id": "93", "platform": "microsoft_teams_live"}),
        ("https://acme.webex.com/meet/anna", {"meeting_subdomain": "acme", "platform": "webex"}),
    ],
)
async def test_a_link_comes_back_in_parts(recall: Recall, link: str, parts: dict[str, Any]) -> None:
    shown = (await recall.create(meeting_url=link))["meeting_url"]
    assert {key: shown[key] for key in parts} == parts


async def test_a_bot_has_what_its_schema_has(recall: Recall) -> None:
    due = ahead(hours=2)
    bot = await recall.create(join_at=due, metadata={"k": "v"})
    assert bot["bot_name"] == "Meeting Notetaker"
    assert bot["join_at"][:19] == due[:19]
    assert (bot["status_changes"], bot["recordings"], bot["metadata"]) == ([], [], {"k": "v"})
    assert bot["automatic_leave"]["everyone_left_timeout"]["timeout"] == 2
    assert "created_at" not in bot


@pytest.mark.parametrize("path", ["/api/v1/bot/none/", "/api/v1/nothing/", "/api/v1/recording/x/"])
async def test_what_is_not_there(recall: Recall, path: str) -> None:
    assert await recall.call("GET", path) == (404, {"detail": "Not found."})


async def test_creations_are_limited_in_a_sliding_window() -> None:
    async with running(creations_per_minute=2, rate_window=0.4) as recall:
        await recall.create()
        await recall.create()
        status, answer = await recall.call("POST", "/api/v1/bot/", json=OK)
        assert (status, answer["code"]) == (429, "throttled")
        async with recall.session.post("/api/v1/bot/", json=OK) as refused:
            assert refused.headers["Retry-After"] == "1"
        await recall.ok("GET", "/api/v1/bot/")
        async with recall.session.get("/_sim/ledger") as ledger:
            calls = (await ledger.json())["calls"]
        assert calls["POST /api/v1/bot/"] == {"count": 4, "statuses": {"201": 2, "429": 2}}


async def test_lists_have_a_limit_of_their_own() -> None:
    async with running(lists_per_minute=1, reads_per_minute=2) as recall:
        bot = (await recall.create())["id"]
        await recall.ok("GET", "/api/v1/bot/")
        assert (await recall.call("GET", "/api/v1/bot/"))[0] == 429
        await recall.ok("GET", "/api/v1/recording/")
        await recall.bot(bot)
        await recall.bot(bot)
        assert (await recall.call("GET", f"/api/v1/bot/{bot}/"))[0] == 429


async def test_bots_are_found_by_metadata_page_by_page() -> None:
    async with running(page_size=2, metadata_index_delay=0) as recall:
        wanted = [(await recall.create(metadata={"k": "v", "n": str(number)}))["id"] for number in range(3)]
        await recall.create(metadata={"k": "w"})
        first = await recall.ok("GET", "/api/v1/bot/", params={"metadata__k": "v"})
        second = await recall.ok("GET", first["next"].removeprefix(recall.url))
        one = await recall.ok("GET", "/api/v1/bot/", params={"metadata__k": "v", "metadata__n": "1"})
    assert (first["count"], first["previous"], second["next"]) == (3, None, None)
    assert [bot["id"] for bot in first["results"] + second["results"]] == wanted[::-1]
    assert [bot["id"] for bot in one["results"]] == [wanted[1]]


async def test_a_new_bot_is_found_by_metadata_after_a_while_only() -> None:
    async with running(metadata_index_delay=60) as recall:
        await recall.create(metadata={"k": "v"})
        assert (await recall.ok("GET", "/api/v1/bot/", params={"metadata__k": "v"}))["results"] == []
        assert (await recall.ok("GET", "/api/v1/bot/", params={"meeting_url": MEETING}))["count"] == 1
