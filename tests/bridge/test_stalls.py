"""However large and odd a body is, the others who send are answered meanwhile."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from temporalio.client import Client

from tests.bridge.support import Bridge, codes, complete, start_recorder, status

LARGEST = 16 * 1024 * 1024
MAY_STALL = 0.7
"""Seconds of CPU between two moments at which others are heard, so that a busy machine changes nothing.

Read whole, these bodies took between two and five seconds.
"""


def _filled(start: bytes, part: bytes, end: bytes) -> bytes:
    return start + part * ((LARGEST - len(start) - len(end)) // len(part)) + end


BODIES = {
    "members": b'{"event":"complete","data":{"bot_id":"b"},%s}'
    % b",".join(b'"k%07d":1' % number for number in range(1_200_000)),
    "members of data": b'{"event":"complete","data":{"bot_id":"b",%s}}'
    % b",".join(b'"%016d":1' % number for number in range(700_000)),
    "empty lists": _filled(b'{"event":"failed","data":{"bot_id":"b","error":[', b"[],", b"1]}}"),
    "numbers": _filled(b'{"event":"failed","data":{"bot_id":"b","transcript":[', b"12345,", b"1]}}"),
    "texts": _filled(b'{"event":"failed","data":{"bot_id":"b","extra":[', b'"abcd",', b"1]}}"),
    "halves": _filled(b'{"event":"failed","data":{"bot_id":"b","x":"', rb"\ud83d", b'"}}'),
    "ids": b'{"event":"calendar.sync_events","data":{"calendar_id":"c","affected_event_uuids":[%s]}}'
    % b",".join(b'"%016d"' % number for number in range(800_000)),
    "words": json.dumps(complete(words=250_000)).encode(),
}


@pytest.mark.parametrize("name", BODIES)
async def test_others_are_answered_while_a_large_body_is_understood(
    bridge: Bridge, client: Client, workflow_id: str, name: str
) -> None:
    await start_recorder(client, workflow_id)
    assert len(BODIES[name]) <= LARGEST
    async with _stalls() as stalls:
        large = asyncio.create_task(bridge.to_bot(workflow_id, BODIES[name]))
        sent = 0
        while not large.done():
            assert (await bridge.to_bot(workflow_id, status(f"code_{sent}", second=sent))).status == 200
            sent += 1
    assert (await large).status == 200
    assert max(stalls) < MAY_STALL
    assert len([code for code in await codes(client, workflow_id) if code]) == sent


async def test_repeats_of_a_large_delivery_that_come_at_once_are_all_answered(
    bridge: Bridge, client: Client, workflow_id: str
) -> None:
    """Their sender repeats what it had no answer for, and both keep the same body."""
    await start_recorder(client, workflow_id)
    bodies = [complete(words=20_000)] * 12
    answers = await asyncio.gather(*(bridge.to_bot(workflow_id, body) for body in bodies))
    assert {answer.status for answer in answers} == {200}
    assert await codes(client, workflow_id) == [""]


@asynccontextmanager
async def _stalls() -> AsyncIterator[list[float]]:
    """The seconds of CPU that this thread took between two turns of the event loop."""
    found = [0.0]

    async def look() -> None:
        before = time.thread_time()
        while True:
            await asyncio.sleep(0)
            now = time.thread_time()
            found.append(now - before)
            before = now
            await asyncio.sleep(0.005)

    looking = asyncio.create_task(look())
    try:
        yield found
    finally:
        looking.cancel()
