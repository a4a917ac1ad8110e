"""The calendar half of the API."""

from collections.abc import Callable, Sequence
from typing import Any

from aiohttp import web

from devtools.simulator.calendars import responses
from devtools.simulator.calendars.connected import Entry
from devtools.simulator.calendars.finding import asks_provider, calendars_of, find_calendar, find_entry
from devtools.simulator.calendars.listing import page
from devtools.simulator.calendars.service import Calendars
from devtools.simulator.calendars.wire import (
    Credentials,
    EventBot,
    EventBotChange,
    EventQuery,
    NewCalendar,
    Occurrences,
    ResyncQuery,
)
from devtools.simulator.responses import not_found, read_body, read_query


@asks_provider
async def list_raw_calendars(request: web.Request) -> web.Response:
    credentials = await read_body(request, Credentials)
    raws = calendars_of(request).world.open(credentials)
    return web.json_response({"calendars": [responses.raw_calendar(raw) for raw in raws]})


@asks_provider
async def create_calendar(request: web.Request) -> web.Response:
    wish = await read_body(request, NewCalendar)
    return web.json_response({"calendar": responses.calendar(calendars_of(request).connect(wish))})


async def list_calendars(request: web.Request) -> web.Response:
    return web.json_response([responses.calendar(one) for one in calendars_of(request).connected.values()])


async def show_calendar(request: web.Request) -> web.Response:
    return web.json_response(responses.calendar(find_calendar(calendars_of(request), request.match_info["uuid"])))


@asks_provider
async def update_calendar(request: web.Request) -> web.Response:
    calendars = calendars_of(request)
    calendar = find_calendar(calendars, request.match_info["uuid"])
    calendars.reconnect(calendar, await read_body(request, Credentials))
    return web.json_response({"calendar": responses.calendar(calendar)})


async def delete_calendar(request: web.Request) -> web.Response:
    calendars = calendars_of(request)
    calendars.disconnect(find_calendar(calendars, request.match_info["uuid"]))
    return web.Response()


async def resync_all(request: web.Request) -> web.Response:
    synced, errors = calendars_of(request).resync(read_query(request, ResyncQuery).days)
    return web.json_response({"synced_calendars": synced, "errors": errors})


async def list_events(request: web.Request) -> web.Response:
    return event_page(request, read_query(request, EventQuery))


def event_page(
    request: web.Request, query: EventQuery, form: Callable[[Entry], dict[str, Any]] = responses.event
) -> web.Response:
    """One page of the calendar that the query names. Raises 404 for an unknown one, 400 for a foreign cursor."""
    calendars = calendars_of(request)
    calendar, settings = find_calendar(calendars, query.calendar_id), calendars.settings
    entries = calendar.entries.values()
    kept = [entry for entry in entries if not (entry.deleted and settings.removed_events == "gone")]
    try:
        taken, cursor = page(kept, query, settings.event_page)
    except ValueError as error:
        raise web.HTTPBadRequest(text=f"The query does not fit: {error}") from None
    following = cursor
    if cursor is not None and settings.event_list_next == "url":
        following = f"{settings.public_url}{request.rel_url.update_query(cursor=cursor)}"
    return web.json_response({settings.event_list: [form(entry) for entry in taken], "next": following})


async def show_event(request: web.Request) -> web.Response:
    return web.json_response(responses.event(find_entry(calendars_of(request), request.match_info["uuid"])))


async def schedule_bot(request: web.Request) -> web.Response:
    calendars, bot = calendars_of(request), await read_body(request, EventBot)
    entry, everywhere = _meant(request)
    return bot_answer(calendars, calendars.recordings.record(entry, bot, all_occurrences=everywhere))


async def change_bot(request: web.Request) -> web.Response:
    calendars, change = calendars_of(request), await read_body(request, EventBotChange)
    entry, everywhere = _meant(request)
    changed = calendars.recordings.change(entry, change, all_occurrences=everywhere)
    if not changed:
        raise not_found()
    return bot_answer(calendars, changed)


async def remove_bot(request: web.Request) -> web.Response:
    calendars = calendars_of(request)
    entry, everywhere = _meant(request)
    return bot_answer(calendars, calendars.recordings.record(entry, None, all_occurrences=everywhere))


def bot_answer(calendars: Calendars, entries: Sequence[Entry]) -> web.Response:
    events = [responses.event(entry) for entry in entries]
    if calendars.settings.recording_answer == "object" and len(events) == 1:
        return web.json_response(events[0])
    return web.json_response(events)


def _meant(request: web.Request) -> tuple[Entry, bool]:
    """The event, and whether all of its series is meant."""
    entry = find_entry(calendars_of(request), request.match_info["uuid"])
    return entry, read_query(request, Occurrences).all_occurrences
