"""Control of the service's side of calendars: syncs and webhooks to order, and a look at everything."""

from collections import defaultdict
from typing import Any

from aiohttp import web

from devtools.simulator.calendars import responses
from devtools.simulator.calendars.connected import Connected
from devtools.simulator.calendars.control_models import NoticeOrder
from devtools.simulator.calendars.finding import calendars_of, find_calendar
from devtools.simulator.calendars.provider_events import ProviderEvent
from devtools.simulator.calendars.service import SyncError
from devtools.simulator.keys import SIMULATION
from devtools.simulator.responses import dumps, read_body, refusal
from devtools.simulator.state import now
from devtools.simulator.webhooks import Delivery


async def sync(request: web.Request) -> web.Response:
    """Look at the calendar at once."""
    calendars = calendars_of(request)
    try:
        changed = calendars.sync(find_calendar(calendars, request.match_info["uuid"]), "ordered")
    except SyncError as error:
        return refusal(409, str(error))
    return web.json_response({"changed": changed})


async def emit(request: web.Request) -> web.Response:
    """Deliver a sync webhook at once, with or without a sync; the answer is what the ledger says of it."""
    simulation, order = request.app[SIMULATION], await read_body(request, NoticeOrder)
    calendar = find_calendar(simulation.calendars, request.match_info["uuid"])
    url = order.url or simulation.account_webhook_url
    if url is None:
        return refusal(409, "The account has no webhook URL; give one as url")
    body: Any = order.body
    if order.body is None:
        form = order.form or simulation.settings.calendar_notice
        body = responses.notice(calendar, calendar.synced_at or now(), order.events, form)
    record = await simulation.sender.attempt(Delivery(calendar, url, body))
    return web.json_response(vars(record), dumps=dumps)


async def show(request: web.Request) -> web.Response:
    """Accounts, events and connected calendars, without anybody's secrets; `copies` are the service's events."""
    calendars = calendars_of(request)
    world = calendars.world
    copies = defaultdict(list)
    for entry in calendars.entries.values():
        copies[entry.provider_event.id].append({"calendar": str(entry.calendar.uuid), "uuid": str(entry.uuid)})
    state = {
        "accounts": [vars(account) for account in world.accounts.values()],
        "events": [
            _provider_event(provider_event) | {"copies": copies[provider_event.id]}
            for provider_event in world.provider_events.values()
        ],
        "connected": [_connected(calendar) for calendar in calendars.connected.values()],
    }
    return web.json_response(state, dumps=dumps)


def _provider_event(provider_event: ProviderEvent) -> dict[str, Any]:
    return {
        "id": provider_event.id,
        "title": provider_event.title,
        "start": provider_event.start,
        "end": provider_event.end,
        "series": provider_event.series,
        "link": provider_event.link,
        "cancelled": provider_event.cancelled,
    }


def _connected(calendar: Connected) -> dict[str, Any]:
    recorded = [entry for entry in calendar.entries.values() if entry.bot or entry.bot_ids]
    return responses.calendar(calendar) | {
        "platform": calendar.raw.account.platform,
        "synced_at": calendar.synced_at,
        "error": calendar.error,
        "recordings": [
            {"event_uuid": str(entry.uuid), "waits": entry.is_due, "bots": entry.bot_ids} for entry in recorded
        ],
    }
