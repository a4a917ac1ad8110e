"""The account and the ids of the old guide pages' examples, so that these can be tried as they are."""

from contextlib import suppress
from datetime import timedelta

from devtools.simulator.calendars.accounts import World
from devtools.simulator.calendars.connected import Connected, Entry
from devtools.simulator.calendars.control_models import (
    AccountOrder,
    AppOrder,
    EventOrder,
    GuestOrder,
    RawCalendarOrder,
)
from devtools.simulator.calendars.service import Calendars, SyncError
from devtools.simulator.calendars.wire import NewCalendar
from devtools.simulator.responses import not_found
from devtools.simulator.state import now

CALENDAR_ID = "cal_12345abcde"
EVENT_ID = "evt_67890fghij"

_TEAM = "team_calendar@group.calendar.google.com"
_TOKEN = "USER_REFRESH_TOKEN"  # noqa: S105 - a placeholder that the pages print
_APP = AppOrder(
    platform="Google",
    client_id="YOUR_GOOGLE_CLIENT_ID",
    client_secret="YOUR_GOOGLE_CLIENT_SECRET",  # noqa: S106 - likewise
)
_USER = "user@example.com"


def add_samples(world: World) -> None:
    """A user with the pages' credentials, and a meeting tomorrow."""
    world.grants.add_app(_APP)
    team = RawCalendarOrder(id=_TEAM, name="Team Calendar")
    world.add_account(
        AccountOrder(
            email=_USER, name="Main Calendar", calendars=(team,), client_id=_APP.client_id, refresh_token=_TOKEN
        )
    )
    tomorrow = now() + timedelta(days=1)
    world.add(EventOrder(organizer=GuestOrder(email=_USER), start=tomorrow, title="Team meeting", calendar=_TEAM))


def sample_calendar(calendars: Calendars) -> Connected:
    """What the pages' calendar id names: the first calendar with their credentials. Raises 404 once deleted."""
    of_user = (one for one in calendars.connected.values() if one.credentials.oauth_refresh_token == _TOKEN)
    found = next(of_user, None)
    if found is None:
        if calendars.sample_was_used:
            raise not_found("CalendarNotFound")
        found = calendars.connect(
            NewCalendar(
                platform="Google",
                oauth_client_id=_APP.client_id,
                oauth_client_secret=_APP.client_secret,
                oauth_refresh_token=_TOKEN,
                raw_calendar_id=_TEAM,
            )
        )
    calendars.sample_was_used = True
    if found.synced_at is None:
        with suppress(SyncError):
            calendars.sync(found, "ordered")
    return found


def sample_event(calendar: Connected) -> Entry:
    """What the pages' event id names: the first event of the calendar. Raises 404 if there is none."""
    for entry in calendar.entries.values():
        if not entry.deleted:
            return entry
    raise not_found("EventNotFound")
