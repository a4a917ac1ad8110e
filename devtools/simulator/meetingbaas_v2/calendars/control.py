"""Control of the service's side of calendars: syncs and webhooks to order, and a look at everything."""

from collections import defaultdict
from typing import Any

from aiohttp import web
from pydantic import JsonValue

from devtools.simulator.meetingbaas_v2.calendars.forms import calendar_details
from devtools.simulator.meetingbaas_v2.calendars.store import Event, V2Calendar
from devtools.simulator.meetingbaas_v2.calendars.views import find_calendar
from devtools.simulator.meetingbaas_v2.envelope import ApiError
from devtools.simulator.meetingbaas_v2.keys import ACCOUNT
from devtools.simulator.models import Control
from devtools.simulator.responses import dumps, not_found, read_body, refusal


class NoticeOrder(Control):
    """A webhook at once, with this body."""

    body: JsonValue


async def sync(request: web.Request) -> web.Response:
    """Look at the calendar at once."""
    try:
        changed = request.app[ACCOUNT].calendars.sync(_named(request), "ordered")
    except ApiError as error:
        return refusal(409, error.message)
    return web.json_response({"changed": changed})


async def emit(request: web.Request) -> web.Response:
    """Deliver a webhook to all endpoints, signed and with all repeats."""
    account, calendar, order = request.app[ACCOUNT], _named(request), await read_body(request, NoticeOrder)
    if not isinstance(order.body, dict):
        return refusal(400, "The body must be an object")
    account.tell(calendar, order.body)
    return web.json_response({"ok": True})


async def show(request: web.Request) -> web.Response:
    """Accounts, events and connected calendars, without secrets; `copies` are the service's events."""
    calendars = request.app[ACCOUNT].calendars
    world = calendars.world
    copies = defaultdict(list)
    for calendar in calendars.connected.values():
        for event in calendar.events.values():
            copies[event.provider_event.id].append(_copy(event))
    events = [
        {
            "id": each.id,
            "title": each.title,
            "start": each.start,
            "end": each.end,
            "series": each.series,
            "link": each.link,
            "cancelled": each.cancelled,
            "copies": copies[each.id],
        }
        for each in world.provider_events.values()
    ]
    connected = [calendar_details(calendar) for calendar in calendars.connected.values()]
    accounts = [vars(account) for account in world.accounts.values()]
    return web.json_response({"accounts": accounts, "events": events, "connected": connected}, dumps=dumps)


def _copy(event: Event) -> dict[str, Any]:
    return {
        "calendar_id": str(event.calendar.uuid),
        "series_id": str(event.series.uuid),
        "event_id": str(event.uuid),
        "status": event.status,
        "bots": [{"id": str(bot.uuid), "status": bot.status, "join_at": bot.join_at} for bot in event.bots],
    }


def _named(request: web.Request) -> V2Calendar:
    try:
        return find_calendar(request)
    except ApiError:
        raise not_found("CalendarNotFound") from None
