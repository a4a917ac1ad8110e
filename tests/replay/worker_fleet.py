"""Workers of several releases on one server, as real processes, with a bridge and a simulated Meeting BaaS."""

import asyncio
import itertools
import json
import os
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from devtools.simulator.server import running_simulator
from devtools.simulator.settings import SimulatorSettings
from minutekeeper.meetings.ids import jitter_fraction
from minutekeeper.meetings.views import Outcome
from minutekeeper.temporal import search_attributes
from minutekeeper.temporal.names import MEETING_WORKFLOW, MEETINGS_QUEUE
from tests.replay.copies import ROOT
from tests.system.test_good_day import meeting_url
from tests.workflows.conftest import temporal_binary, with_plugin

_KEY = "key-of-the-account"
_SPEED = 200
"""How much faster the simulated bots live, so that a meeting takes a second."""

Meeting = WorkflowHandle[Any, Outcome]


@dataclass
class WorkerFleet:
    client: Client
    simulator: str
    environment: dict[str, str]
    logs: Path
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)
    _running: dict[asyncio.subprocess.Process, Path] = field(default_factory=dict)

    async def worker(self, code: Path, *, hold_patches: bool = False) -> asyncio.subprocess.Process:
        """A worker with the code in that folder, once it polls."""
        log = self.logs / f"worker-{next(self._numbers)}.log"
        with log.open("wb") as output:
            worker = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "worker"),
                cwd=code,
                env=self.environment
                | {"PYTHONPATH": str(code), "MINUTEKEEPER_DISABLE_NEW_PATCHES": str(hold_patches).lower()},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        self._running[worker] = log
        for _ in range(600):
            if "ready, polling" in log.read_text():
                return worker
            await asyncio.sleep(0.05)
        raise AssertionError(f"the worker did not start: {log.read_text()}")

    async def stop(self, worker: asyncio.subprocess.Process) -> None:
        """As a deploy does it: SIGTERM, and as long as it takes."""
        worker.terminate()
        assert await asyncio.wait_for(worker.wait(), 30) == 0

    async def kill(self, worker: asyncio.subprocess.Process) -> None:
        worker.kill()
        await worker.wait()

    async def book(self, ahead: timedelta) -> Meeting:
        """A meeting whose bot is due that much from now. It wakes as late as any does."""
        return await self.book_for(datetime.now(UTC) + timedelta(minutes=4) + ahead)

    async def book_for(self, start_time: datetime) -> Meeting:
        names = (f"meeting-{uuid.uuid4()}" for _ in itertools.count())
        handle: Meeting = await self.client.start_workflow(
            MEETING_WORKFLOW,
            {"meeting_url": meeting_url(), "start_time": start_time.isoformat(), "wake_up": {"ahead": 20.0}},
            id=next(name for name in names if jitter_fraction(name) < 0.02),
            task_queue=MEETINGS_QUEUE,
            result_type=Outcome,
        )
        return handle

    async def bring_forward(self, meeting: Meeting, ahead: timedelta) -> None:
        start_time = datetime.now(UTC) + timedelta(minutes=4) + ahead
        await meeting.execute_update("reschedule", {"start_time": start_time.isoformat()})

    async def ledger(self) -> dict[str, Any]:
        async with aiohttp.ClientSession() as http, http.get(f"{self.simulator}/_sim/ledger") as answer:
            ledger: dict[str, Any] = await answer.json()
            return ledger

    async def bots_of(self, meeting: Meeting) -> list[dict[str, Any]]:
        bots = (await self.ledger())["bots"]
        return [bot for bot in bots if (bot["extra"] or {}).get("workflow_id") == meeting.id]

    async def until_history(self, meeting: Meeting, kind: str) -> list[HistoryEvent]:
        """The history, once there is an event of that kind in it."""
        for _ in range(1200):
            if found := await self.events(meeting, kind):
                return found
            await asyncio.sleep(0.05)
        raise AssertionError(f"{kind} never came: {(await meeting.fetch_history()).to_json()}")

    async def events(self, meeting: Meeting, kind: str) -> list[HistoryEvent]:
        name = f"{kind}_event_attributes"
        return [event for event in (await meeting.fetch_history()).events if event.WhichOneof("attributes") == name]

    async def end(self) -> None:
        for process in self._running:
            if process.returncode is None:
                await self.kill(process)


@asynccontextmanager
async def running_fleet(folder: Path, *, requests_per_second: int = 0) -> AsyncIterator[WorkerFleet]:
    """A server, a simulator and a bridge that need no deploy; workers are started by the test."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(
            await WorkflowEnvironment.start_local(
                dev_server_existing_path=temporal_binary(), search_attributes=list(search_attributes.ALL_KEYS)
            )
        )
        simulator = await stack.enter_async_context(
            running_simulator(
                SimulatorSettings(api_key=_KEY, speed=_SPEED, requests_per_second=requests_per_second)
            )
        )
        environment = {
            "PATH": os.environ["PATH"],
            "TEMPORAL_ADDRESS": server.client.service_client.config.target_host,
            "TEMPORAL_CONFIG_FILE": os.devnull,
            "MEETINGBAAS_API_KEY": _KEY,
            "MEETINGBAAS_BASE_URL": simulator,
            "BRIDGE_SECRET": uuid.uuid4().hex,
            "ARTIFACTS_URL": (folder / "artifacts").as_uri(),
            "MINUTEKEEPER_DOWNLOAD_HOSTS": simulator.removeprefix("http://"),
            "MINUTEKEEPER_DOWNLOAD_PRIVATE_ADDRESSES": "true",
        }
        environment["BRIDGE_PUBLIC_URL"] = await stack.enter_async_context(running_bridge_process(environment))
        fleet = WorkerFleet(with_plugin(server.client), simulator, environment, folder)
        stack.push_async_callback(fleet.end)
        yield fleet


@asynccontextmanager
async def running_bridge_process(environment: dict[str, str]) -> AsyncIterator[str]:
    bridge = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bridge"),
        cwd=ROOT,
        env=environment | {"PYTHONPATH": str(ROOT), "MINUTEKEEPER_BRIDGE_PORT": "0"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert bridge.stdout is not None
        yield json.loads(await bridge.stdout.readline())["bridge"]
    finally:
        bridge.terminate()
        await bridge.wait()
