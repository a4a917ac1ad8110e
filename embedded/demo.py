"""`make demo`: one meeting from its booking to its recording, as it happens, on this machine alone."""

import os
import secrets
import string
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.filesize import decimal
from rich.table import Table

from embedded.environment import temporal_environment
from embedded.lifetime import run_to_exit_status
from embedded.stack import Options, Stack, running_stack
from meetings.request import MeetingRequest
from runtime.exits import run_and_exit
from starter.client import MeetingsClient
from starter.commands.watching import watch

_DATA_DIR = Path(".minutekeeper") / "demo"
_SPEED = 8.0
"""The simulated service lives this much faster, or the bot alone would need four minutes to arrive."""

_STARTS_IN = timedelta(minutes=4, seconds=10)
"""Bots are sent four minutes ahead, so this one is sent some seconds after the booking."""

_INTERRUPTED = 130
"""The exit status of a shell for what Ctrl-C ended."""

_screen = Console(soft_wrap=True, highlight=False)


def main() -> int:
    """Exit status: 0 if the meeting was completed, 1 if not, 2 if the demo cannot start here, 130 after Ctrl-C."""
    return run_to_exit_status(_demo(), when_stopped=_INTERRUPTED)


async def _demo() -> int:
    _screen.print("Starting Temporal, a worker, the bridge and a simulated Meeting BaaS …")
    speed = float(os.environ.get("MINUTEKEEPER_SIMULATOR_SPEED", _SPEED))
    async with running_stack(Options(_DATA_DIR, speed=speed, fresh=True), _screen.print) as stack:
        _screen.print(f"All are up. Temporal's UI: {stack.addresses.ui}\n")
        os.environ |= temporal_environment(stack.addresses)
        meeting = await _book(stack, speed)
        status = await stack.keep(watch(meeting, as_json=False))
        _show_files(stack.folder.artifacts)
    return status


async def _book(stack: Stack, speed: float) -> str:
    start = (datetime.now(UTC) + _STARTS_IN).replace(microsecond=0)
    client = await MeetingsClient.connect()
    request = MeetingRequest(meeting_url=_meeting_url(), start_time=start, title="Minutekeeper demo")
    booked = await client.start(request)
    at = stack.addresses
    _screen.print(
        f"Booked a meeting at {start:%H:%M:%S} UTC, in four minutes. Its bot is sent four minutes ahead, so in a "
        f"moment; the simulated service then lives {speed:g} times faster than the real one.\n"
        f"The same meeting in Temporal's UI: {at.ui}/namespaces/{at.namespace}/workflows/{booked.workflow_id}\n"
    )
    return booked.meeting_id


def _meeting_url() -> str:
    code = "".join(secrets.choice(string.ascii_lowercase) for _ in range(10))
    return f"https://meet.google.com/{code[:3]}-{code[3:7]}-{code[7:]}"


def _show_files(artifacts: Path) -> None:
    table = Table(box=None, show_header=False, padding=(0, 2))
    for file in _files(artifacts):
        table.add_row(decimal(file.stat().st_size), os.path.relpath(file))
    _screen.print("\nWhat is left of it:\n", table, sep="\n")
    _screen.print(
        "\nOpen recording.mp4 in any player, and transcript.md in any editor.\n"
        f"See the meeting in Temporal's UI again:  {_dev_command()}\n"
    )


def _files(folder: Path) -> Iterator[Path]:
    return (each for each in sorted(folder.rglob("*")) if each.is_file())


def _dev_command() -> str:
    return f".venv/bin/minutekeeper dev --data-dir {_DATA_DIR}"


if __name__ == "__main__":
    run_and_exit(main)
