"""`python -m devtools.simulator` as others start it."""

import asyncio
import json
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process

import aiohttp
import pytest

from devtools.simulator.__main__ import main
from tests.devtools.simulator.support import KEY, MEETING


async def start(*options: str) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "devtools.simulator", *options, stdout=PIPE, stderr=PIPE
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


@pytest.mark.parametrize("option", [("--provider", "recall"), ("--provider=recall",)])
async def test_serves_another_provider(option: tuple[str, ...]) -> None:
    process = await start(*option, "--api-key", KEY)
    assert process.stdout
    url = json.loads(await process.stdout.readline())["simulator"]
    headers, body = {"Authorization": f"Token {KEY}"}, {"meeting_url": MEETING}
    async with aiohttp.request("POST", f"{url}/api/v1/bot/", headers=headers, json=body) as response:
        assert response.status == 201
    process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(5):
        await process.communicate()
    assert process.returncode == 0


@pytest.mark.parametrize(
    "option", [("--speed", "0"), ("--script", "unheard-of"), ("--port", "70000"), ("--provider", "unheard-of")]
)
def test_bad_settings_are_named(
    option: tuple[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["simulator", *option])
    assert main() == 2
    assert option[0].lstrip("-") in capsys.readouterr().err


def test_a_taken_port_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        monkeypatch.setattr(sys, "argv", ["simulator", "--port", port])
        assert main() == 1
    assert port in capsys.readouterr().err
