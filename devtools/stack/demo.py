"""`python -m devtools.stack.demo`: meetings and a calendar on a stack of their own, from booking to recording."""

import asyncio
import os
import secrets
import string
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import typer
from pydantic import SecretStr
from rich.filesize import decimal

from devtools.stack.environment import SIMULATOR_KEY, temporal_environment
from devtools.stack.runner import beside_python, curl_command
from devtools.stack.simulated_accounts import DEFAULT_SIMULATED
from devtools.stack.stack import Stack, StackOptions, running_stack
from minutekeeper import keyboard_interrupt  # noqa: F401 - it works by being loaded before all that takes time
from minutekeeper.calendars.user_connection import CalendarPlatform
from minutekeeper.config import Settings
from minutekeeper.meetings.request import MeetingRequest
from minutekeeper.process import INTERRUPTED, run_and_exit
from minutekeeper.providers.calendar_base import CalendarCredentials
from starter.calendars.client import CalendarClient
from starter.calendars.events import DecidedEvent
from starter.client import MeetingClient
from starter.meeting_models import BookedMeeting
from starter.output import print_line
from starter.watch import watch_meeting

# isort: split

from typing import Annotated

_ANNA = "anna@example.com"

_TITLE = "Planning with Ben"

_SECONDS_BETWEEN_LOOKS = 0.5
_TITLES = {"meetingbaas": "Meeting BaaS", "meetingbaas-v2": "Meeting BaaS v2", "recall": "Recall.ai"}


async def show_a_calendar(stack: Stack, meeting_url: str, starts_in: timedelta) -> str:
    """Connects a simulated calendar, and moves an event in it to so soon; the id of its meeting."""
    at = stack.addresses
    settings = Settings()
    key = settings.meetingbaas_api_key.get_secret_value() or SIMULATOR_KEY
    given = settings.model_copy(
        update={
            "meetingbaas_base_url": at.simulator,
            "meetingbaas_api_key": SecretStr(key),
            "artifacts_url": at.artifacts,
        }
    )
    async with CalendarClient.opened(given) as calendars, aiohttp.ClientSession(raise_for_status=True) as http:
        google = _SimulatedGoogle(http, f"{at.simulator}/_sim/calendars")
        connected = await calendars.connect(await google.user(_ANNA))
        print_line(
            f"Connected the simulated Google calendar of {_ANNA}. She plans a meeting for the day after tomorrow …"
        )
        later = datetime.now(UTC) + timedelta(days=2)
        event_id = await google.add_event(start=later, link=meeting_url)
        booked = await _once(calendars, connected.calendar_id, lambda event: event.meeting.status is not None)
        print_line(f"… and it is booked: meeting {booked.meeting.meeting_id}. {booked.reason} Now she moves it …")
        soon = (datetime.now(UTC) + starts_in).replace(microsecond=0)
        await google.move_event(event_id, soon)
        moved = await _once(calendars, connected.calendar_id, lambda event: event.start_time == soon)
    print_line(f"… and its meeting follows: it starts at {moved.start_time:%H:%M:%S} UTC.\n")
    return moved.meeting.meeting_id


class _SimulatedGoogle:
    """The control of what happens in the simulated calendars."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http = http
        self._url = url

    async def user(self, email: str) -> CalendarCredentials:
        async with self._http.post(f"{self._url}/accounts", json={"email": email}) as answer:
            grant = await answer.json()
        return CalendarCredentials(
            platform=CalendarPlatform.GOOGLE,
            client_id=grant["oauth_client_id"],
            client_secret=grant["oauth_client_secret"],
            refresh_token=grant["oauth_refresh_token"],
        )

    async def add_event(self, *, start: datetime, link: str) -> str:
        order = {"organizer": _ANNA, "title": _TITLE, "start": start.isoformat(), "link": link}
        async with self._http.post(f"{self._url}/events", json=order) as answer:
            (event_id,) = (await answer.json())["events"]
        return str(event_id)

    async def move_event(self, event_id: str, start: datetime) -> None:
        async with self._http.patch(f"{self._url}/events/{event_id}", json={"start": start.isoformat()}):
            pass


async def _once(calendars: CalendarClient, calendar_id: str, is_so: Callable[[DecidedEvent], bool]) -> DecidedEvent:
    """The calendar's event, as soon as it is as expected."""
    while True:
        for event in await calendars.events(calendar_id):
            if is_so(event):
                return event
        await asyncio.sleep(_SECONDS_BETWEEN_LOOKS)


_PAGES = "http://127.0.0.1:8092"
"""Where a stack shows its pages unless it is told another port."""
_DATA_DIR = Path(".minutekeeper") / "demo"

_SIMULATED_SECONDS_TO_RECORD = 80
"""A little less than what a bot from the pool needs from its call until it records: the start lies before that."""

_FEWEST_SECONDS = 3.0
"""So that a move to a start still is one into the future when it is carried out."""


async def show_meetings(speed: float, provider: str = DEFAULT_SIMULATED) -> int:
    """Runs a stack of its own for a meeting that is booked and one of a calendar; 0 if both were completed, else 1.

    Another provider than the default one is shown with the first meeting alone.

    `speed` is how much faster than real life the simulated service lives. The meetings start too soon for reserved
    bots, which are called four minutes ahead: so these bots come from the pool, and record after the start.
    """
    starts_in = timedelta(seconds=max(_SIMULATED_SECONDS_TO_RECORD / speed, _FEWEST_SECONDS))
    print_line(f"Starting Temporal, a worker, the bridge and a simulated {_TITLES.get(provider, provider)} …")
    async with running_stack(
        StackOptions(_DATA_DIR, speed=speed, fresh=True, provider=provider), print_line
    ) as stack:
        print_line(f"All are up. Temporal's UI: {stack.addresses.ui}\n")
        os.environ |= temporal_environment(stack.addresses)
        booked = (await _book(stack, starts_in, speed)).meeting_id
        others = []
        if provider == DEFAULT_SIMULATED:
            shown = show_a_calendar(stack, _meeting_url(), starts_in)
            others.append(await stack.processes.run_while_healthy(shown))
        print_line("Now the life of the first one as it happens:\n")
        status = await stack.processes.run_while_healthy(watch_meeting(booked, as_json=False))
        for of_calendar in others:
            print_line("\nAnd that of the one from the calendar:\n")
            status = await stack.processes.run_while_healthy(watch_meeting(of_calendar, as_json=False)) or status
        _show_files(stack.folder.artifacts, booked, *others)
    return status


async def _book(stack: Stack, starts_in: timedelta, speed: float) -> BookedMeeting:
    start = (datetime.now(UTC) + starts_in).replace(microsecond=0)
    client = await MeetingClient.connect()
    request = MeetingRequest(meeting_url=_meeting_url(), start_time=start, title="Minutekeeper demo")
    booked = await client.start(request)
    at = stack.addresses
    print_line(
        f"Booked a meeting that starts at {start:%H:%M:%S} UTC, in {starts_in.total_seconds():.0f} seconds. Bots "
        "are reserved four minutes ahead; this is too soon for that, so one from the provider's pool goes at once. "
        f"The simulated service lives {speed:g} times faster than the real one.\n"
        f"The same in Temporal's UI: {at.ui}/namespaces/{at.namespace}/workflows/{booked.workflow_id}\n\n"
        "And over HTTP, while this runs:\n\n"
        f"{curl_command(stack, f'/api/v1/meetings/{booked.meeting_id}')}"
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
        "\nOpen recording.mp4 in any player, and transcript.md in any editor. To see the meetings again, in "
        "Temporal's UI and on their pages:\n\n"
        f"  {beside_python('python')} -m devtools.stack --data-dir {_DATA_DIR}\n\n"
        "Sign in by the link that it prints. The recording with its transcript is then at\n\n"
        f"  {_PAGES}/meetings/{meeting_ids[0]}\n"
    )


app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def demo(
    *,
    speed: Annotated[
        float,
        typer.Option(min=1, envvar="MINUTEKEEPER_SIMULATOR_SPEED", help="Simulated seconds per second."),
    ] = 8.0,
    provider: Annotated[
        str, typer.Option(help="The provider to simulate: meetingbaas, meetingbaas-v2 or recall.")
    ] = DEFAULT_SIMULATED,
) -> None:
    """Watch a meeting from its booking to its recording, and a calendar at work; 0 if both are completed."""
    # Loaded late, so that an early Ctrl-C finds someone who handles it.
    from devtools.stack.runner import run_to_exit_status  # noqa: PLC0415 - loaded late, see above

    run_and_exit(lambda: run_to_exit_status(show_meetings(speed, provider), when_stopped=INTERRUPTED))


if __name__ == "__main__":
    app()
