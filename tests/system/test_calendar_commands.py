"""Calendars by command: the page about them as it is written, and an event from its calendar to its recording."""

import asyncio
import re
import shlex
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import which
from typing import NamedTuple

import pytest

from minutekeeper.meetings.ids import calendar_workflow_id_for, workflow_id_for
from minutekeeper.meetings.status import MeetingStatus
from tests.starter.calendar_support import write
from tests.starter.support import cli, run_here
from tests.system.stack import KEY, ROOT, RunningStack
from tests.system.test_calendars import People
from tests.system.test_good_day import meeting_url

pytestmark = pytest.mark.asyncio(loop_scope="session")

BASH = str(which("bash"))
PAGE = (ROOT / "docs" / "calendars.md").read_text()
_LOOKING = ("list", "events", "explain", "plan", "find")


class Block(NamedTuple):
    commands: str
    output: str


def blocks() -> Iterator[Block]:
    """The commands of the page's walk, each with the output that the page shows for it."""
    walk = PAGE.partition("## Try it")[2].partition("\n## ")[0]
    for commands, output in re.findall(r"```bash\n(.*?)```(?:\n\n```text\n(.*?)```)?", walk, flags=re.DOTALL):
        if "set -a" not in commands:
            yield Block(commands, output)


def lines(text: str) -> list[str]:
    """The lines with what differs from run to run taken out."""
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|cal-[0-9a-f]{24}", "<id>", text)
    text = re.sub(r"\w{3} \d{4}-\d{2}-\d{2} \d{2}:\d{2}(:\d{2})? \w+", "<time>", text)
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def run(commands: str) -> str:
    """What a terminal shows for it. Commands of ours run in this process, which takes a tenth of the time."""
    script = commands.strip().split("\n")
    ours: list[str] = []
    while script and script[-1].startswith("minutekeeper "):
        ours.insert(0, script.pop())
    out = in_shell(BASH, "-euc", "\n".join(script)) if script else ""
    for command in ours:
        ended = run_here(*shlex.split(command)[1:])
        assert (ended.code, ended.err) == (0, ""), command
        out += ended.out
    return out


def for_stack(commands: str, stack: RunningStack) -> str:
    """The commands of a page, for this stack."""
    return commands.replace("http://127.0.0.1:8091", stack.addresses["simulator"])


def in_shell(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def missing(block: Block) -> set[str]:
    """The lines that the page shows and the commands do not; what only looks is looked at until it is right."""
    can_wait = any(f" {word} " in f"{block.commands.strip().splitlines()[-1]} " for word in _LOOKING)
    deadline = time.monotonic() + 30
    while True:
        left = set(lines(block.output)) - set(lines(run(block.commands)))
        if not left or not can_wait or time.monotonic() > deadline:
            return left
        time.sleep(0.3)


@pytest.fixture
def terminal(stack: RunningStack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A terminal in which the stack's environment file was read."""
    for name, value in stack.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MEETINGBAAS_BASE_URL", stack.addresses["simulator"])
    monkeypatch.setenv("MEETINGBAAS_API_KEY", KEY)
    monkeypatch.setenv("BRIDGE_SECRET", (stack.artifacts.parent / "bridge-secret").read_text())
    monkeypatch.setenv("COLUMNS", "200")
    # What the page shows is how it ends; a busy machine may need longer than a person is made to wait.
    monkeypatch.setattr("starter.calendars.gateway._END_TIMEOUT_SECONDS", 60)
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("terminal")
async def test_the_page_shows_what_its_commands_show(stack: RunningStack, tmp_path: Path) -> None:
    program = tmp_path / "calendars.py"
    program.write_text(re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)[0])
    for block in blocks():
        if "disconnect" in block.commands:
            told = await asyncio.to_thread(in_shell, sys.executable, str(program))
            assert "anna@example.com active 1 1\n" in told, "an override goes before this policy, too"
        here = Block(for_stack(block.commands, stack), block.output)
        left = await asyncio.to_thread(missing, here)
        assert not left, f"{block.commands} does not show these lines of docs/calendars.md"


@pytest.mark.usefixtures("terminal")
async def test_the_guide_for_beginners_connects_a_calendar(stack: RunningStack) -> None:
    guide = (ROOT / "docs" / "getting-started.md").read_text()
    (commands,) = re.findall(r"```bash\n([^`]*carla@.*?)```", guide, flags=re.DOTALL)
    shown = await asyncio.to_thread(run, for_stack(commands, stack))
    assert "Connected.\nCalendar carla@example.com\n" in shown
    assert shown.count("carla@example.com") > 1


@pytest.mark.usefixtures("terminal")
async def test_an_event_is_recorded_and_its_bot_leads_to_its_user(stack: RunningStack) -> None:
    people = People(stack)
    email = f"{uuid.uuid4().hex}@example.com"
    grant = await people.order("accounts", {"email": email})
    soon = datetime.now(UTC) + timedelta(minutes=3)
    order = {"organizer": email, "start": soon.isoformat(), "link": meeting_url(), "title": "Review"}
    await people.order("events", order)
    connected = await cli("calendar", "connect", "--credentials", write("grant.json", grant), "--json")
    calendar_id = connected.json["calendar_id"]
    event = await people.copy_in(calendar_id)
    view = await people.until_wanted_by(workflow_id_for((await booked(calendar_id))["meeting_id"]), 1)
    assert (await stack.outcome(view.workflow_id)).status is MeetingStatus.COMPLETED
    meeting = await booked(calendar_id)
    assert meeting["status"] == "completed"
    for what in (meeting["bot_id"], event.event_id, view.meeting_url):
        (found,) = (await cli("find", what, "--json")).json
        assert (found["meeting_id"], found["bot_id"]) == (view.meeting_id, meeting["bot_id"])
        assert found["calendars"] == [{"calendar_id": calendar_id, "event_id": event.event_id, "user": email}]
    shown = (await cli("show", view.meeting_id)).out
    assert f"{calendar_id}, event {event.event_id}" in shown
    details = await stack.handle(view.workflow_id).query("__temporal_workflow_metadata")
    assert event.event_id in str(details)
    assert "is disconnected" in (await cli("calendar", "disconnect", email)).out

    history = await stack.history(calendar_workflow_id_for(calendar_id))
    logs = "".join(path.read_text() for path in (stack.artifacts.parent / "logs").glob("*.log"))
    for secret in (grant["oauth_client_secret"], grant["oauth_refresh_token"]):
        assert secret not in history
        assert secret not in logs
    await people.calendars.aclose()


@pytest.mark.usefixtures("terminal")
async def test_bots_that_the_provider_sends_by_its_own_timer_are_followed_to_their_recordings(
    stack: RunningStack,
) -> None:
    people, links = People(stack), [meeting_url() for _ in range(3)]
    email = f"{uuid.uuid4().hex}@example.com"
    grant = await people.order("accounts", {"email": email})
    policy = write("policy.json", {"rules": [], "otherwise": "skip"})
    connect = ("calendar", "connect", "--credentials", write("grant.json", grant), "--policy", policy, "--json")
    calendar_id = (await cli(*connect)).json["calendar_id"]
    soon = datetime.now(UTC) + timedelta(seconds=4)
    times = {"start": soon.isoformat(), "end": (soon + timedelta(hours=1)).isoformat()}
    await people.order("events", [times | {"organizer": email, "link": link} for link in links])
    await people.copy_in(calendar_id)
    events = {event.meeting_url: event.event_id async for event in people.calendars.events(calendar_id)}
    # Of the first everything is heard, of the second only its last word, of the third everything but that.
    await lose(stack, {"meeting_url": links[1], "event": "bot.status_change"})
    await lose(stack, {"meeting_url": links[2], "event": "complete"})
    for link in links:
        assert (await cli("calendar", "record", calendar_id, events[link])).code == 0
    for link in links:
        bot_id = await sent_to(stack, events[link])
        workflow_id = f"meeting-bot-{bot_id}"
        await people.until_wanted_by(workflow_id, 1)
        outcome = await stack.outcome(workflow_id)
        assert (outcome.status, outcome.bot_id) == (MeetingStatus.COMPLETED, bot_id)
        kept = {artifact.path.rpartition("/")[2] for artifact in outcome.artifacts}
        assert {"recording.mp4", "transcript.json", "manifest.json"} <= kept
        assert all((stack.artifacts / artifact.path).exists() for artifact in outcome.artifacts)
        for what in (bot_id, events[link]):
            (found,) = (await cli("find", what, "--json")).json
            assert found["meeting_id"] == f"bot-{bot_id}"
            assert found["calendars"] == [{"calendar_id": calendar_id, "event_id": events[link], "user": email}]
        assert len([bot for bot in (await stack.ledger())["bots"] if bot["meeting_url"] == link]) == 1
    await people.calendars.aclose()


async def lose(stack: RunningStack, match: dict[str, str]) -> None:
    order = {"kind": "lose", "match": match}
    async with stack.http.post(f"{stack.addresses['simulator']}/_sim/faults", json=order) as answer:
        assert answer.status == 200, await answer.text()


async def sent_to(stack: RunningStack, event_id: str) -> str:
    """The bot that the provider has sent to an event."""
    for _ in range(200):
        if bots := [bot["id"] for bot in (await stack.ledger())["bots"] if bot["event_uuid"] == event_id]:
            return str(bots[0])
        await asyncio.sleep(0.1)
    raise AssertionError(f"no bot was sent to event {event_id}")


async def booked(calendar_id: str) -> dict[str, str]:
    """The meeting of the calendar's one event, once it is booked."""
    for _ in range(200):
        events = (await cli("calendar", "events", calendar_id, "--past", "--json")).json
        if events and events[0]["meeting"]["status"]:
            meeting: dict[str, str] = events[0]["meeting"]
            return meeting
        await asyncio.sleep(0.1)
    raise AssertionError(f"no meeting was booked for calendar {calendar_id}")
