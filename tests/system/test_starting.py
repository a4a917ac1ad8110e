"""The ways to book a meeting that the README and the page for beginners show, as they are written there."""

import asyncio
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from minutekeeper.meetings.request import MeetingRequest
from minutekeeper.meetings.status import MeetingStatus
from starter.temporal_client import TemporalMeetingClient
from tests.system.stack import ROOT, RunningStack
from tests.system.test_good_day import meeting_url

pytestmark = pytest.mark.asyncio(loop_scope="session")

README = "README.md"
GUIDE = "docs/getting-started.md"


def blocks(page: str, language: str) -> list[str]:
    """A page's blocks of a language, for a meeting of its own that starts in four minutes."""
    soon = datetime.now(UTC) + timedelta(minutes=4, seconds=4)
    changes = {
        "https://meet.google.com/abc-defg-hij": meeting_url(),
        "2027-01-11T10:00:00Z": soon.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "2027-01-11T11:00:00Z": (soon + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "timedelta(minutes=5)": "timedelta(minutes=4, seconds=4)",
    }
    text = (ROOT / page).read_text()
    for shown, here in changes.items():
        text = text.replace(shown, here)
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)


def block(page: str, language: str, holding: str) -> str:
    (found,) = [each for each in blocks(page, language) if holding in each]
    return found


def run(stack: RunningStack, *command: str, folder: Path) -> str:
    path = f"{Path(sys.executable).parent}:{stack.environment['PATH']}"
    done = subprocess.run(
        command, env=stack.environment | {"PATH": path}, cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture
def clone(stack: RunningStack, tmp_path: Path) -> Path:
    """A folder in which the stack seems to have been started, as a terminal beside `make dev` is in."""
    (tmp_path / ".minutekeeper").symlink_to(stack.folder)
    return tmp_path


async def test_the_readmes_commands(stack: RunningStack, clone: Path) -> None:
    out = await asyncio.to_thread(
        run, stack, "bash", "-ec", block(README, "bash", "minutekeeper schedule"), folder=clone
    )
    assert "Stand-up" in out.partition("Booked")[2]


async def test_the_guides_commands(stack: RunningStack, clone: Path) -> None:
    walk = [each for each in blocks(GUIDE, "bash") if re.search("^minutekeeper (?!calendar)", each, re.MULTILINE)]
    assert len(walk) == 3
    out = await asyncio.to_thread(run, stack, "bash", "-ec", "".join(walk), folder=clone)
    assert (await stack.outcome("meeting-standup")).status is MeetingStatus.CANCELLED
    assert out.count("Stand-up") >= 3


@pytest.mark.parametrize("page", [README, GUIDE])
async def test_the_temporal_command(stack: RunningStack, tmp_path: Path, page: str) -> None:
    shown = block(page, "bash", "temporal workflow start").replace("127.0.0.1:7233", stack.addresses["temporal"])
    run(stack, "bash", "-c", shown, folder=tmp_path)
    assert (await stack.outcome("standup-monday")).status is MeetingStatus.COMPLETED


async def test_the_http_api(stack: RunningStack, tmp_path: Path) -> None:
    shown = block(GUIDE, "bash", "workflowType")
    shown = shown.replace("http://127.0.0.1:7243", stack.addresses["temporal_http"])
    run(stack, "bash", "-c", shown, folder=tmp_path)
    assert (await stack.outcome("standup-tuesday")).status is MeetingStatus.COMPLETED


async def test_updates_and_queries_by_the_temporal_command(stack: RunningStack, tmp_path: Path) -> None:
    shown = block(GUIDE, "bash", "workflow query").replace("127.0.0.1:7233", stack.addresses["temporal"])
    await a_sleeper(stack, "standup-monday")
    out = await asyncio.to_thread(run, stack, "bash", "-ec", shown, folder=tmp_path)
    assert out.count("standup-monday") >= 3
    assert (await stack.outcome("standup-monday")).evidence.text == "moved to next week"


async def test_updates_and_queries_over_http(stack: RunningStack, tmp_path: Path) -> None:
    shown = block(GUIDE, "bash", "/query/status")
    shown = shown.replace("http://127.0.0.1:7243", stack.addresses["temporal_http"])
    await a_sleeper(stack, "standup-tuesday")
    out = await asyncio.to_thread(run, stack, "bash", "-ec", shown, folder=tmp_path)
    assert "queryResult" in out
    assert out.count("outcome") == 2
    assert (await stack.outcome("standup-tuesday")).evidence.text == "moved to next week"


async def a_sleeper(stack: RunningStack, name: str) -> None:
    start = datetime.now(UTC) + timedelta(hours=1)
    request = {"meeting_url": meeting_url(), "start_time": start.isoformat()}
    await stack.client.start_workflow("MeetingWorkflow", request, id=name, task_queue="meetings")


@pytest.mark.parametrize(("page", "shown"), [(README, "completed"), (GUIDE, "recording.mp4")])
async def test_the_python_client(stack: RunningStack, tmp_path: Path, page: str, shown: str) -> None:
    program = tmp_path / "start.py"
    program.write_text(block(page, "python", "MeetingClient"))
    out = await asyncio.to_thread(run, stack, sys.executable, str(program), folder=tmp_path)
    assert out.startswith("completed")
    assert shown in out


async def test_the_same_meeting_twice_is_one_meeting(stack: RunningStack) -> None:
    client = TemporalMeetingClient(stack.client)
    request = MeetingRequest(meeting_url=meeting_url(), start_time=datetime.now(UTC) + timedelta(days=1))
    first, second = await client.start(request), await client.start(request)
    assert (first.already_existed, second.already_existed) == (False, True)
    assert first.workflow_id == second.workflow_id
    await client.cancel(first.meeting_id)
    assert (await client.wait(second.meeting_id)).status is MeetingStatus.CANCELLED
