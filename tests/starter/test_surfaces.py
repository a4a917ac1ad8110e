"""Commands on every screen: narrow, without our characters, in one zone, in a pipe that ends, and with Ctrl-C."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from minutekeeper.meetings.ids import folder_for
from minutekeeper.meetings.status import MeetingStatus
from minutekeeper.storage.store import ArtifactStore
from starter.temporal_client import TemporalMeetingClient
from tests.starter.fakes import Scene
from tests.starter.support import a_request, an_outcome, cli, end, eventually, play

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.usefixtures("at_temporal")]

TITLE = "Größe der Übergabe · 会議 ☕ and whatever else a title may hold that is longer than a line"
LINK = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_" + "Nzk1ZTYw" * 8 + "%40thread.v2/0?context=%7b%7d"
ROOT = Path(__file__).parents[2]


async def a_meeting(client: TemporalMeetingClient, name: str, **fields: str) -> str:
    """One that has everything: a long title, link and id, a bot, a story and files."""
    started = await client.start(a_request(90, title=TITLE, meeting_url=LINK, **fields), name)
    scene = Scene(
        status=MeetingStatus.RECORDING,
        text="The bot waits since 2026-07-01 10:00:00Z · für alle.",
        bot_id=f"bot-{'7' * 40}",
        deadline_in=600,
    )
    await play(client, name, scene)
    return started.meeting_id


@pytest.mark.parametrize("columns", ["40", "80", "81", "100", "200"])
async def test_ids_and_links_stay_whole_on_every_screen(
    client: TemporalMeetingClient, settings: pytest.MonkeyPatch, columns: str
) -> None:
    settings.setenv("COLUMNS", columns)
    name = f"surface-{columns}-{'a-name-of-its-own-' * 4}"
    meeting_id = await a_meeting(client, name)
    await eventually(lambda: cli("list"), lambda shown: meeting_id in shown.out)
    known = (await cli("show", name, "--json")).json
    whole = {known["bot_id"], known["meeting_url"], meeting_id, known["workflow_id"], *TITLE.split()}
    shown = await cli("show", name)
    assert whole <= set(shown.out.split())
    assert {meeting_id, *TITLE.split()} <= set((await cli("list", "--title", "Übergabe")).out.split())
    assert not [line for line in shown.out.splitlines() if line != line.rstrip()]
    await end(client, name, an_outcome(meeting_id))


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Los_Angeles", "Asia/Kolkata"])
async def test_all_times_of_a_screen_are_in_one_zone(
    client: TemporalMeetingClient, settings: pytest.MonkeyPatch, zone: str
) -> None:
    settings.setenv("TZ", zone)
    time.tzset()
    try:
        name = f"zone-{zone.replace('/', '-')}"
        await a_meeting(client, name)
        for arguments in (["list"], ["show", name], ["why", name]):
            shown = await cli(*arguments)
            assert not re.findall(r"\d\d:\d\dZ|\d\d:\d\d:\d\dZ|\+00:00|UTC", shown.out), shown.out
            zones = set(re.findall(r"\d\d:\d\d(?::\d\d)? ([A-Z]{3,4})\b", shown.out))
            # Summer and winter have their own names.
            assert zones <= {"CET", "CEST"} or zones <= {"PST", "PDT"} or zones == {"IST"}
            assert zones
    finally:
        settings.delenv("TZ")
        time.tzset()


ENCODINGS = [{"PYTHONIOENCODING": "latin-1"}, {"PYTHONIOENCODING": "ascii"}, {"LANG": "C"}, {"LC_ALL": "POSIX"}]


async def run_process(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "starter", *arguments]
    variables = os.environ | {"PYTHONPATH": str(ROOT)} | (env or {})
    return await asyncio.to_thread(
        subprocess.run, command, env=variables, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )


@pytest.mark.parametrize("env", ENCODINGS, ids=lambda env: "-".join(f"{k}-{v}" for k, v in env.items()))
async def test_a_terminal_without_our_characters_gets_others_in_their_place(
    client: TemporalMeetingClient, tmp_path: Path, env: dict[str, str]
) -> None:
    name = f"letters-{'-'.join(env.values())}"
    meeting_id = await a_meeting(client, name)
    store = ArtifactStore((tmp_path / "store").as_uri())
    await store.put(f"{folder_for(meeting_id)}/transcript.txt", "Ann: grüß Gott ☕\n".encode())
    forms = [["transcript", name], ["show", "größe-☕"]] if "PYTHONIOENCODING" in env else []
    for arguments in (["show", name], *forms):
        done = await run_process(*arguments, env=env)
        assert done.returncode == (1 if arguments[1] == "größe-☕" else 0), done.stderr
        assert b"Traceback" not in done.stderr
        assert b"codec" not in done.stderr
        assert done.stdout or done.stderr


async def test_ctrl_c_at_any_moment_is_one_line(client: TemporalMeetingClient) -> None:
    """While Python loads our modules, while it connects, while it waits, and while it prints."""
    name = "ctrl-c"
    await a_meeting(client, name)
    program = (
        "import sys, minutekeeper.keyboard_interrupt; print('on', file=sys.stderr); import "
        "starter.__main__ as it; it.main()"
    )
    for number, arguments in enumerate((["watch", name], ["list"], ["show", name, "--json"], ["dev"])):
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", program, *arguments),
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        assert child.stderr is not None
        assert await child.stderr.readline() == b"on\n"
        await asyncio.sleep(0.25 * number)
        child.send_signal(signal.SIGINT)
        _, err = await child.communicate()
        assert child.returncode in {0, 130}
        assert b"Traceback" not in err
        if child.returncode == 130:
            assert err.count(b"\n") == 1
            assert b"Interrupted." in err


async def test_a_pipe_that_ends_is_no_trouble(client: TemporalMeetingClient) -> None:
    name = "pipes"
    await a_meeting(client, name)
    for arguments in ("list", f"show {name} --json"):
        command = f"{sys.executable} -m starter {arguments} | head -c 1"
        variables = os.environ | {"PYTHONPATH": str(ROOT)}
        done = await asyncio.to_thread(
            subprocess.run, ["sh", "-c", command], env=variables, capture_output=True, check=False
        )
        assert done.stderr == b""


async def test_the_version_is_told() -> None:
    assert re.fullmatch(r"minutekeeper \d+\.\d+\.\d+\n", (await cli("--version")).out)
