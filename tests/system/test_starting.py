"""The three ways of starting a meeting that the README shows, taken from the README itself."""

import asyncio
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from embedded.ports import claim_ports
from meetings.request import MeetingRequest
from meetings.status import MeetingStatus
from starter.client import MeetingsClient
from tests.system.stack import ROOT, RunningStack, running_stack
from tests.system.test_good_day import meeting_url

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("system")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningStack]:
    port = claim_ports({"--temporal-http-port": 0})["--temporal-http-port"]
    folder = tmp_path_factory.mktemp("stack")
    async with running_stack(folder, f"--temporal-http-port={port}") as running:
        running.addresses["temporal_http"] = f"http://127.0.0.1:{port}"
        yield running


def block(language: str, holding: str) -> str:
    """The README's one block of a language that holds a text, for a meeting that starts in four minutes."""
    blocks = re.findall(rf"```{language}\n(.*?)```", (ROOT / "README.md").read_text(), flags=re.DOTALL)
    (found,) = [each for each in blocks if holding in each]
    soon = (datetime.now(UTC) + timedelta(minutes=4, seconds=4)).strftime("%Y-%m-%dT%H:%M:%SZ")
    later = (datetime.now(UTC) + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    shown = found.replace("2026-12-01T11:00:00Z", later).replace(
        "https://meet.google.com/abc-defg-hij", meeting_url()
    )
    return str(shown.replace("2026-12-01T10:00:00Z", soon))


def run(stack: RunningStack, *command: str, folder: Path) -> str:
    path = f"{Path(sys.executable).parent}:{stack.environment['PATH']}"
    done = subprocess.run(
        command, env=stack.environment | {"PATH": path}, cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


async def test_the_temporal_command(stack: RunningStack, tmp_path: Path) -> None:
    shown = block("bash", "temporal workflow start").replace("127.0.0.1:7233", stack.addresses["temporal"])
    run(stack, "bash", "-c", shown, folder=tmp_path)
    assert (await stack.outcome("standup-monday")).status is MeetingStatus.COMPLETED


async def test_the_http_api(stack: RunningStack, tmp_path: Path) -> None:
    shown = block("bash", "workflowType").replace("http://127.0.0.1:7243", stack.addresses["temporal_http"])
    run(stack, "bash", "-c", shown, folder=tmp_path)
    assert (await stack.outcome("standup-tuesday")).status is MeetingStatus.COMPLETED


async def test_updates_and_queries_by_the_temporal_command(stack: RunningStack, tmp_path: Path) -> None:
    shown = block("bash", "workflow query").replace("127.0.0.1:7233", stack.addresses["temporal"])
    await a_sleeper(stack, "standup-monday")
    out = await asyncio.to_thread(run, stack, "bash", "-ec", shown, folder=tmp_path)
    assert out.count("standup-monday") >= 3
    assert (await stack.outcome("standup-monday")).evidence.text == "nobody has time"


async def test_updates_and_queries_over_http(stack: RunningStack, tmp_path: Path) -> None:
    shown = block("bash", "/query/status").replace("http://127.0.0.1:7243", stack.addresses["temporal_http"])
    await a_sleeper(stack, "standup-tuesday")
    out = await asyncio.to_thread(run, stack, "bash", "-ec", shown, folder=tmp_path)
    assert "queryResult" in out
    assert out.count("outcome") == 2
    assert (await stack.outcome("standup-tuesday")).evidence.text == "nobody has time"


async def a_sleeper(stack: RunningStack, name: str) -> None:
    start = datetime.now(UTC) + timedelta(hours=1)
    request = {"meeting_url": meeting_url(), "start_time": start.isoformat()}
    await stack.client.start_workflow("MeetingWorkflow", request, id=name, task_queue="meetings")


async def test_the_python_client(stack: RunningStack, tmp_path: Path) -> None:
    program = tmp_path / "start.py"
    program.write_text(block("python", "MeetingsClient"))
    out = await asyncio.to_thread(run, stack, sys.executable, str(program), folder=tmp_path)
    assert out.startswith("completed")
    assert "recording.mp4" in out


async def test_the_same_meeting_twice_is_one_meeting(stack: RunningStack) -> None:
    client = MeetingsClient(stack.client)
    request = MeetingRequest(meeting_url=meeting_url(), start_time=datetime.now(UTC) + timedelta(days=1))
    first, second = await client.start(request), await client.start(request)
    assert (first.already_existed, second.already_existed) == (False, True)
    assert first.workflow_id == second.workflow_id
    await client.cancel(first.meeting_id)
    assert (await client.wait(second.meeting_id)).status is MeetingStatus.CANCELLED
