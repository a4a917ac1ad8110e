"""What the demo shows: two meetings that start in a moment, their lives as they happen, and their files."""

import os
import secrets
import string
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.filesize import decimal

from embedded.calendar_showcase import show_a_calendar
from embedded.environment import temporal_environment
from embedded.session import beside_python
from embedded.stack import Options, Stack, running_stack
from meetings.request import MeetingRequest
from starter.booking import BookedMeeting
from starter.client import MeetingsClient
from starter.output import print_line
from starter.watch import watch_meeting

_DATA_DIR = Path(".minutekeeper") / "demo"

_SIMULATED_SECONDS_TO_RECORD = 80
"""A little less than what a bot from the pool needs from its call until it records: the start lies before that."""
_FEWEST_SECONDS = 3.0
"""So that a move to a start still is one into the future when it is carried out."""


async def show_meetings(speed: float) -> int:
    """Runs a stack of its own for a meeting that is booked and one of a calendar; 0 if both were completed, else 1.

    `speed` is how much faster than real life the simulated service lives. The meetings start too soon for reserved
    bots, which are called four minutes ahead: so these bots come from the pool, and record after the start.
    """
    starts_in = timedelta(seconds=max(_SIMULATED_SECONDS_TO_RECORD / speed, _FEWEST_SECONDS))
    print_line("Starting Temporal, a worker, the bridge and a simulated Meeting BaaS …")
    async with running_stack(Options(_DATA_DIR, speed=speed, fresh=True), print_line) as stack:
        print_line(f"All are up. Temporal's UI: {stack.addresses.ui}\n")
        os.environ |= temporal_environment(stack.addresses)
        booked = (await _book(stack, starts_in, speed)).meeting_id
        of_calendar = await stack.crew.keep(show_a_calendar(stack, _meeting_url(), starts_in))
        print_line("Now the life of the first one as it happens:\n")
        status = await stack.crew.keep(watch_meeting(booked, as_json=False))
        print_line("\nAnd that of the one from the calendar:\n")
        status = await stack.crew.keep(watch_meeting(of_calendar, as_json=False)) or status
        _show_files(stack.folder.artifacts, booked, of_calendar)
    return status


async def _book(stack: Stack, starts_in: timedelta, speed: float) -> BookedMeeting:
    start = (datetime.now(UTC) + starts_in).replace(microsecond=0)
    client = await MeetingsClient.connect()
    request = MeetingRequest(meeting_url=_meeting_url(), start_time=start, title="Minutekeeper demo")
    booked = await client.start(request)
    at = stack.addresses
    print_line(
        f"Booked a meeting that starts at {start:%H:%M:%S} UTC, in {starts_in.total_seconds():.0f} seconds. Bots "
        "are reserved four minutes ahead; this is too soon for that, so one from the provider's pool goes at once. "
        f"The simulated service lives {speed:g} times faster than the real one.\n"
        f"The same in Temporal's UI: {at.ui}/namespaces/{at.namespace}/workflows/{booked.workflow_id}\n"
    )
    return booked


def _meeting_url() -> str:
    code = "".join(secrets.choice(string.ascii_lowercase) for _ in range(10))
    return f"https://meet.google.com/{code[:3]}-{code[3:7]}-{code[7:]}"


def _show_files(store: Path, *meeting_ids: str) -> None:
    print_line("\nWhat is left of them:")
    for meeting_id in meeting_ids:
        print_line(f"\n{os.path.relpath(store / meeting_id)}:\n")
        for path in sorted((store / meeting_id).rglob("*")):
            if path.is_file():
                print_line(f"  {decimal(path.stat().st_size):>9}  {path.relative_to(store / meeting_id)}")
    print_line(
        "\nOpen recording.mp4 in any player, and transcript.md in any editor. To see the meetings in Temporal's UI "
        f"again:\n\n  {beside_python('python')} -m embedded --data-dir {_DATA_DIR}\n"
    )
