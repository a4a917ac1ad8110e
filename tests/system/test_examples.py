"""The programs of `examples/`, as their users run them: with the environment that `make dev` writes."""

import asyncio
import json
import os
import re
import subprocess
import sys
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import which
from typing import Any

import pytest

from minutekeeper.meetings.status import MeetingStatus
from tests.system.stack import ROOT, RunningStack, clean_environment, in_four_minutes
from tests.system.test_calendars import People
from tests.system.test_good_day import meeting_url

pytestmark = pytest.mark.asyncio(loop_scope="session")

EXAMPLES = ROOT / "examples"
TESTED = {
    "book_over_api.mjs",
    "book_over_api.py",
    "receive_events.mjs",
    "receive_events.py",
    "book_meeting.py",
    "cancel_meeting.py",
    "connect_calendar.py",
    "policy.json",
    "start_from_node.mjs",
    "start_over_http.sh",
}


async def run(stack: RunningStack, *command: str | Path) -> subprocess.CompletedProcess[str]:
    read_environment = f"set -a; . '{stack.folder}/env'; set +a; exec \"$@\""
    return await asyncio.to_thread(
        subprocess.run,
        ["/bin/sh", "-c", read_environment, "sh", *map(str, command)],
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


async def output(stack: RunningStack, *command: str | Path) -> str:
    done = await run(stack, *command)
    assert done.returncode == 0, done.stderr
    return done.stdout


def tomorrow() -> str:
    return (datetime.now(UTC) + timedelta(days=1)).isoformat()


async def test_every_example_is_run() -> None:
    assert {path.name for path in EXAMPLES.iterdir() if not path.name.startswith(("_", "."))} == TESTED


async def test_a_meeting_is_booked_and_awaited(stack: RunningStack) -> None:
    start = in_four_minutes()
    command = (
        sys.executable,
        EXAMPLES / "book_meeting.py",
        meeting_url(),
        start,
        "--title",
        "By example",
        "--wait",
    )
    meeting_id, ended = (await output(stack, *command)).splitlines()
    assert ended.startswith("completed ")
    assert f"{meeting_id}/recording.mp4" in ended
    (bot,) = await stack.bots_of(f"meeting-{meeting_id}")
    assert bot["bot_name"] == "Example bot"


async def test_a_meeting_is_cancelled(stack: RunningStack) -> None:
    book = (sys.executable, EXAMPLES / "book_meeting.py", meeting_url(), tomorrow())
    meeting_id = (await output(stack, *book)).strip()
    cancel = (sys.executable, EXAMPLES / "cancel_meeting.py", meeting_id)
    too_early = await run(stack, *cancel, "--only-leave")
    assert too_early.returncode == 1
    assert (await output(stack, *cancel, "--why", "an example")) == f"{meeting_id} cancelled\n"
    outcome = await stack.outcome(f"meeting-{meeting_id}")
    assert (outcome.status, outcome.evidence.text) == (MeetingStatus.CANCELLED, "an example")


@pytest.mark.parametrize(
    ("program", "arguments", "named"),
    [
        ("book_meeting.py", ["https://example.com/", "2027-01-11T10:00:00Z"], "meeting_url"),
        ("book_meeting.py", ["https://meet.google.com/abc-defg-hij", "tomorrow"], "start_time"),
        ("cancel_meeting.py", ["no-such-meeting"], "no-such-meeting"),
        ("connect_calendar.py", [os.devnull, "no-such-policy.json"], "no-such-policy.json"),
    ],
)
async def test_what_is_wrong_is_told_in_a_sentence(
    stack: RunningStack, program: str, arguments: list[str], named: str
) -> None:
    done = await run(stack, sys.executable, EXAMPLES / program, *arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert named in done.stderr
    assert "Traceback" not in done.stderr


async def test_a_calendar_is_connected(stack: RunningStack, tmp_path: Path) -> None:
    people = People(stack)
    email = f"{uuid.uuid4().hex}@example.com"
    grant = tmp_path / "grant.json"
    grant.write_text(json.dumps(await people.order("accounts", {"email": email})))
    event = {"organizer": email, "start": tomorrow(), "link": meeting_url()}
    offer = event | {"title": "Offer", "guests": ["bob@customer.example"]}
    await people.order("events", [offer, event | {"title": "Planning", "link": meeting_url()}])
    out = await output(stack, sys.executable, EXAMPLES / "connect_calendar.py", grant, EXAMPLES / "policy.json")
    calendar_id, *events = out.splitlines()
    decisions = dict(line.split(" ", 1)[1].split(" - ") for line in events)
    assert decisions["Offer"].startswith("Recorded")
    assert decisions["Planning"].startswith("Skipped")
    view = await stack.client.get_workflow_handle(f"calendar-{calendar_id}").query("status")
    assert view["policy"]["my_domains"] == ["example.com"]
    await people.calendars.aclose()


async def test_a_meeting_is_started_over_http(stack: RunningStack) -> None:
    name = f"http-{uuid.uuid4()}"
    out = await output(stack, EXAMPLES / "start_over_http.sh", name, meeting_url(), in_four_minutes())
    assert json.loads(out)["started"] is True
    assert (await stack.outcome(name)).status is MeetingStatus.COMPLETED
    assert (await run(stack, EXAMPLES / "start_over_http.sh", name, 'a"b', "now")).returncode == 2


async def test_a_meeting_is_started_from_node(stack: RunningStack) -> None:
    name, link = f"node-{uuid.uuid4()}", meeting_url()
    program = EXAMPLES / "start_from_node.mjs"
    if which("node"):
        out = await output(stack, "node", program, name, link, in_four_minutes())
        assert out.splitlines()[1] in {"scheduled", "dispatching"}
        wrong = await run(stack, "node", program, f"{name}-2", link)
        assert (wrong.returncode, wrong.stderr[:6]) == (2, "usage:")
    else:
        # Without Node.js, what it sends is taken from its text, and its own code is not run.
        url = f"{stack.addresses['temporal_http']}/api/v1/namespaces/default/workflows/{name}"
        async with stack.http.post(url, json=payload(program.read_text(), link, in_four_minutes())) as answer:
            assert answer.status == 200, await answer.text()
    assert (await stack.outcome(name)).status is MeetingStatus.COMPLETED


def payload(program: str, link: str, start: str) -> Any:
    """The body that the program for Node.js posts to start a meeting."""
    (literal,) = re.findall(r"post\(workflow, (\{.*?\})\);", program, re.DOTALL)
    quoted = re.sub(r"(\w+):", r'"\1":', literal).replace(",\n}", "}")
    return json.loads(quoted.replace(": url", f': "{link}"').replace(": start", f': "{start}"'))


async def test_the_payload_of_the_program_for_node_is_found() -> None:
    body = payload((EXAMPLES / "start_from_node.mjs").read_text(), "link", "start")
    assert body["input"] == [{"meeting_url": "link", "start_time": "start"}]
