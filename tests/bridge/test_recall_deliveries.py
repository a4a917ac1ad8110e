"""Webhooks of Recall.ai at a running bridge: signed, reordered, doubled, foreign, and of older forms."""

import json
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer
from standardwebhooks import Webhook
from temporalio.client import Client

from bridge.app import create_app
from minutekeeper.meetings.bot_events import BotEvent, BotEventKind
from minutekeeper.meetings.status import FailureReason
from minutekeeper.meetings.webhook_urls import account_webhook_path, bot_webhook_url
from minutekeeper.providers.factory import open_providers
from minutekeeper.providers.recall.bot_marks import BotMarks
from minutekeeper.storage.last_webhooks import LastWebhooks
from minutekeeper.storage.store import ArtifactStore
from tests.bridge.support import SECRET, Answer, Bridge, make_settings, signals, start_recorder, stored
from tests.providers.recall.support import needs_samples, sample

WEBHOOK_SECRET = "whsec_dGVzdC1rZXktbWF0ZXJpYWwtMzItYnl0ZXMtb2shIQ=="
BEFORE = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_dGVzdC1yZWNhbGwtc2VjcmV0"
KEY = "recall-key-0123456789"
BOT = "7b6f0c1e-0000-4000-8000-000000000001"
BEGAN = datetime(2026, 3, 1, 11, tzinfo=UTC)


@pytest_asyncio.fixture
async def recall_bridge(client: Client, store: ArtifactStore) -> AsyncIterator[Bridge]:
    settings = make_settings(
        meetingbaas_base_url="http://127.0.0.1:9",
        recall_api_key=KEY,
        recall_base_url="http://127.0.0.1:9",
        recall_webhook_secret=WEBHOOK_SECRET,
        recall_webhook_secret_previous=BEFORE,
    )
    providers = open_providers(settings)
    app = create_app(settings, client, providers, store)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        yield Bridge(str(server.make_url("/")).rstrip("/"), session, app, server.runner)
    await providers.aclose()


def news(workflow_id: str, event: str, second: int = 0, sub_code: str | None = None) -> dict[str, Any]:
    marks = BotMarks(key="mk-1", dispatch=0, workflow_id=workflow_id, run="r", sent_at=BEGAN).to_wire([SECRET])
    at = (BEGAN + timedelta(seconds=second)).isoformat()
    inner = {"code": event.partition(".")[2], "sub_code": sub_code, "updated_at": at}
    return {"event": event, "data": {"data": inner, "bot": {"id": BOT, "metadata": marks}}}


async def send(
    bridge: Bridge, body: Any, *, secret: str = WEBHOOK_SECRET, family: str = "webhook", **changes: Any
) -> Answer:
    content = json.dumps(body).encode()
    at, delivery = datetime.now(UTC) - changes.get("age", timedelta()), changes.get("delivery", uuid.uuid4().hex)
    signature = Webhook(secret).sign(delivery, at, content.decode())
    values = {"id": delivery, "timestamp": str(int(at.timestamp())), "signature": signature}
    headers = {f"{family}-{name}": value for name, value in values.items()} | changes.get("headers", {})
    return await bridge.post(
        bridge.url + account_webhook_path("recall"), changes.get("content", content), headers=headers
    )


async def kinds(client: Client, workflow_id: str) -> list[tuple[BotEventKind, str]]:
    events = [BotEvent.model_validate(each) for each in await signals(client, workflow_id)]
    return [(event.kind, event.code) for event in events]


@pytest.mark.parametrize("family", ["webhook", "svix"])
@pytest.mark.parametrize("secret", [WEBHOOK_SECRET, BEFORE])
async def test_signed_webhooks_lead_to_their_meeting(
    recall_bridge: Bridge, client: Client, workflow_id: str, family: str, secret: str
) -> None:
    await start_recorder(client, workflow_id)
    for number, event in enumerate(["bot.in_call_recording", "bot.joining_call", "bot.done", "transcript.failed"]):
        answer = await send(recall_bridge, news(workflow_id, event, number), secret=secret, family=family)
        assert answer.json == {"outcome": "delivered"}
    assert await kinds(client, workflow_id) == [
        (BotEventKind.STATUS, "in_call_recording"),
        (BotEventKind.STATUS, "joining_call"),
        (BotEventKind.SETTLED, ""),
        (BotEventKind.TRANSCRIPTION_FAILED, ""),
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"secret": OTHER},
        {"age": timedelta(minutes=6)},
        {"age": timedelta(minutes=-6)},
        {"content": b'{"event": "bot.done"}'},
        {"headers": {"webhook-id": "another"}},
        {"headers": {"webhook-signature": "v1,AAAA"}},
        {"headers": {"webhook-timestamp": "now"}},
        {"family": "other"},
        {"family": "other", "headers": {"x-meeting-baas-api-key": KEY}},
    ],
)
async def test_what_is_not_signed_now_by_the_workspace_is_refused(
    recall_bridge: Bridge, client: Client, workflow_id: str, changes: dict[str, Any]
) -> None:
    await start_recorder(client, workflow_id)
    answer = await send(recall_bridge, news(workflow_id, "bot.done"), **changes)
    assert answer.status == 401
    assert await signals(client, workflow_id) == []


async def test_a_repeat_is_taken_once(recall_bridge: Bridge, client: Client, workflow_id: str) -> None:
    await start_recorder(client, workflow_id)
    for _ in range(3):
        answer = await send(recall_bridge, news(workflow_id, "bot.done"), delivery="msg_1")
        assert answer.status == 200
    assert await kinds(client, workflow_id) == [(BotEventKind.SETTLED, "")]


async def test_an_end_says_why(recall_bridge: Bridge, client: Client, workflow_id: str) -> None:
    await start_recorder(client, workflow_id)
    await send(recall_bridge, news(workflow_id, "bot.fatal", sub_code=f"exploded {KEY}"))
    (payload,) = await signals(client, workflow_id)
    assert (payload["kind"], payload["reason"]) == (BotEventKind.FAILED, FailureReason.PROVIDER_ERROR)
    assert KEY not in json.dumps(payload)


async def test_what_is_signed_shows_that_the_endpoint_is_alive(
    recall_bridge: Bridge, client: Client, store: ArtifactStore, workflow_id: str
) -> None:
    await start_recorder(client, workflow_id)
    await send(recall_bridge, news(workflow_id, "bot.done"), secret=OTHER)
    await send(recall_bridge, {"event": "minutekeeper.doctor"})
    assert await LastWebhooks(store).of("recall") is None
    before = datetime.now(UTC)
    await send(recall_bridge, news(workflow_id, "bot.done"))
    last = await LastWebhooks(store).of("recall")
    assert last is not None
    assert before <= last <= datetime.now(UTC)


async def test_nothing_of_a_webhook_is_stored(
    recall_bridge: Bridge, client: Client, store: ArtifactStore, workflow_id: str
) -> None:
    await start_recorder(client, workflow_id)
    await send(recall_bridge, news(workflow_id, "bot.done"))
    assert await stored(store) == []


async def test_bots_have_no_addresses_of_their_own_that_prove_anything(
    recall_bridge: Bridge, client: Client, workflow_id: str
) -> None:
    await start_recorder(client, workflow_id)
    url = bot_webhook_url(recall_bridge.url, SECRET, "recall", workflow_id, 0)
    assert (await recall_bridge.post(url, news(workflow_id, "bot.done"), headers={})).status == 401
    assert await signals(client, workflow_id) == []


@needs_samples
@pytest.mark.parametrize(
    "name",
    [
        "webhooks/catalogue/recording.paused.json",
        "webhooks/catalogue/video_mixed.done.json",
        "webhooks/catalogue/bot.log.json",
        "webhooks/fixtures/bot.status_change.hybrid-no-status.json",
        "webhooks/fixtures/empty-event.json",
        "webhooks/realtime/transcript.data.captured-2025-04.json",
    ],
)
async def test_what_says_nothing_is_answered_with_success(recall_bridge: Bridge, name: str) -> None:
    """Because an endpoint that refuses deliveries is switched off after days."""
    assert (await send(recall_bridge, sample(name))).json == {"outcome": "ignored"}


@needs_samples
@pytest.mark.parametrize(
    "name", ["webhooks/catalogue/bot.done.json", "webhooks/legacy/bot.status_change.done.captured-2024-08.json"]
)
async def test_bots_of_others_are_acknowledged(recall_bridge: Bridge, name: str) -> None:
    answer = await send(recall_bridge, sample(name))
    assert (answer.status, answer.json) == (200, {"outcome": "no meeting has this bot"})
