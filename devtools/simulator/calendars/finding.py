"""Finds what requests speak of, and refuses what Google and Microsoft would refuse."""

from functools import wraps
from uuid import UUID

from aiohttp import web
from aiohttp.typedefs import Handler

from devtools.simulator.calendars.accounts import ApiDisabledError, NoSuchCalendarError
from devtools.simulator.calendars.connected import Connected, Entry
from devtools.simulator.calendars.grants import GrantRefusedError
from devtools.simulator.calendars.service import Calendars
from devtools.simulator.keys import SIMULATION
from devtools.simulator.responses import not_found, refusal


def calendars_of(request: web.Request) -> Calendars:
    return request.app[SIMULATION].calendars


def find_calendar(calendars: Calendars, identifier: str) -> Connected:
    """Raises 404 if there is none."""
    try:
        return calendars.connected[UUID(identifier)]
    except (ValueError, KeyError):
        raise not_found("CalendarNotFound") from None


def find_entry(calendars: Calendars, identifier: str) -> Entry:
    """Raises 404 if there is none, or none any more."""
    try:
        entry = calendars.entries[UUID(identifier)]
    except (ValueError, KeyError):
        raise not_found("EventNotFound") from None
    if entry.deleted and calendars.settings.removed_events == "gone":
        raise not_found("EventNotFound")
    return entry


def asks_provider(handler: Handler) -> Handler:
    """A view that needs somebody's calendar, and passes on why it cannot have it."""

    @wraps(handler)
    async def view(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except GrantRefusedError as error:
            return refusal(calendars_of(request).settings.grant_error_status, str(error))
        except ApiDisabledError as error:
            return refusal(500, str(error))
        except NoSuchCalendarError as error:
            return refusal(404, f"CalendarNotFound: {error}")

    return view
