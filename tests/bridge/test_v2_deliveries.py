"""Webhooks and callbacks of Meeting BaaS v2 at a running bridge."""

import json
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer
from standardwebhooks import Webhook
from temporalio.client import Client

from bridge.app import create_app
from minutekeeper.meetings.bot_events import BotEvent, BotEventKind
from minutekeeper.meetings.webhook_urls import account_webhook_path, bot_webhook_url
from minutekeeper.providers.bot_metadata import BotMetadata
from minutekeeper.providers.factory import open_providers
from minutekeeper.signing import Purpose, signer
from minutekeeper.storage.store import ArtifactStore
from tests.bridge.support import SECRET, Answer, Bridge, make_settings, signals, start_recorder, stored

WEBHOOK_SECRET = "whsec_dGVzdC1rZXktbWF0ZXJpYWwtMzItYnl0ZXMtb2shIQ=="
BEFORE = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
KEY_V2 = "mb-v2-key-0123456789"
BOT = "7b6f0c1e-0000-4000-8000-000000000001"


@pytest_asyncio.fixture
async def v2_bridge(client: Client, store: ArtifactStore) -> AsyncIterator[Bridge]:
    settings = make_settings(
        meetingbaas_base_url="http://127.0.0.1:9",
        meetingbaas_v2_api_key=KEY_V2,
        meetingbaas_v2_base_url="http://127.0.0.1:9",
        meetingbaas_v2_webhook_secret=WEBHOOK_SECRET,
        meetingbaas_v2_webhook_secret_previous=BEFORE,
    )
    providers = open_providers(settings)
    app = create_app(settings, client, providers, store)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        yield Bridge(str(server.make_url("/")).rstrip("/"), session, app, server.runner)
    await providers.aclose()


def extra(workflow_id: str, dispatch: int = 0) -> dict[str, str]:
    return BotMetadata(dispatch_key="mk-1", dispatch=dispatch, workflow_id=workflow_id, run="r").to_wire([SECRET])


def status(workflow_id: str, code: str, second: int = 0) -> dict[str, Any]:
    at = f"2026-03-01T11:00:{second:02}Z"
    data = {"bot_id": BOT, "event_id": None, "status": {"code": code, "created_at": at}}
    return {"event": "bot.status_change", "extra": extra(workflow_id), "data": data}


def completed(workflow_id: str) -> dict[str, Any]:
    data = {"bot_id": BOT, "video": "https://files/v?X-Amz-Signature=s", "sent_at": "2026-03-01T12:00:00Z"}
    return {"event": "bot.completed", "extra": extra(workflow_id), "data": data}


def failed(workflow_id: str, code: str) -> dict[str, Any]:
    data = {"bot_id": BOT, "error_code": code, "error_message": f"no {KEY_V2}", "sent_at": "2026-03-01T12:00:00Z"}
    return {"event": "bot.failed", "extra": extra(workflow_id), "data": data}


async def to_account(bridge: Bridge, body: dict[str, Any], secret: str = WEBHOOK_SECRET, **headers: str) -> Answer:
    content, at, delivery = json.dumps(body).encode(), datetime.now(UTC), f"msg_{uuid.uuid4().hex}"
    signature = Webhook(secret).sign(delivery, at, content.decode())
    signed = {"svix-id": delivery, "svix-timestamp": str(int(at.timestamp())), "svix-signature": signature}
    return await bridge.post(bridge.url + account_webhook_path("meetingbaas-v2"), content, headers=signed | headers)


async def to_bot(bridge: Bridge, workflow_id: str, body: dict[str, Any], secret: str | None = None) -> Answer:
    url = bot_webhook_url(bridge.url, SECRET, "meetingbaas-v2", workflow_id, 0)
    made = signer(Purpose.BOT_CALLBACK, [SECRET]).get_signature(url.rpartition("/")[2]).decode()
    return await bridge.post(url, body, headers={"x-mb-secret": made if secret is None else secret})


async def kinds(client: Client, workflow_id: str) -> list[tuple[BotEventKind, str]]:
    events = [BotEvent.model_validate(each) for each in await signals(client, workflow_id)]
    return [(event.kind, event.code) for event in events]


async def test_signed_webhooks_lead_to_their_meeting(
    v2_bridge: Bridge, client: Client, store: ArtifactStore, workflow_id: str
) -> None:
    await start_recorder(client, workflow_id)
    for number, code in enumerate(["joining_call", "in_call_recording"]):
        answer = await to_account(v2_bridge, status(workflow_id, code, number))
        assert answer.json == {"outcome": "delivered"}
    assert (await to_account(v2_bridge, completed(workflow_id), BEFORE)).json == {"outcome": "delivered"}
    assert await kinds(client, workflow_id) == [
        (BotEventKind.STATUS, "joining_call"),
        (BotEventKind.STATUS, "in_call_recording"),
        (BotEventKind.COMPLETE, ""),
    ]
    assert len(await stored(store)) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"svix-signature": "v1,AAAA"},
        {"svix-timestamp": "1700000000"},
        {"svix-id": "msg_2"},
        {"svix-id": "", "x-meeting-baas-api-key": KEY_V2},
    ],
)
async def test_what_is_not_signed_is_refused(
    v2_bridge: Bridge, client: Client, workflow_id: str, headers: dict[str, str]
) -> None:
    await start_recorder(client, workflow_id)
    answer = await to_account(v2_bridge, completed(workflow_id), **headers)
    assert answer.status == 401
    assert await signals(client, workflow_id) == []


async def test_a_callback_leads_to_its_meeting_by_its_address(
    v2_bridge: Bridge, client: Client, workflow_id: str
) -> None:
    await start_recorder(client, workflow_id)
    body = failed(workflow_id, "OOM_KILLED") | {"extra": None}
    assert (await to_bot(v2_bridge, workflow_id, body)).json == {"outcome": "delivered"}
    (payload,) = await signals(client, workflow_id)
    assert (payload["kind"], payload["dispatch"], payload["bot_id"]) == ("settled", 0, BOT)
    assert KEY_V2 not in json.dumps(payload)


async def test_a_callback_with_a_wrong_secret_is_refused(
    v2_bridge: Bridge, client: Client, workflow_id: str
) -> None:
    await start_recorder(client, workflow_id)
    for secret in ("", "wrong", WEBHOOK_SECRET):
        assert (await to_bot(v2_bridge, workflow_id, completed(workflow_id), secret)).status == 401
    other = bot_webhook_url(v2_bridge.url, SECRET, "meetingbaas-v2", "another", 0).rpartition("/")[2]
    of_another_bot = signer(Purpose.BOT_CALLBACK, [SECRET]).get_signature(other).decode()
    assert (await to_bot(v2_bridge, workflow_id, completed(workflow_id), of_another_bot)).status == 401
    at_the_account = v2_bridge.url + account_webhook_path("meetingbaas-v2")
    refused = await v2_bridge.post(at_the_account, completed(workflow_id), headers={"x-mb-secret": of_another_bot})
    assert refused.status == 401
    assert await signals(client, workflow_id) == []


async def test_addresses_of_one_version_are_none_of_the_other(
    v2_bridge: Bridge, client: Client, workflow_id: str
) -> None:
    await start_recorder(client, workflow_id)
    answer = await v2_bridge.to_bot(workflow_id, completed(workflow_id))
    assert answer.json == {"outcome": "ignored"}
    assert await signals(client, workflow_id) == []


async def test_what_says_nothing_is_answered_with_success(v2_bridge: Bridge, workflow_id: str) -> None:
    """Because an endpoint that refuses deliveries is switched off after days."""
    chat = {"event": "bot.chat_message", "data": {"bot_id": BOT, "text": "hi"}, "extra": extra(workflow_id)}
    assert (await to_account(v2_bridge, chat)).json == {"outcome": "ignored"}
