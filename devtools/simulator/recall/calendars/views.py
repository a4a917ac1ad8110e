"""Calendar V2, under /api/v2/."""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from devtools.simulator.calendars.accounts import ApiDisabledError
from devtools.simulator.calendars.google import google_event
from devtools.simulator.calendars.grants import GrantRefusedError
from devtools.simulator.calendars.graph import graph_event
from devtools.simulator.recall.calendars.models import (
    CalendarPatch,
    CalendarQuery,
    EventBotOrder,
    EventQuery,
    NewCalendar,
)
from devtools.simulator.recall.calendars.service import AccessEndedError
from devtools.simulator.recall.calendars.state import Calendar, CalendarChange, Event, EventBot
from devtools.simulator.recall.errors import ApiError, checked, not_found, read_body, read_query
from devtools.simulator.recall.keys import RECALL, uuid_of
from devtools.simulator.recall.meeting_links import parsed_link
from devtools.simulator.recall.paging import cursor_page
from devtools.simulator.responses import dumps, refusal
from devtools.simulator.routing import both
from devtools.simulator.state import stamp

_TOKEN_SECONDS = 3599


def calendar_v2_routes() -> list[web.RouteDef]:
    calendar, event = "/api/v2/calendars/{id}", "/api/v2/calendar-events/{id}"
    return [
        *both("POST", "/api/v2/calendars", create_calendar),
        *both("GET", "/api/v2/calendars", list_calendars),
        *both("GET", calendar, show_calendar),
        *both("PATCH", calendar, update_calendar),
        *both("DELETE", calendar, delete_calendar),
        *both("POST", f"{calendar}/access-token", give_access_token),
        *both("GET", "/api/v2/calendar-events", list_events),
        *both("GET", event, show_event),
        *both("POST", f"{event}/bot", schedule_bot),
        *both("DELETE", f"{event}/bot", cancel_bot),
        *both("GET", "/_sim/calendars", show_everything),
        *both("POST", "/_sim/calendars/{id}/sync", sync_now),
    ]


async def create_calendar(request: web.Request) -> web.Response:
    """A second POST for an account makes a second calendar."""
    config = await read_body(request, NewCalendar)
    return web.json_response(_calendar(request.app[RECALL].calendars.connect(config)), status=201)


async def list_calendars(request: web.Request) -> web.Response:
    query = read_query(request, CalendarQuery)
    found = [
        calendar
        for calendar in request.app[RECALL].calendars.connected.values()
        if query.email in ("", calendar.config.oauth_email, _email(calendar))
        and query.platform in (None, calendar.config.platform)
        and query.status in (None, calendar.status)
        and (query.created_at__gte is None or calendar.created_at >= query.created_at__gte)
    ]
    return cursor_page(request, found, _calendar)


async def show_calendar(request: web.Request) -> web.Response:
    return web.json_response(_calendar(_find_calendar(request)))


async def update_calendar(request: web.Request) -> web.Response:
    calendar, patch = _find_calendar(request), await read_body(request, CalendarPatch)
    config = calendar.config.model_dump() | patch.model_dump(exclude_unset=True)
    request.app[RECALL].calendars.reconnect(calendar, checked(config, NewCalendar))
    return web.json_response(_calendar(calendar))


async def delete_calendar(request: web.Request) -> web.Response:
    request.app[RECALL].calendars.remove(_find_calendar(request))
    return web.Response(status=204)


async def give_access_token(request: web.Request) -> web.Response:
    """Ask Google or Microsoft at once, so that ended access shows before it is noticed."""
    calendar = _find_calendar(request)
    try:
        request.app[RECALL].calendars.check(calendar)
    except GrantRefusedError as error:
        code = "bad_refresh_token" if error.code in ("invalid_grant", "insufficient_scope") else "error"
        if not calendar.config.oauth_refresh_token:
            code = "no_oauth_credentials"
        raise ApiError(400, {"code": code, "message": str(error)}) from None
    except ApiDisabledError as error:
        raise ApiError(400, {"code": "error", "message": str(error)}) from None
    expires_at = datetime.now(UTC) + timedelta(seconds=_TOKEN_SECONDS)
    return web.json_response({"token": f"ya29.{secrets.token_urlsafe(32)}", "expires_at": stamp(expires_at)})


async def list_events(request: web.Request) -> web.Response:
    query = read_query(request, EventQuery)
    found = [event for event in request.app[RECALL].calendars.events.values() if _fits(event, query)]
    found.sort(key=lambda event: (event.provider_event.start, event.uuid))
    return cursor_page(request, found, _event)


async def show_event(request: web.Request) -> web.Response:
    return web.json_response(_event(_find_event(request)))


async def schedule_bot(request: web.Request) -> web.Response:
    event, order = _find_event(request), await read_body(request, EventBotOrder)
    await request.app[RECALL].calendars.bots.schedule(event, order, request.path)
    return web.json_response(_event(event))


async def cancel_bot(request: web.Request) -> web.Response:
    event = _find_event(request)
    request.app[RECALL].calendars.bots.cancel(event)
    return web.json_response(_event(event))


async def sync_now(request: web.Request) -> web.Response:
    """Look at the calendar at once; the answer has the ids of the events that changed."""
    try:
        changed = request.app[RECALL].calendars.sync(_find_calendar(request), "ordered")
    except ApiError as error:
        return error.response
    except AccessEndedError as error:
        return refusal(409, str(error))
    return web.json_response({"changed": changed})


async def show_everything(request: web.Request) -> web.Response:
    """Accounts, events and calendars, without anybody's secrets."""
    calendars = request.app[RECALL].calendars
    state = {
        "accounts": [vars(account) for account in calendars.world.accounts.values()],
        "connected": [
            {
                "id": str(calendar.uuid),
                "email": _email(calendar),
                "status": calendar.status,
                "events": [
                    {"id": str(event.uuid), "of": event.provider_event.id, "is_deleted": event.deleted}
                    for event in calendar.events.values()
                ],
            }
            for calendar in calendars.connected.values()
        ],
    }
    return web.json_response(state, dumps=dumps)


def _calendar(calendar: Calendar) -> dict[str, Any]:
    """With all secrets, as the service does it."""
    config = calendar.config
    return {
        "id": str(calendar.uuid),
        "oauth_client_id": config.oauth_client_id,
        "oauth_client_secret": config.oauth_client_secret,
        "oauth_refresh_token": config.oauth_refresh_token,
        "platform": config.platform,
        "webhook_url": config.webhook_url,
        "oauth_email": config.oauth_email,
        "platform_email": _email(calendar),
        "status": calendar.status,
        "status_changes": [_change(change) for change in calendar.changes],
        "created_at": stamp(calendar.created_at),
        "updated_at": stamp(calendar.updated_at),
    }


def _change(change: CalendarChange) -> Mapping[str, str | None]:
    """The names of these fields are a guess."""
    return {"status": change.status, "reason": change.reason, "created_at": stamp(change.created_at)}


def _email(calendar: Calendar) -> str | None:
    return calendar.raw.account.email if calendar.raw else None


def _event(event: Event) -> dict[str, Any]:
    provider_event, calendar = event.provider_event, event.calendar
    link = event.meeting_url
    raw = google_event if calendar.config.platform == "google_calendar" else graph_event
    return {
        "id": str(event.uuid),
        "start_time": stamp(provider_event.start),
        "end_time": stamp(provider_event.end),
        "calendar_id": str(calendar.uuid),
        "raw": raw(provider_event, _email(calendar) or ""),
        "platform": calendar.config.platform,
        "platform_id": event.provider_id,
        "ical_uid": event.ical_uid,
        "meeting_platform": (parsed_link(link) or {}).get("platform"),
        "meeting_url": link or None,
        "created_at": stamp(event.created_at),
        "updated_at": stamp(event.updated_at),
        "is_deleted": event.deleted,
        "bots": [_bot(bot) for bot in event.bots],
    }


def _bot(bot: EventBot) -> dict[str, Any]:
    return {
        "bot_id": str(bot.bot.uuid),
        "start_time": stamp(bot.start),
        "deduplication_key": bot.deduplication_key,
        "meeting_url": bot.meeting_url,
    }


def _fits(event: Event, query: EventQuery) -> bool:
    start = event.provider_event.start
    return (
        query.calendar_id in (None, event.calendar.uuid)
        and query.ical_uid in ("", event.ical_uid)
        and query.is_deleted in (None, event.deleted)
        and query.start_time in (None, start)
        and (query.updated_at__gte is None or event.updated_at >= query.updated_at__gte)
        and (query.start_time__gte is None or start >= query.start_time__gte)
        and (query.start_time__lte is None or start <= query.start_time__lte)
    )


def _find_calendar(request: web.Request) -> Calendar:
    """Raises 404."""
    calendar = request.app[RECALL].calendars.connected.get(uuid_of(request.match_info["id"]))
    if calendar is None:
        raise not_found()
    return calendar


def _find_event(request: web.Request) -> Event:
    """Raises 404."""
    event = request.app[RECALL].calendars.events.get(uuid_of(request.match_info["id"]))
    if event is None:
        raise not_found()
    return event
