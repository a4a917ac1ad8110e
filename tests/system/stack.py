"""The whole of Minutekeeper as real processes, for tests that look at it from outside."""

import asyncio
import base64
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
from temporalio.client import Client, WorkflowHandle

from minutekeeper.meetings.views import MeetingView, Outcome
from minutekeeper.temporal.worker_connection import plugin

ROOT = Path(__file__).resolve().parent.parent.parent
KEY = "key-of-the-account"
SPEED = 200
"""How much faster the simulated bots live, so that a meeting takes a second."""


@dataclass
class RunningStack:
    folder: Path
    addresses: dict[str, str]
    process: subprocess.Popen[str]
    client: Client
    http: aiohttp.ClientSession

    @property
    def environment(self) -> dict[str, str]:
        """What a client of this stack finds in its environment."""
        return clean_environment() | {
            "TEMPORAL_ADDRESS": self.addresses["temporal"],
            "ARTIFACTS_URL": self.addresses["artifacts"],
        }

    @property
    def artifacts(self) -> Path:
        return Path(self.addresses["artifacts"].removeprefix("file://"))

    async def ledger(self) -> dict[str, Any]:
        async with self.http.get(f"{self.addresses['simulator']}/_sim/ledger") as answer:
            ledger: dict[str, Any] = await answer.json()
            return ledger

    async def bots_of(self, workflow_id: str) -> list[dict[str, Any]]:
        bots = (await self.ledger())["bots"]
        return [bot for bot in bots if (bot["extra"] or {}).get("workflow_id") == workflow_id]

    async def script(self, meeting_url: str, script: str | list[dict[str, Any]] | dict[str, Any]) -> None:
        rule = {"match": {"meeting_url": meeting_url}, "script": script}
        async with self.http.post(f"{self.addresses['simulator']}/_sim/scripts", json=rule) as answer:
            assert answer.status == 200, await answer.text()

    def handle(self, workflow_id: str) -> WorkflowHandle[Any, Outcome]:
        return self.client.get_workflow_handle(workflow_id, result_type=Outcome)

    async def outcome(self, workflow_id: str, seconds: float = 60) -> Outcome:
        return await asyncio.wait_for(self.handle(workflow_id).result(), seconds)

    async def until(self, workflow_id: str, what: str, seconds: float = 60) -> MeetingView:
        """Waits until an event of this name is in the meeting's timeline."""
        for _ in range(round(seconds * 10)):
            view: MeetingView = await self.handle(workflow_id).query("status", result_type=MeetingView)
            if what in [entry.event for entry in view.timeline]:
                return view
            await asyncio.sleep(0.1)
        raise AssertionError(f"{what} never came: {view.model_dump_json(indent=1)}")

    async def history(self, workflow_id: str) -> str:
        """A meeting's whole history as text, payloads decoded: what an operator with the UI could read."""
        history = await self.handle(workflow_id).fetch_history()
        return _decoded(json.loads(history.to_json()))


@asynccontextmanager
async def running_stack(folder: Path, *options: str, **settings: str) -> AsyncIterator[RunningStack]:
    command = [sys.executable, "-m", "devtools.stack", "--json", "--data-dir", str(folder)]
    ports = [f"--{name}-port=0" for name in ("temporal", "temporal-http", "ui", "bridge", "web")]
    simulated = [] if "--no-simulator" in options else ["--simulator-port=0", f"--simulator-speed={SPEED}"]
    process = subprocess.Popen(  # noqa: ASYNC220 - it returns as soon as the process runs
        [*command, *ports, *simulated, *options],
        cwd=ROOT,
        env=clean_environment() | {"MEETINGBAAS_API_KEY": KEY} | settings,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = await asyncio.to_thread(process.stdout.readline)
        assert line, "the stack did not start"
        addresses = json.loads(line) | {"temporal_http": _exported(folder / "env", "TEMPORAL_HTTP")}
        client = await Client.connect(addresses["temporal"], plugins=[plugin()])
        async with aiohttp.ClientSession() as http:
            yield RunningStack(folder, addresses, process, client, http)
    finally:
        process.send_signal(signal.SIGTERM)
        status = await asyncio.to_thread(process.wait, 30)
        if process.stdout is not None:
            process.stdout.close()
    assert status == 0


def clean_environment() -> dict[str, str]:
    """This process's environment without any setting of ours, and with our code on Python's path.

    Nor is the coverage of what is started with it measured: that makes each start half as long again, and catches
    every exception while it is loaded, Ctrl-C too. Tests without processes reach the same lines.
    """
    left_out = ("MEETINGBAAS_", "BRIDGE_", "ARTIFACTS_", "MINUTEKEEPER_", "TEMPORAL_", "COVERAGE_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    return kept | {"PYTHONPATH": str(ROOT)}


def in_four_minutes(seconds: float = 2) -> str:
    """A start that lets a reserved bot be sent in so many seconds."""
    return (datetime.now(UTC) + timedelta(minutes=4, seconds=seconds)).isoformat()


def _exported(file: Path, name: str) -> str:
    """The value of a variable in the file that a terminal reads to reach a stack."""
    found = re.search(rf"^{name}='?(.*?)'?$", file.read_text(), re.MULTILINE)
    assert found, f"{file} does not set {name}"
    return found[1]


def _decoded(value: Any) -> str:
    if isinstance(value, dict):
        return " ".join(_decoded(each) for each in value.values())
    if isinstance(value, list):
        return " ".join(_decoded(each) for each in value)
    text = str(value)
    try:
        return f"{text} {base64.b64decode(text, validate=True).decode()}"
    except ValueError:
        return text
