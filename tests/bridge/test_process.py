"""The process: what it says when it starts, how it stops, and what is left when it is killed."""

import asyncio
import itertools
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import aiohttp
import pytest
from temporalio.client import Client

from bridge.__main__ import main
from bridge.inbox import Inbox, InboxFolder
from minutekeeper.storage.store import ArtifactStore
from tests.bridge.support import (
    DEAD,
    KEY,
    SECRET,
    Bridge,
    codes,
    eventually,
    head_of_delivery,
    start_recorder,
    status,
)

ROOT = Path(__file__).parents[2]


class Running(NamedTuple):
    bridge: Bridge
    process: asyncio.subprocess.Process


def _environment(store: ArtifactStore, temporal: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "TEMPORAL_ADDRESS": temporal,
        "TEMPORAL_CONFIG_FILE": "/dev/null",
        "ARTIFACTS_URL": store.url,
        "BRIDGE_SECRET": SECRET,
        "MEETINGBAAS_API_KEY": KEY,
        "MINUTEKEEPER_BRIDGE_PORT": "0",
    }


async def _start(environment: Mapping[str, str], folder: Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bridge"),
        env=environment,
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


@asynccontextmanager
async def _serving(store: ArtifactStore, temporal: str, folder: Path) -> AsyncIterator[Running]:
    process = await _start(_environment(store, temporal), folder)
    assert process.stdout
    try:
        line = await process.stdout.readline()
        assert line, "it ended before it served"
        async with aiohttp.ClientSession() as session:
            yield Running(Bridge(json.loads(line)["bridge"], session, None), process)
    finally:
        await _end(process)


async def test_it_serves_without_temporal_and_stops_cleanly(
    store: ArtifactStore, tmp_path: Path, workflow_id: str
) -> None:
    async with _serving(store, DEAD, tmp_path) as (bridge, process):
        assert (await bridge.get("/healthz")).status == 200
        assert (await bridge.get("/readyz")).json == {"temporal": False, "artifacts": True}
        address = bridge.address(workflow_id)
        assert (await bridge.post(address, status())).status == 200
        assert (await bridge.post(address + "x", status())).status == 401
        process.send_signal(signal.SIGTERM)
        out, err = await asyncio.wait_for(process.communicate(), 10)
    assert process.returncode == 0
    assert out == b""
    assert b"answered 200: joining_call: Temporal down" in err
    assert workflow_id.removeprefix("meeting-").encode() in err
    for secret in (KEY, SECRET, address.rpartition("/")[2]):
        assert secret.encode() not in err


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
async def test_it_finishes_what_is_in_flight_before_it_stops(
    client: Client, store: ArtifactStore, tmp_path: Path, temporal_address: str, name: signal.Signals
) -> None:
    await start_recorder(client, workflow_id := f"meeting-in-flight-{name}")
    body = json.dumps(status()).encode()
    async with _serving(store, temporal_address, tmp_path) as (bridge, process):
        reader, writer = await head_of_delivery(bridge, workflow_id, f"Content-Length: {len(body)}")
        await bridge.get("/healthz")
        process.send_signal(name)
        await eventually(lambda: _refuses_connections(bridge.url))
        writer.write(body)
        assert b" 200 " in await reader.readline()
        writer.close()
        assert await asyncio.wait_for(process.wait(), 10) == 0
    assert await codes(client, workflow_id) == ["joining_call"]


async def test_metrics_have_an_address_of_their_own(store: ArtifactStore, tmp_path: Path) -> None:
    environment = _environment(store, DEAD) | {"MINUTEKEEPER_BRIDGE_METRICS_ADDRESS": "[::1]:0"}
    process = await _start(environment, tmp_path)
    try:
        assert process.stdout
        said = json.loads(await process.stdout.readline())
        async with aiohttp.ClientSession() as session:
            async with session.get(said["metrics"]) as answer:
                assert (answer.status, answer.content_type) == (200, "text/plain")
                assert "minutekeeper_deliveries_total" in await answer.text()
            async with session.get(said["bridge"] + "/metrics") as answer:
                assert answer.status == 404
            async with session.get(said["metrics"].replace("/metrics", "/healthz")) as answer:
                assert answer.status == 404
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 10) == 0
    finally:
        await _end(process)


async def test_a_sender_who_never_finishes_does_not_keep_it_from_stopping(
    store: ArtifactStore, tmp_path: Path
) -> None:
    async with _serving(store, DEAD, tmp_path) as (bridge, process):
        _, writer = await head_of_delivery(bridge, "meeting-1", "Content-Length: 500")
        await bridge.get("/healthz")
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 10) == 0
        writer.close()


async def test_killed_at_any_moment_it_loses_nothing_that_it_acknowledged(
    client: Client, store: ArtifactStore, tmp_path: Path, temporal_address: str, workflow_id: str
) -> None:
    """Killed without Temporal, then killed while it hands on; a third process finishes."""
    await start_recorder(client, workflow_id)
    acknowledged: set[str] = set()

    async def send(bridge: Bridge, code: str) -> None:
        try:
            answer = await bridge.to_bot(workflow_id, status(code))
        except aiohttp.ClientError:
            return
        assert answer.status == 200
        acknowledged.add(code)

    for life, temporal in enumerate((DEAD, temporal_address)):
        async with _serving(store, temporal, tmp_path) as (bridge, process):
            sending = [asyncio.create_task(send(bridge, f"code_{life}_{number}")) for number in range(80)]
            for sent in itertools.islice(asyncio.as_completed(sending), 30):
                await sent
            process.kill()
            await asyncio.gather(*sending)
    async with _serving(store, temporal_address, tmp_path):
        await eventually(lambda: _is_worked_off(store))
    arrived = await codes(client, workflow_id)
    assert acknowledged <= set(arrived)
    assert len(arrived) == len(set(arrived))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"BRIDGE_SECRET": ""}, "BRIDGE_SECRET"),
        ({"BRIDGE_SECRET": "s" * 31}, "BRIDGE_SECRET has 31 characters"),
        ({"BRIDGE_SECRET_PREVIOUS": "s" * 31}, "BRIDGE_SECRET_PREVIOUS has 31 characters"),
        ({"BRIDGE_PUBLIC_URL": "http://bridge.example.com"}, "BRIDGE_PUBLIC_URL is http://bridge.example.com"),
        ({"BRIDGE_PUBLIC_URL": "http://localhost@evil.example"}, "BRIDGE_PUBLIC_URL: must be an address"),
        ({"MINUTEKEEPER_DEADLINE_JOINING": "-3"}, "MINUTEKEEPER_DEADLINE_JOINING"),
        ({"MEETINGBAAS_API_KEY": " "}, "MEETINGBAAS_API_KEY"),
        ({"MINUTEKEEPER_BRIDGE_PORT": "many"}, "MINUTEKEEPER_BRIDGE_PORT"),
        ({"ARTIFACTS_URL": "ftp://somewhere"}, "ARTIFACTS_URL"),
        ({"MINUTEKEEPER_BRIDGE_METRICS_ADDRESS": "9465"}, "MINUTEKEEPER_BRIDGE_METRICS_ADDRESS"),
        ({"MINUTEKEEPER_BRIDGE_METRICS_ADDRESS": "127.0.0.1:70000"}, "MINUTEKEEPER_BRIDGE_METRICS_ADDRESS"),
    ],
)
def test_it_does_not_start_without_what_it_needs(
    store: ArtifactStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    change: dict[str, str],
    named: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in (_environment(store, DEAD) | change).items():
        monkeypatch.setenv(name, value)
    assert main() == 2
    assert named in capsys.readouterr().err


async def test_it_says_why_it_could_not_start(store: ArtifactStore, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        reasons = {
            port: {"MINUTEKEEPER_BRIDGE_PORT": port},
            "/no/cert.pem": {
                "TEMPORAL_TLS_CLIENT_CERT_PATH": "/no/cert.pem",
                "TEMPORAL_TLS_CLIENT_KEY_PATH": "/no/key.pem",
            },
        }
        for reason, change in reasons.items():
            process = await _start(_environment(store, DEAD) | change, tmp_path)
            try:
                out, err = await asyncio.wait_for(process.communicate(), 20)
            finally:
                await _end(process)
            assert (process.returncode, out) == (2, b"")
            assert reason in err.decode()
            assert "Traceback" not in err.decode()


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
    await process.communicate()


async def _refuses_connections(url: str) -> bool:
    async with aiohttp.ClientSession() as session:
        try:
            async with session.get(url + "/healthz"):
                return False
        except aiohttp.ClientConnectionError:
            return True


async def _is_worked_off(store: ArtifactStore) -> bool:
    return not await Inbox(store).paths(InboxFolder.WAITING)
