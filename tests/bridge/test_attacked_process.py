"""The bridge's own process while it is attacked: it answers, it does not grow, and good senders notice nothing."""

import asyncio
import contextlib
import gzip
import json
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from temporalio.client import Client

from minutekeeper.meetings.webhook_urls import account_webhook_path
from minutekeeper.storage.store import ArtifactStore
from tests.bridge.support import KEY, Bridge, codes, complete, start_recorder, status
from tests.bridge.test_process import _serving
from tests.bridge.wire import connect, drip, head, path_of, post, status_of

MIB = 1024 * 1024
PATIENCE = 5.0
"""Seconds after which the provider gives up on an answer to a status."""

MAY_GROW = 150
MAY_PEAK = 400
"""MiB of resident memory, for all the attacks together: afterwards, and at any moment."""


async def test_good_senders_are_answered_in_time_and_memory_stays_bounded_under_siege(
    client: Client, store: ArtifactStore, tmp_path: Path, temporal_address: str
) -> None:
    for name in ("meeting-good", "meeting-evil"):
        await start_recorder(client, name)
    async with _serving(store, temporal_address, tmp_path) as (bridge, process):
        assert process.stderr
        log = asyncio.create_task(process.stderr.read())
        assert (await bridge.to_bot("meeting-good", status("before"))).status == 200
        before = _memory(process.pid, "VmRSS")
        async with _good_sender(bridge) as waits, _occupied(bridge):
            answers = Counter[int]()
            for attack in ATTACKS:
                payloads = attack(path_of(bridge, "meeting-evil"))
                answers.update(await asyncio.gather(*(_send(bridge, payload) for payload in payloads)))
        after, peak = _memory(process.pid, "VmRSS"), _memory(process.pid, "VmHWM")
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
        said = (await log).decode()
    refusals = {400, 401, 413, 415}
    # A machine that is slow at the moment may run out of time or room for the long meetings.
    assert refusals <= set(answers) <= refusals | {200, 408, 429}, answers
    assert len(waits) > 20
    assert max(waits) < PATIENCE
    assert after - before < MAY_GROW
    assert peak - before < MAY_PEAK
    assert len(await codes(client, "meeting-good")) == len(waits) + 1
    assert set(await codes(client, "meeting-evil")) <= {""}
    assert "Traceback" not in said
    assert KEY not in said


def _too_large(path: str) -> list[list[bytes]]:
    block = b" " * MIB
    chunk = b"%x\r\n%s\r\n" % (MIB, block)
    with_length = [head("POST", path, f"Content-Length: {64 * MIB}"), *[block] * 64]
    without = [head("POST", path, "Transfer-Encoding: chunked"), *[chunk] * 64]
    return [with_length] * 20 + [without] * 10


def _from_strangers(path: str) -> list[list[bytes]]:
    block = b" " * MIB
    return [[head("POST", f"{path}x", f"Content-Length: {64 * MIB}"), *[block] * 64]] * 20


def _bombs(path: str) -> list[list[bytes]]:
    packed = gzip.compress(b" " * (200 * MIB))
    dense = b'{"event":"complete","data":{"bot_id":"b","transcript":[%s{}]}}' % (b"{}," * (5 * MIB))
    deep = b"[" * 1_000_000
    return [
        *[[post(path, packed, "Content-Encoding: gzip")]] * 10,
        *[[post(f"{path}x", packed, "Content-Encoding: gzip")]] * 10,
        *[[post(path, dense)]] * 10,
        *[[post(path, deep)]] * 10,
    ]


def _long_meetings(path: str) -> list[list[bytes]]:
    """Large, but honest: a day of talking each."""
    body = json.dumps(complete(words=200_000)).encode()
    assert len(body) > 10 * MIB
    return [[post(path, body)]] * 4


ATTACKS: list[Callable[[str], list[list[bytes]]]] = [_too_large, _from_strangers, _bombs, _long_meetings]


@contextlib.asynccontextmanager
async def _good_sender(bridge: Bridge) -> AsyncIterator[list[float]]:
    """Delivers one status after the other; how long each had to wait for its answer, in seconds."""
    waits: list[float] = []
    over = asyncio.Event()

    async def send() -> None:
        while not over.is_set():
            begun = time.monotonic()
            answer = await bridge.to_bot("meeting-good", status(f"code_{len(waits)}", second=len(waits)))
            waits.append(time.monotonic() - begun)
            assert answer.status == 200
            await asyncio.sleep(0.02)

    sending = asyncio.create_task(send())
    try:
        yield waits
    finally:
        over.set()
        await sending


@contextlib.asynccontextmanager
async def _occupied(bridge: Bridge) -> AsyncIterator[None]:
    """200 connections that say nothing, 100 that never finish a head, 100 that never finish a body."""
    async with contextlib.AsyncExitStack() as stack:
        body = head("POST", path_of(bridge, "meeting-evil"), f"Content-Length: {MIB}")
        for number in range(400):
            _, writer = await connect(bridge)
            stack.callback(writer.close)
            if number >= 200:
                writer.write(body if number % 2 else head("POST", account_webhook_path("meetingbaas"))[:-2])
                dripping = asyncio.create_task(drip(writer, b" " if number % 2 else b"X: y\r\n"))
                stack.callback(dripping.cancel)
        yield


async def _send(bridge: Bridge, payload: list[bytes]) -> int:
    reader, writer = await connect(bridge)

    async def push() -> None:
        with contextlib.suppress(ConnectionError):
            for piece in payload:
                writer.write(piece)
                await writer.drain()

    pushing = asyncio.create_task(push())
    try:
        return await status_of(reader)
    finally:
        pushing.cancel()
        writer.close()


def _memory(process: int, name: str) -> float:
    """A line of the kernel's account of a process, in MiB."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{name}:"))
