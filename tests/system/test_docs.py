"""The examples of the pages about users, the simulator and operations, as they are written."""

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from devtools.stack.ports import claim_ports
from minutekeeper.meetings.request import MeetingRequest
from starter.temporal_client import TemporalMeetingClient
from tests.starter.support import cli
from tests.system.stack import ROOT, RunningStack, clean_environment
from tests.system.test_good_day import meeting_url

pytestmark = pytest.mark.asyncio(loop_scope="session")


def blocks(page: str) -> list[str]:
    return re.findall(r"^```bash\n(.*?)^```$", (ROOT / "docs" / page).read_text(), flags=re.DOTALL | re.MULTILINE)


@pytest.fixture
def terminal(stack: RunningStack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A terminal in which the stack's environment file was read."""
    environment = (stack.artifacts.parent / "env").read_text()
    for name, value in re.findall(r"^(\w+)='?(.*?)'?$", environment, flags=re.MULTILINE):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)


@contextmanager
def simulator(command: str) -> Iterator[str]:
    """The page's simulator on a port of its own; the port."""
    port = str(claim_ports({"--simulator-port": 0})["--simulator-port"])
    arguments = command.strip().replace("8480", port).split()
    assert arguments[:3] == ["python", "-m", "devtools.simulator"]
    process = subprocess.Popen(
        [sys.executable, *arguments[1:]], cwd=ROOT, env=clean_environment(), stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert port in process.stdout.readline()
        yield port
    finally:
        process.terminate()
        process.communicate()
    assert process.returncode == 0


@pytest.mark.usefixtures("terminal")
async def test_the_page_about_the_api() -> None:
    said = "".join(blocks("api.md")).replace(
        "curl ", "curl --silent --show-error --fail-with-body --write-out '\\n' "
    )
    done = await asyncio.to_thread(
        subprocess.run, ["bash", "-ec", said], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    bodies = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    # In between is the answer to the long poll, if something happened.
    listed, booked, *_, found, moved, cancelled, why = bodies
    assert "items" in listed
    assert (booked["workflow_id"], booked["booking"]) == ("weekly-4711", "booked")
    assert [each["workflow_id"] for each in found["items"]] == ["weekly-4711"]
    assert moved["start_time"] == "2027-01-12T11:00:00Z"
    assert (cancelled["status"], why["status"]) == ("cancelled", "cancelled")
    page = (ROOT / "docs" / "api.md").read_text()
    (program,) = re.findall(r"^```python\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    ran = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "cancelled" in ran.stdout


async def test_the_page_about_the_simulator() -> None:
    alone, *others = blocks("simulator.md")
    with simulator(alone) as port:
        for block in others:
            if "python -m devtools.simulator" in block:
                continue
            checked = block.replace("8480", port).replace("curl ", "curl --silent --show-error --fail-with-body ")
            done = await asyncio.to_thread(
                subprocess.run, ["bash", "-ec", checked], capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
    (by_seed,) = [block for block in others if "python -m devtools.simulator" in block]
    with simulator(by_seed):
        pass


@pytest.mark.usefixtures("terminal")
async def test_the_page_about_connecting() -> None:
    links, ended = blocks("connect.md")
    first, second = re.sub(r"\\\n\s*", "", links).strip().splitlines()
    shown = await cli(*words(first))
    assert shown.code == 0, shown.err
    assert "/connect" in shown.out.splitlines()[0]
    made = (await cli(*words(second))).json
    assert made.keys() == {"url", "user", "platform", "expires_at"}
    nobody = await cli(*words(ended))
    assert (nobody.code, nobody.err) == (1, "Error: USER has no google calendar connected.\n")


def words(command: str) -> list[str]:
    name, *arguments = command.replace("'", "").split()
    assert name == "minutekeeper"
    return arguments


@pytest.mark.usefixtures("terminal")
async def test_the_operators_page_and_the_doctor_of_calendars(stack: RunningStack) -> None:
    assert (await cli("calendar", "doctor")).code in {0, 1}
    examined = (await cli("doctor", "--json")).json
    assert examined["ok"], [each for each in examined["checks"] if not each["ok"]]
    start = datetime.now(UTC) + timedelta(hours=3)
    started = await TemporalMeetingClient(stack.client).start(
        MeetingRequest(meeting_url=meeting_url(), start_time=start, title="Instant")
    )
    shown = (await cli("show", started.meeting_id, "--json")).json
    assert datetime.fromisoformat(shown["bot_goes_at"]) == start - timedelta(minutes=4)
    assert shown["webhooks"] == "not_expected"
    assert "Bot sent" in (await cli("show", started.meeting_id)).out
    for command in ("list", "list --status scheduled", f"why {started.meeting_id}", f"find {started.meeting_id}"):
        assert (await cli(*command.split())).code == 0
    assert (await cli("cancel", started.meeting_id)).code == 0
