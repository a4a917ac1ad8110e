"""What others send, and what Temporal refuses, has bounds in the store, and is counted."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
import pytest_asyncio
from prometheus_client import CollectorRegistry
from temporalio.client import Client

from bridge.app_keys import INBOX, REGISTRY
from bridge.delivery import WebhookDelivery
from bridge.delivery_log import http_logger
from bridge.inbox import Inbox, InboxFolder
from minutekeeper.meetings.bot_events import BotEvent, BotEventKind
from minutekeeper.metrics_page import served_metrics
from minutekeeper.storage.layout import Bounds
from minutekeeper.storage.store import ArtifactStore
from minutekeeper.temporal.worker_connection import plugin
from tests.bridge.support import NOON, Bridge, complete, running_bridge, status

BOUNDS = Bounds(files=5, bytes=40_000)


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.inbox._BOUNDS", BOUNDS)


@pytest_asyncio.fixture
async def bridge(temporal_address: str, store: ArtifactStore) -> AsyncIterator[Bridge]:
    client = await Client.connect(temporal_address, plugins=[plugin()])
    async with running_bridge(client, store) as running:
        yield running


async def test_strangers_cannot_fill_the_store_with_many_deliveries(bridge: Bridge, store: ArtifactStore) -> None:
    bodies = [status(bot_id=f"stranger-{number}") for number in range(30)]
    answers = await asyncio.gather(*(bridge.to_account(body) for body in bodies))
    assert {answer.status for answer in answers} == {200}
    assert len(await store.list(InboxFolder.UNKNOWN_BOT)) <= BOUNDS.files
    await bridge.app[INBOX].measure()
    told = await _metrics(bridge)
    kept = round(float(told['minutekeeper_inbox_deliveries{folder="unknown_bot"}']))
    assert 0 < kept <= BOUNDS.files
    assert float(told['minutekeeper_inbox_dropped_total{folder="unknown_bot"}']) == len(bodies) - kept


async def test_strangers_cannot_fill_the_store_with_large_deliveries(bridge: Bridge, store: ArtifactStore) -> None:
    for number in range(BOUNDS.files):
        body = complete(bot_id=f"stranger-{number}", words=300)
        assert (await bridge.to_account(body)).json == {"outcome": "no meeting has this bot"}
    entries = await store.list(InboxFolder.UNKNOWN_BOT)
    assert len(entries) == BOUNDS.files
    assert sum(entry.size for entry in entries) < BOUNDS.bytes
    kept = [await Inbox(store).read(entry.path) for entry in entries]
    bodies = [bool(each and each.body) for each in kept]
    assert {True, False} == set(bodies), "the facts of all, the bodies of those that there was room for"


@pytest.mark.parametrize("folder", [InboxFolder.REJECTED, InboxFolder.LATE])
async def test_what_people_have_to_look_at_makes_room_for_the_newest(
    store: ArtifactStore, folder: InboxFolder
) -> None:
    inbox = Inbox(store, registry := CollectorRegistry())
    put = inbox.put_rejected if folder is InboxFolder.REJECTED else inbox.put_late
    now = datetime.now(NOON.tzinfo)
    for number in range(20):
        await put(_delivery(f"code_{number:02}", now + timedelta(seconds=number), size=number * 700))
    entries = await inbox.entries(folder)
    assert len(entries) <= BOUNDS.files
    assert sum(entry.size for entry in entries) <= BOUNDS.bytes
    assert b"code_19" in await store.get(entries[-1].path)
    await put(_delivery("too large", now + timedelta(hours=1), size=BOUNDS.bytes))
    assert await inbox.entries(folder) == entries
    dropped = registry.get_sample_value("minutekeeper_inbox_dropped_total", {"folder": folder.name.lower()})
    assert dropped == 21 - len(entries)


async def test_unreadable_files_are_moved_aside_within_the_bounds(store: ArtifactStore) -> None:
    inbox = Inbox(store)
    for number in range(20):
        await store.put(path := f"{InboxFolder.WAITING}/2026-{number:02}.json", b"no delivery" * 1000)
        assert await inbox.read(path) is None
    assert await inbox.paths(InboxFolder.WAITING) == []
    entries = await inbox.entries(InboxFolder.REJECTED)
    assert entries[-1].path.endswith("2026-19.json")
    assert sum(entry.size for entry in entries) <= BOUNDS.bytes


def _delivery(code: str, received_at: datetime, *, size: int) -> WebhookDelivery:
    event = BotEvent(kind=BotEventKind.STATUS, bot_id="bot-1", occurred_at=NOON, code=code, text="x" * size)
    return WebhookDelivery(
        provider="meetingbaas", delivery=code, received_at=received_at, message=event, workflow_id="meeting-1"
    )


async def _metrics(bridge: Bridge) -> dict[str, str]:
    async with (
        served_metrics(bridge.app[REGISTRY], "127.0.0.1", 0, http_logger) as site,
        bridge.session.get(f"{site.name}/metrics") as response,
    ):
        lines = [line.rpartition(" ") for line in (await response.text()).splitlines()]
    return {name: value for name, _, value in lines if not name.startswith("#")}
