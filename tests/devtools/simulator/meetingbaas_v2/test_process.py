"""The simulated Meeting BaaS v2 as others start it."""

import json
import signal
import sys
from asyncio.subprocess import PIPE, create_subprocess_exec

import aiohttp
import pytest

from devtools.simulator.__main__ import main
from tests.devtools.simulator.meetingbaas_v2.support import body
from tests.devtools.simulator.support import KEY


async def test_it_is_chosen_by_name() -> None:
    options = ("--provider", "meetingbaas-v2", "--api-key", KEY, "--speed", "60")
    process = await create_subprocess_exec(sys.executable, "-m", "devtools.simulator", *options, stdout=PIPE)
    assert process.stdout
    url = json.loads(await process.stdout.readline())["simulator"]
    async with aiohttp.ClientSession(url, headers={"x-meeting-baas-api-key": KEY}) as session:
        async with session.post("/v2/bots", json=body()) as response:
            assert response.status == 201
        async with session.post("/bots", json=body()) as response:
            assert response.status == 404
    process.send_signal(signal.SIGTERM)
    assert await process.wait() == 0


@pytest.mark.parametrize(
    "option", [("--script", "late_transcript"), ("--webhook-secret", "plain"), ("--wording", "x")]
)
def test_bad_settings_are_named(
    option: tuple[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["simulator", "--provider=meetingbaas-v2", *option])
    assert main() == 2
    assert option[0].lstrip("-").replace("-", "_") in capsys.readouterr().err


def test_its_settings_come_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MINUTEKEEPER_SIMULATOR_PROVIDER", "meetingbaas-v2")
    monkeypatch.setenv("MINUTEKEEPER_SIMULATOR_QUEUE_DELAY", "-1")
    monkeypatch.setattr(sys, "argv", ["simulator"])
    assert main() == 2
    assert "queue_delay" in capsys.readouterr().err
