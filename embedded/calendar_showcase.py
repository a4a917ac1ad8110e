"""What the demo shows of calendars: an event appears, is booked, and its meeting follows it when it moves."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import aiohttp
from pydantic import SecretStr

from embedded.environment import SIMULATOR_KEY
from embedded.stack import Stack
from meetings.calendars.connection import CalendarPlatform
from providers.calendars import CalendarCredentials
from runtime.settings import Settings
from starter.calendars.client import CalendarsClient
from starter.calendars.events import DecidedEvent
from starter.output import print_line

_ANNA = "anna@example.com"
_TITLE = "Planning with Ben"
_SECONDS_BETWEEN_LOOKS = 0.5


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
    async with CalendarsClient.opened(given) as calendars, aiohttp.ClientSession(raise_for_status=True) as http:
        google = _Google(http, f"{at.simulator}/_sim/calendars")
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


class _Google:
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


async def _once(
    calendars: CalendarsClient, calendar_id: str, is_so: Callable[[DecidedEvent], bool]
) -> DecidedEvent:
    """The calendar's event, as soon as it is as expected."""
    while True:
        for event in await calendars.events(calendar_id):
            if is_so(event):
                return event
        await asyncio.sleep(_SECONDS_BETWEEN_LOOKS)
