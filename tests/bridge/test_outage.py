"""Temporal is away, or the store, or a single delivery is poisonous: nothing that was answered 200 is lost."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio.client import Client

from bridge.app_keys import FORWARDER, INBOX_WORKER, TEMPORAL
from bridge.delivery import DeliveryOutcome, WebhookDelivery
from bridge.inbox import Inbox, InboxFolder
from bridge.inbox_worker import _batches
from bridge.temporal_gateway import TemporalCallError
from devtools.stack.ports import claim_ports
from minutekeeper.meetings.bot_events import BotEventKind
from minutekeeper.storage.store import ArtifactStore, StoredObject
from minutekeeper.temporal.worker_connection import plugin
from tests.bot_events import bot_event
from tests.bridge.support import (
    DEAD,
    NOON,
    Bridge,
    codes,
    complete,
    eventually,
    running_bridge,
    signals,
    start_recorder,
    status,
    stored,
    temporal_binary,
)

MIB = 1024 * 1024


@pytest_asyncio.fixture
async def cut_off(store: ArtifactStore) -> AsyncIterator[Bridge]:
    """A bridge that nobody at Temporal answers."""
    client = await Client.connect(DEAD, lazy=True, plugins=[plugin()])
    async with running_bridge(client, store) as running:
        yield running


async def test_what_came_during_an_outage_is_handed_on_in_order_and_once(
    cut_off: Bridge, client: Client, store: ArtifactStore, workflow_id: str
) -> None:
    await start_recorder(client, workflow_id)
    body = complete(words=50_000)
    for number in range(10):
        answer = await cut_off.to_bot(workflow_id, status(f"code_{number}", second=-number), dispatch=1)
        assert (answer.status, answer.json) == (200, {"outcome": "Temporal down"})
    for _ in range(3):
        assert (await cut_off.to_bot(workflow_id, body, dispatch=1)).status == 200
    assert len(await store.list("inbox")) == 13
    assert len(await stored(store)) == 13

    async with running_bridge(client, store):
        await eventually(lambda: _is_empty(store))
    assert await codes(client, workflow_id) == [*(f"code_{number}" for number in range(10)), ""]
    *_, final = await signals(client, workflow_id)
    assert final["dispatch"] == 1
    assert await stored(store) == [final["body"]]
    assert b"word49999" in await store.get(final["body"])


async def test_what_waits_holds_no_key_and_no_token(
    cut_off: Bridge, store: ArtifactStore, workflow_id: str
) -> None:
    address = cut_off.address(workflow_id)
    await cut_off.post(address, status())
    (path,) = await stored(store)
    content = await store.get(path)
    assert workflow_id.encode() in content
    assert b"mb-key" not in content
    assert address.rpartition("/")[2].encode() not in content


async def test_the_account_wide_address_waits_too(
    cut_off: Bridge, client: Client, store: ArtifactStore, workflow_id: str
) -> None:
    await start_recorder(client, workflow_id, f"bot-of-{workflow_id}")
    await start_recorder(client, f"calendar-{workflow_id}")
    assert (await cut_off.to_account(status(bot_id=f"bot-of-{workflow_id}"))).status == 200
    assert (await cut_off.to_account(status(bot_id="a stranger's"))).status == 200
    calendar = {"event": "calendar.sync_events", "data": {"calendar_id": workflow_id, "last_updated_ts": "1"}}
    assert (await cut_off.to_account(calendar)).status == 200
    async with running_bridge(client, store):
        await eventually(lambda: _only_unclaimed(store, 1))
    assert await codes(client, workflow_id) == ["joining_call"]
    assert len(await signals(client, f"calendar-{workflow_id}", "calendar_event")) == 1


async def test_what_waited_longer_than_its_meeting_lived_is_kept_for_a_week(
    cut_off: Bridge, client: Client, store: ArtifactStore, workflow_id: str
) -> None:
    handle = await start_recorder(client, workflow_id)
    long_ago = f"{InboxFolder.LATE}/20200101T000000.000000Z-0.json"
    await store.put(long_ago, b"{}")
    assert (await cut_off.to_bot(workflow_id, status())).status == 200
    await handle.terminate()

    async def is_worked_off() -> bool:
        inbox = Inbox(store)
        return not await inbox.paths(InboxFolder.WAITING) and long_ago not in await stored(store)

    async with running_bridge(client, store):
        await eventually(is_worked_off)
    (kept,) = await stored(store)
    assert kept.startswith(f"{InboxFolder.LATE}/")
    assert b"joining_call" in await store.get(kept)


async def test_a_server_that_dies_and_comes_back_gets_everything_once(tmp_path: Path, workflow_id: str) -> None:
    store = ArtifactStore((tmp_path / "artifacts").as_uri())
    port = claim_ports({"port": 0})["port"]
    database = tmp_path / "temporal.db"
    async with _temporal_server(port, database) as first, contextlib.AsyncExitStack() as later:
        client = await Client.connect(f"127.0.0.1:{port}", plugins=[plugin()])
        await start_recorder(client, workflow_id)
        bridge = await later.enter_async_context(running_bridge(client, store))
        assert (await bridge.to_bot(workflow_id, status("before"))).json == {"outcome": "delivered"}
        first.kill()
        await first.wait()
        bodies = [status(f"during_{number}") for number in range(20)] * 2
        answers = await asyncio.gather(*(bridge.to_bot(workflow_id, body) for body in bodies))
        assert {(answer.status, answer.json["outcome"]) for answer in answers} == {(200, "Temporal down")}
        # A repeat of what had arrived before is no news, even after the server forgot its memory.
        assert (await bridge.to_bot(workflow_id, status("before"))).status == 200
        await later.enter_async_context(_temporal_server(port, database))
        await eventually(lambda: _is_empty(store), seconds=40)
        assert sorted(await codes(client, workflow_id)) == sorted(
            ["before", *(f"during_{number}" for number in range(20))]
        )


async def test_senders_do_not_wait_one_by_one_for_a_server_that_keeps_silent(store: ArtifactStore) -> None:
    """It takes connections and never answers, as a stopped process does."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host, port = silent.getsockname()
        client = await Client.connect(f"{host}:{port}", lazy=True, plugins=[plugin()])
        async with running_bridge(client, store) as bridge:
            courier, delivery = bridge.app[FORWARDER], _delivery("meeting-1", "joining_call")
            first = await asyncio.gather(*(courier.forward(delivery) for _ in range(3)))
            next_one = await courier.forward(delivery)
            assert (await bridge.to_bot("meeting-1", status())).status == 200
    assert {each.detail for each in first} == {"no answer within 1 s"}
    assert next_one.detail == "Temporal did not answer a moment ago"


async def test_one_slow_call_sends_no_other_delivery_to_the_inbox(
    bridge: Bridge, client: Client, store: ArtifactStore, workflow_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await start_recorder(client, workflow_id)
    calls = bridge.app[TEMPORAL]
    signal, slow = calls.signal, iter([TemporalCallError(DeliveryOutcome.TEMPORAL_DOWN, "no answer within 1 s")])

    async def first_one_slow(delivery: WebhookDelivery, limit: timedelta) -> None:
        if error := next(slow, None):
            raise error
        await signal(delivery, limit)

    monkeypatch.setattr(calls, "signal", first_one_slow)
    answers = [(await bridge.to_bot(workflow_id, status(f"code_{number}"))).json for number in range(10)]
    assert answers == [{"outcome": "Temporal down"}, *[{"outcome": "delivered"}] * 9]
    await eventually(lambda: _is_empty(store))
    assert sorted(await codes(client, workflow_id)) == sorted(f"code_{number}" for number in range(10))


async def test_a_delivery_whose_answer_got_lost_is_not_doubled(
    bridge: Bridge, client: Client, store: ArtifactStore, workflow_id: str
) -> None:
    """The signal arrived, but the bridge never heard so and kept the delivery for another try."""
    await start_recorder(client, workflow_id)
    delivery = _delivery(workflow_id, "joining_call")
    await bridge.app[FORWARDER].forward(delivery)
    await Inbox(store).put(delivery, InboxFolder.WAITING)
    await bridge.app[INBOX_WORKER].process_folder(InboxFolder.WAITING)
    assert await _is_empty(store)
    assert await codes(client, workflow_id) == ["joining_call"]


async def test_two_bridges_on_one_store_do_no_harm(
    cut_off: Bridge, client: Client, store: ArtifactStore, workflow_id: str
) -> None:
    await start_recorder(client, workflow_id)
    for number in range(30):
        await cut_off.to_bot(workflow_id, status(f"code_{number}"))
    await store.put("inbox/20260101T000000.000000Z-broken.json", b"{")
    async with running_bridge(client, store), running_bridge(client, store):
        await eventually(lambda: _is_empty(store))
    assert sorted(await codes(client, workflow_id)) == sorted(f"code_{number}" for number in range(30))
    assert await stored(store) == ["inbox/rejected/20260101T000000.000000Z-broken.json"]


def test_large_deliveries_are_taken_from_the_inbox_a_few_at_a_time() -> None:
    sizes = [1, 2, 20 * MIB, 20 * MIB, 40 * MIB, *[3] * 34]
    entries = [StoredObject(str(number), size) for number, size in enumerate(sizes)]
    batches = list(_batches(entries))
    assert [len(batch) for batch in batches] == [3, 1, 1, 32, 2]
    assert [path for batch in batches for path in batch] == [entry.path for entry in entries]
    assert list(_batches([])) == []


async def test_one_poisonous_delivery_is_in_nobodys_way(
    client: Client, store: ArtifactStore, workflow_id: str
) -> None:
    for name in ("refused", "stuck", "fine"):
        await start_recorder(client, f"{workflow_id}-{name}")
    inbox = Inbox(store)
    await store.put("inbox/00000000T000000.000000Z-0.json", b"\x00 not ours")
    await store.put("inbox/00000000T000000.000000Z-1.txt", b'{"delivery": "half of one"}')
    sizes = {"refused": 3_000_000, "stuck": 5_000_000, "fine": 3}
    for name, size in sizes.items():
        await inbox.put(_delivery(f"{workflow_id}-{name}", name, "x" * size), InboxFolder.WAITING)
    async with running_bridge(client, store) as bridge:
        assert not await bridge.app[INBOX_WORKER].process_folder(InboxFolder.WAITING)
    assert await codes(client, f"{workflow_id}-fine") == ["fine"]
    assert len(await inbox.paths(InboxFolder.REJECTED)) == 3
    (stuck,) = await inbox.paths(InboxFolder.WAITING)
    assert b"stuck" in await store.get(stuck)


async def test_a_folder_that_cannot_be_written_is_in_nobodys_way(
    client: Client, store: ArtifactStore, workflow_id: str
) -> None:
    await start_recorder(client, workflow_id)
    await start_recorder(client, f"{workflow_id}-blocked")
    await store.put(f"{workflow_id.removeprefix('meeting-')}-blocked", b"a file where a folder should be")
    blocked = _delivery(f"{workflow_id}-blocked", "blocked").model_copy(update={"body": b"{}"})
    await Inbox(store).put(blocked, InboxFolder.WAITING)
    await Inbox(store).put(_delivery(workflow_id, "fine"), InboxFolder.WAITING)
    async with running_bridge(client, store) as bridge:
        assert not await bridge.app[INBOX_WORKER].process_folder(InboxFolder.WAITING)
    assert await codes(client, workflow_id) == ["fine"]
    assert await codes(client, f"{workflow_id}-blocked") == []
    assert len(await Inbox(store).paths(InboxFolder.WAITING)) == 1


async def test_the_drain_outlives_a_store_that_goes_and_comes_back(
    client: Client, tmp_path: Path, workflow_id: str
) -> None:
    await start_recorder(client, workflow_id)
    store = _broken_store(tmp_path)
    async with running_bridge(client, store):
        await asyncio.sleep(0.1)
        (tmp_path / "gone").unlink()
        await Inbox(store).put(_delivery(workflow_id, "afterwards"), InboxFolder.WAITING)
        await eventually(lambda: _is_empty(store))
    assert await codes(client, workflow_id) == ["afterwards"]


async def test_what_is_held_up_keeps_its_place_in_line(
    client: Client, store: ArtifactStore, workflow_id: str
) -> None:
    await start_recorder(client, workflow_id)
    inbox = Inbox(store)
    for code, size in (("stuck", 5_000_000), ("behind it", 3)):
        await inbox.put(_delivery(workflow_id, code, "x" * size), InboxFolder.WAITING)
    async with running_bridge(client, store) as bridge:
        assert not await bridge.app[INBOX_WORKER].process_folder(InboxFolder.WAITING)
    assert await codes(client, workflow_id) == []
    assert len(await inbox.paths(InboxFolder.WAITING)) == 2


async def test_a_wrong_namespace_is_not_taken_for_a_missing_meeting(
    temporal_address: str, store: ArtifactStore
) -> None:
    client = await Client.connect(temporal_address, namespace="nowhere", lazy=True, plugins=[plugin()])
    async with running_bridge(client, store) as bridge:
        assert (await bridge.to_bot("meeting-1", status())).json == {"outcome": "retry later"}
        assert len(await store.list("inbox")) == 1


async def test_with_temporal_and_the_store_away_the_sender_is_asked_to_come_back(tmp_path: Path) -> None:
    store = _broken_store(tmp_path)
    client = await Client.connect(DEAD, lazy=True, plugins=[plugin()])
    async with running_bridge(client, store) as bridge:
        answer = await bridge.to_bot("meeting-1", status())
        assert answer.status == 503
        assert int(answer.headers["retry-after"]) > 0
        assert "error" in answer.json


async def test_a_final_body_that_cannot_be_kept_is_not_signalled(
    client: Client, tmp_path: Path, workflow_id: str
) -> None:
    await start_recorder(client, workflow_id)
    async with running_bridge(client, _broken_store(tmp_path)) as bridge:
        assert (await bridge.to_bot(workflow_id, complete())).status == 503
        assert (await bridge.to_bot(workflow_id, status())).status == 200
    assert await codes(client, workflow_id) == ["joining_call"]


def _delivery(workflow_id: str, code: str, text: str = "") -> WebhookDelivery:
    event = bot_event(kind=BotEventKind.STATUS, bot_id="bot-1", occurred_at=NOON, code=code, text=text)
    return WebhookDelivery(
        provider="meetingbaas", delivery=code, received_at=datetime.now(UTC), message=event, workflow_id=workflow_id
    )


def _broken_store(tmp_path: Path) -> ArtifactStore:
    """A store whose folder turned into a file behind its back."""
    store = ArtifactStore((tmp_path / "gone").as_uri())
    (tmp_path / "gone").rmdir()
    (tmp_path / "gone").touch()
    return store


async def _is_empty(store: ArtifactStore) -> bool:
    return not await Inbox(store).paths(InboxFolder.WAITING)


async def _only_unclaimed(store: ArtifactStore, count: int) -> bool:
    inbox = Inbox(store)
    return await _is_empty(store) and len(await inbox.paths(InboxFolder.UNKNOWN_BOT)) == count


@contextlib.asynccontextmanager
async def _temporal_server(port: int, database: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    pragmas = "--sqlite-pragma journal_mode=WAL --sqlite-pragma synchronous=normal"
    command = f"server start-dev --headless --log-level never --port {port} --db-filename {database} {pragmas}"
    process = await asyncio.create_subprocess_exec(
        temporal_binary(),
        *command.split(),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        client = await Client.connect(f"127.0.0.1:{port}", lazy=True)

        async def is_up() -> bool:
            with contextlib.suppress(Exception):
                return await client.service_client.check_health()
            return False

        await eventually(is_up)
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
