"""Senders who take what they get: time, connections, memory. There is a bound to each, and others are heard."""

import asyncio
import json
import time

import pytest
from temporalio.client import Client

from bridge.app_keys import ACTIVE_REQUESTS
from bridge.connection_limits import close_idle_connections
from bridge.request_bodies import RequestBodyReader
from minutekeeper.meetings.webhook_urls import account_webhook_path
from minutekeeper.storage.store import ArtifactStore
from tests.bridge.support import (
    Bridge,
    codes,
    complete,
    eventually,
    head_of_delivery,
    running_bridge,
    signals,
    start_recorder,
    status,
)
from tests.bridge.wire import connect, drip, head, is_closed, status_of


async def test_a_body_that_takes_too_long_gets_408_while_others_are_heard(
    bridge: Bridge, client: Client, workflow_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.request_bodies._BODY_SECONDS", 1.0)
    await start_recorder(client, workflow_id)
    slow = [await head_of_delivery(bridge, workflow_id, "Content-Length: 50000") for _ in range(50)]
    dripping = [asyncio.create_task(drip(writer)) for _, writer in slow]
    for number in range(20):
        assert (await bridge.to_bot(workflow_id, status(f"code_{number}"))).json == {"outcome": "delivered"}
    assert {await status_of(reader) for reader, _ in slow} == {408}
    for task in dripping:
        task.cancel()
    for _, writer in slow:
        writer.close()
    assert len(await codes(client, workflow_id)) == 20


async def test_connections_that_say_nothing_or_never_finish_their_head_are_closed(
    client: Client, store: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.app.IDLE_SECONDS", 1.0)
    async with running_bridge(client, store) as bridge:
        silent = [await connect(bridge) for _ in range(200)]
        slow = [await connect(bridge) for _ in range(50)]
        rested = [await connect(bridge) for _ in range(10)]
        for _, writer in slow:
            writer.write(head("POST", account_webhook_path("meetingbaas"))[:-2])
        dripping = [asyncio.create_task(drip(writer, b"X: y\r\n")) for _, writer in slow]
        for reader, writer in rested:
            writer.write(head("GET", "/healthz"))
            assert await status_of(reader) == 200
        for reader, writer in (*silent, *slow, *rested):
            assert await is_closed(reader)
            writer.close()
        assert (await bridge.get("/healthz")).status == 200
        for task in dripping:
            task.cancel()


async def test_when_there_are_too_many_connections_the_oldest_silent_ones_go(
    bridge: Bridge, client: Client, workflow_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.connection_limits._MAX_CONNECTIONS", 20)
    monkeypatch.setattr("bridge.connection_limits._CHECK_SECONDS", 0.2)
    await start_recorder(client, workflow_id)
    body = json.dumps(status()).encode()
    busy = await head_of_delivery(bridge, workflow_id, f"Content-Length: {len(body)}")
    silent = [await connect(bridge) for _ in range(50)]
    guard = asyncio.create_task(close_idle_connections(bridge.runner, bridge.app[ACTIVE_REQUESTS]))
    for reader, _ in silent[:31]:
        assert await is_closed(reader)
    reader, writer = silent[-1]
    writer.write(head("GET", "/healthz"))
    assert await status_of(reader) == 200
    busy[1].write(body)
    assert await status_of(busy[0]) == 200
    guard.cancel()
    for _, writer in (*silent, busy):
        writer.close()
    assert await codes(client, workflow_id) == ["joining_call"]


async def test_large_bodies_without_room_are_asked_to_come_again_and_small_ones_need_none(
    client: Client, store: ArtifactStore, workflow_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.request_bodies._SMALL_BYTES", 1_000)
    monkeypatch.setattr("bridge.request_bodies._ROOM_SECONDS", 0.3)
    monkeypatch.setattr("bridge.request_bodies._BODY_SECONDS", 60.0)
    await start_recorder(client, workflow_id)
    large = json.dumps(complete(words=100)).encode()
    async with running_bridge(client, store, minutekeeper_bridge_max_body_bytes=len(large)) as bridge:
        # None says how large it becomes, so each takes the room of the largest.
        hogs = [await head_of_delivery(bridge, workflow_id, "Transfer-Encoding: chunked") for _ in range(4)]
        for _, writer in hogs:
            writer.write(b"%x\r\n%s\r\n" % (len(large) - 1, large[:-1]))

        async def is_full() -> bool:
            answer = await bridge.to_bot(workflow_id, large)
            assert answer.status == 200 or int(answer.headers["retry-after"]) > 0
            return answer.status == 429

        await eventually(is_full)
        assert (await bridge.to_bot(workflow_id, status())).json == {"outcome": "delivered"}
        reader, writer = hogs[0]
        writer.write(b"1\r\n%s\r\n0\r\n\r\n" % large[-1:])
        assert await status_of(reader) == 200
        assert (await bridge.to_bot(workflow_id, large)).json == {"outcome": "delivered"}
        for _, writer in hogs:
            writer.close()
        # Those who hang up leave their room as well.
        await eventually(lambda: _are_all_taken(bridge, workflow_id, large))
    assert [each.get("kind") for each in await signals(client, workflow_id)].count("complete") == 1


async def test_while_large_bodies_are_understood_others_have_their_turns_between() -> None:
    bodies, large = RequestBodyReader(4_000_000), b" " * 2_000_000
    order: list[str] = []

    async def understand() -> None:
        async with bodies.parsing(large):
            order.append("large")
            time.sleep(0.05)  # noqa: ASYNC251 - as reading JSON does, it lets nobody else work

    async def understand_small_ones() -> None:
        while order.count("large") < 5:
            async with bodies.parsing(b"{}"):
                order.append("small")
            await asyncio.sleep(0.001)

    await asyncio.gather(understand_small_ones(), *(understand() for _ in range(5)))
    assert "large large" not in " ".join(order)


async def _are_all_taken(bridge: Bridge, workflow_id: str, body: bytes) -> bool:
    answers = await asyncio.gather(*(bridge.to_bot(workflow_id, body) for _ in range(4)))
    return {answer.status for answer in answers} == {200}
