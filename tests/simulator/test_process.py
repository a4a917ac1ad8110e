"""`python -m simulator` as others start it."""

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE, Process

import aiohttp
import pytest

from tests.simulator.support import KEY, MEETING


async def start(*options: str) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "simulator", *options, stdout=PIPE, stderr=PIPE
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_serves_until_told_to_stop(number: signal.Signals) -> None:
    process = await start("--speed", "60", "--api-key", KEY, "--port", "0")
    assert process.stdout
    url = json.loads(await process.stdout.readline())["simulator"]
    async with aiohttp.ClientSession(url, headers={"x-meeting-baas-api-key": KEY}) as session:
        async with session.post("/bots", json={"meeting_url": MEETING, "bot_name": "b"}) as response:
            assert response.status == 200
        process.send_signal(number)
        async with asyncio.timeout(5):
            assert await process.communicate() == (b"", b"")
    assert process.returncode == 0


@pytest.mark.parametrize("option", [("--speed", "0"), ("--script", "unheard-of"), ("--port", "70000")])
async def test_bad_settings_are_named(option: tuple[str, str]) -> None:
    process = await start(*option)
    _, errors = await process.communicate()
    assert process.returncode == 2
    assert option[0].lstrip("-").encode() in errors
    assert b"Traceback" not in errors


async def test_a_taken_port_is_named() -> None:
    server = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    process = await start("--port", str(port))
    _, errors = await process.communicate()
    server.close()
    await server.wait_closed()
    assert process.returncode == 1
    assert str(port).encode() in errors
    assert b"Traceback" not in errors
