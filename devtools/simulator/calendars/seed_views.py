"""The calendar paths of the old guide pages, served only with `seed_compatibility`."""

from aiohttp import web

from devtools.simulator.calendars import seed_wire, views
from devtools.simulator.calendars.connected import Connected, Entry
from devtools.simulator.calendars.finding import calendars_of, find_calendar, find_entry
from devtools.simulator.calendars.samples import CALENDAR_ID, EVENT_ID, sample_calendar, sample_event
from devtools.simulator.calendars.seed_wire import SeedBot, SeedCredentials, loose_body, read_loose, real_id
from devtools.simulator.calendars.wire import EventQuery


async def list_raw_calendars(request: web.Request) -> web.Response:
    credentials = (await read_loose(request, SeedCredentials)).to_real()
    raws = calendars_of(request).world.open(credentials)
    return web.json_response({"calendars": [seed_wire.raw_calendar(raw) for raw in raws]})


async def create_calendar(request: web.Request) -> web.StreamResponse:
    """The pages share this path with the real call, whose credentials have other names."""
    if "provider" not in await loose_body(request):
        return await views.create_calendar(request)
    wish = (await read_loose(request, SeedCredentials)).to_real()
    return web.json_response(seed_wire.calendar(calendars_of(request).connect(wish)))


async def show_calendar(request: web.Request) -> web.Response:
    return web.json_response(seed_wire.calendar(_calendar(request)))


async def update_calendar(request: web.Request) -> web.Response:
    calendar, change = _calendar(request), await read_loose(request, SeedCredentials)
    calendars_of(request).reconnect(calendar, change.to_real(calendar.credentials))
    return web.json_response(seed_wire.calendar(calendar))


async def delete_calendar(request: web.Request) -> web.Response:
    calendars_of(request).disconnect(_calendar(request))
    return web.Response()


async def list_events(request: web.Request) -> web.Response:
    """The filters come in the body of a GET, or in the query."""
    query = await read_loose(request, EventQuery, calendar_id=str(_calendar(request).uuid))
    return views.event_page(request, query, seed_wire.event)


async def show_event(request: web.Request) -> web.Response:
    return web.json_response(seed_wire.event(_entry(request)))


async def schedule_bot(request: web.Request) -> web.Response:
    bot = (await read_loose(request, SeedBot)).to_real()
    calendars_of(request).recordings.record(_entry(request), bot)
    return web.json_response(seed_wire.event(_entry(request)))


async def remove_bot(request: web.Request) -> web.Response:
    calendars_of(request).recordings.record(_entry(request), None)
    return web.json_response(seed_wire.event(_entry(request)))


def _calendar(request: web.Request) -> Connected:
    calendars, identifier = calendars_of(request), request.match_info["calendar"]
    return (
        sample_calendar(calendars) if identifier == CALENDAR_ID else find_calendar(calendars, real_id(identifier))
    )


def _entry(request: web.Request) -> Entry:
    """The event, wherever it is: ids are good without their calendar."""
    identifier = request.match_info["event"]
    if identifier == EVENT_ID:
        return sample_event(_calendar(request))
    return find_entry(calendars_of(request), real_id(identifier))
