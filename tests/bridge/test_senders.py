"""Who is heard and what is understood: every answer to a sender."""

import gzip
import json
import logging
import uuid
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from temporalio.client import Client

from minutekeeper.meetings.webhook_urls import token_for
from minutekeeper.storage.store import ArtifactStore
from tests.bridge.support import (
    KEY,
    KEY_HEADER,
    SECRET,
    Bridge,
    codes,
    complete,
    head_of_delivery,
    log_lines,
    running_bridge,
    signals,
    start_recorder,
    status,
    stored,
)

LIMIT = 2_000


@pytest_asyncio.fixture
async def narrow_bridge(client: Client, store: ArtifactStore) -> AsyncIterator[Bridge]:
    async with running_bridge(client, store, minutekeeper_bridge_max_body_bytes=LIMIT) as running:
        yield running


@pytest.mark.parametrize(
    ("secret", "headers"),
    [
        ("another secret", KEY_HEADER),
        ("", KEY_HEADER),
        (SECRET, {}),
        (SECRET, {"x-meeting-baas-api-key": ""}),
        (SECRET, {"x-meeting-baas-api-key": KEY + "x"}),
        (SECRET, {"authorization": f"Bearer {KEY}"}),
    ],
)
async def test_strangers_get_401_and_leave_no_trace(
    bridge: Bridge, client: Client, store: ArtifactStore, *, secret: str, headers: dict[str, str]
) -> None:
    await start_recorder(client, workflow_id := f"meeting-{uuid.uuid4()}")
    for body in (status(), complete()):
        answer = await bridge.post(bridge.address(workflow_id, secret=secret), body, headers=headers)
        assert (answer.status, answer.json) == (401, {"error": "unauthorized"})
    assert await signals(client, workflow_id) == []
    assert await stored(store) == []


async def test_odd_tokens_get_401(bridge: Bridge) -> None:
    for token in ("x", "%C3%A9", "%FF", "%ED%A0%80", "0" * 32):
        answer = await bridge.post(f"{bridge.url}/webhooks/meetingbaas/meeting-1/0/{token}", status())
        assert answer.status == 401, token


async def test_a_token_is_good_for_its_own_workflow_and_dispatch_only(bridge: Bridge) -> None:
    token = token_for("meetingbaas", "meeting-1", 1, SECRET)
    answers = {
        place: (await bridge.post(f"{bridge.url}/webhooks/meetingbaas/{place}/{token}", status())).status
        for place in ("meeting-1/1", "meeting-1/0", "meeting-1/2", "meeting-1/11", "meeting-2/1")
    }
    assert {place for place, answer in answers.items() if answer == 200} == {"meeting-1/1"}
    assert set(answers.values()) == {200, 401}


@pytest.mark.parametrize(("headers", "expected"), [({}, 200), ({"x-meeting-baas-api-key": "wrong"}, 401)])
async def test_a_missing_key_may_be_allowed_on_the_bots_addresses_but_never_a_wrong_one(
    client: Client, store: ArtifactStore, headers: dict[str, str], expected: int
) -> None:
    async with running_bridge(client, store, minutekeeper_bridge_allow_missing_key=True) as bridge:
        assert (await bridge.to_bot("meeting-x", status(), headers=headers)).status == expected
        assert (await bridge.to_account(status(), headers=headers)).status == 401


async def test_keys_and_secrets_rotate_without_a_gap(
    client: Client, store: ArtifactStore, workflow_id: str
) -> None:
    await start_recorder(client, workflow_id)
    rotated = {
        "bridge_secret": "new secret",
        "bridge_secret_previous": SECRET,
        "meetingbaas_api_key": "new-key",
        "meetingbaas_api_key_previous": KEY,
    }
    async with running_bridge(client, store, **rotated) as bridge:
        answers = {
            (secret, key): (
                await bridge.post(
                    bridge.address(workflow_id, secret=secret),
                    status(f"{secret}|{key}"),
                    headers={"x-meeting-baas-api-key": key},
                )
            ).status
            for secret in (SECRET, "new secret", "older secret")
            for key in (KEY, "new-key", "older-key")
        }
    accepted = {pair for pair, answer in answers.items() if answer == 200}
    assert accepted == {(secret, key) for secret in (SECRET, "new secret") for key in (KEY, "new-key")}
    assert set(answers.values()) == {200, 401}
    assert len(await codes(client, workflow_id)) == 4


async def test_any_workflow_id_comes_through_its_address(
    bridge: Bridge, client: Client, store: ArtifactStore
) -> None:
    for workflow_id in (
        "team/standup/2026-12-01",
        "two words + more",
        "Besprechung ü ☃ 会議",
        "100%",
        "%2F and %252F and %",
        "a?b#c&d=e;f:g@h",
        "meeting-quote'\"\\",
        "...",
        "/leading/and/trailing/",
        "new\nline",
        "{workflow_id}:{[^/]+}",
        "x" * 700,
    ):
        await start_recorder(client, workflow_id)
        for body in (status(), complete()):
            answer = await bridge.to_bot(workflow_id, body)
            assert answer.json == {"outcome": "delivered"}, workflow_id
        first, final = await signals(client, workflow_id)
        assert first["code"] == "joining_call"
        assert await store.exists(final["body"])


async def test_what_is_no_json_object_gets_400_with_a_reason(
    bridge: Bridge, client: Client, store: ArtifactStore, workflow_id: str
) -> None:
    await start_recorder(client, workflow_id)
    for body in (
        b"",
        b"nonsense",
        b"[]",
        b'"text"',
        b"\xff\xfe\x00",
        b'{"event": "bot.status_change", "data": {"bot_id": "\xff"}}',
        b'{"event": "complete"',
        b"[" * 100_000,
    ):
        for answer in (await bridge.to_bot(workflow_id, body), await bridge.to_account(body)):
            assert answer.status == 400, body[:80]
            assert isinstance(answer.json["error"], str)
            assert answer.headers["content-type"].startswith("application/json")
    assert await signals(client, workflow_id) == []
    assert await stored(store) == []


async def test_an_object_that_says_nothing_to_us_gets_200_and_one_line(
    bridge: Bridge, client: Client, store: ArtifactStore, workflow_id: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await start_recorder(client, workflow_id)
    bodies: list[dict[str, Any]] = [
        {},
        {"type": "meeting.started", "data": {"botId": "bot-1"}},
        {"data": {"bot_id": "bot-1"}},
        {"event": "bot.dances", "data": {"bot_id": "bot-1"}},
        {"event": "complete"},
        {"event": "complete", "data": []},
        {"event": "complete", "data": {}},
        {"event": "bot.status_change", "data": {"status": {"code": "joining_call"}}},
        {"event": "calendar.sync_events", "data": {}},
    ]
    for body in bodies:
        for send in (partial(bridge.to_bot, workflow_id), bridge.to_account):
            caplog.clear()
            answer = await send(body)
            assert (answer.status, answer.json) == (200, {"outcome": "ignored"}), body
            [line] = log_lines(caplog)
            assert (line["outcome"], line["answer"]) == ("ignored", 200)
            assert line["detail"]
    assert await signals(client, workflow_id) == []
    assert await stored(store) == []


async def test_a_compressed_body_is_refused_without_a_look_into_it(
    bridge: Bridge, client: Client, workflow_id: str
) -> None:
    await start_recorder(client, workflow_id)
    good = gzip.compress(json.dumps(status()).encode())
    for body in (good, gzip.compress(b" " * 100_000_000), b"no gzip at all"):
        for encoding in ("gzip", "deflate", "br", "zstd", "gzip, gzip"):
            answer = await bridge.to_bot(workflow_id, body, headers=KEY_HEADER | {"content-encoding": encoding})
            assert answer.status == 415, encoding
    plain = await bridge.to_bot(workflow_id, status(), headers=KEY_HEADER | {"content-encoding": "Identity"})
    assert plain.json == {"outcome": "delivered"}


async def test_json_is_read_whatever_it_calls_itself(bridge: Bridge, client: Client, workflow_id: str) -> None:
    await start_recorder(client, workflow_id)
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "nonsense"):
        headers = KEY_HEADER | {"content-type": content_type}
        assert (await bridge.to_bot(workflow_id, status(), headers=headers)).json == {"outcome": "delivered"}


async def test_a_body_of_exactly_the_limit_is_read_and_one_more_byte_is_not(
    narrow_bridge: Bridge, client: Client, store: ArtifactStore, workflow_id: str
) -> None:
    await start_recorder(client, workflow_id)
    body = json.dumps(complete()).encode().ljust(LIMIT)
    assert (await narrow_bridge.to_bot(workflow_id, body)).status == 200
    for answer in (
        await narrow_bridge.to_bot(workflow_id, body + b" "),
        await narrow_bridge.to_account(body + b" "),
    ):
        assert answer.status == 413
        assert "error" in answer.json
    assert len(await signals(client, workflow_id)) == len(await stored(store)) == 1


async def test_a_body_that_says_it_is_too_large_is_refused_before_it_is_sent(
    narrow_bridge: Bridge, workflow_id: str
) -> None:
    reader, writer = await head_of_delivery(narrow_bridge, workflow_id, f"Content-Length: {LIMIT + 1}")
    assert b" 413 " in await reader.readline()
    writer.close()


async def test_a_body_that_does_not_say_how_large_it_is_is_refused_when_it_is_too_large(
    narrow_bridge: Bridge, client: Client, workflow_id: str
) -> None:
    await start_recorder(client, workflow_id)
    reader, writer = await head_of_delivery(narrow_bridge, workflow_id, "Transfer-Encoding: chunked")
    # The end never comes: the answer must not wait for it.
    writer.write(b"%x\r\n%s\r\n" % (LIMIT + 1, b" " * (LIMIT + 1)))
    assert b" 413 " in await reader.readline()
    writer.close()
    assert await signals(client, workflow_id) == []


async def test_a_sender_who_hangs_up_halfway_leaves_no_trace(
    bridge: Bridge, client: Client, store: ArtifactStore, workflow_id: str
) -> None:
    await start_recorder(client, workflow_id)
    _, writer = await head_of_delivery(bridge, workflow_id, "Content-Length: 500")
    writer.write(b'{"event": "complete", "data": {"bot_id": "bot-1"}}')
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    assert (await bridge.get("/healthz")).status == 200
    assert await signals(client, workflow_id) == []
    assert await stored(store) == []


async def test_everything_else_is_404(bridge: Bridge) -> None:
    for path in (
        "/",
        "/webhooks",
        "/metrics",
        "/webhooks/other",
        "/webhooks/meetingbaas/",
        "/webhooks/meetingbaas/meeting-1/0",
        "/webhooks/meetingbaas/meeting-1/first/token",
        "/webhooks/meetingbaas/meeting-1/-1/token",
        "/webhooks/meetingbaas/meeting-1/9999999999999999999/token",
        "/webhooks/meetingbaas/meeting-1/0/token/more",
    ):
        answer = await bridge.post(bridge.url + path, status())
        assert (answer.status, answer.json) == (404, {"error": "404: Not Found"}), path


async def test_health_and_readiness(bridge: Bridge, store: ArtifactStore) -> None:
    assert (await bridge.get("/healthz")).status == 200
    ready = await bridge.get("/readyz")
    assert (ready.status, ready.json) == (200, {"temporal": True, "artifacts": True})
    assert await stored(store) == []


async def test_readiness_names_what_is_missing(client: Client, tmp_path: Path) -> None:
    store = ArtifactStore((tmp_path / "gone").as_uri())
    (tmp_path / "gone").rmdir()
    (tmp_path / "gone").touch()
    async with running_bridge(client, store) as bridge:
        ready = await bridge.get("/readyz")
        assert (ready.status, ready.json) == (503, {"temporal": True, "artifacts": False})
    nowhere = await Client.connect("127.0.0.1:9", lazy=True)
    async with running_bridge(nowhere, ArtifactStore((tmp_path / "good").as_uri())) as bridge:
        ready = await bridge.get("/readyz")
        assert (ready.status, ready.json) == (503, {"temporal": False, "artifacts": True})
        assert (await bridge.get("/healthz")).status == 200
