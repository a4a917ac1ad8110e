"""Control of what happens at Google and Microsoft, under `/_sim/calendars`."""

from aiohttp import web
from pydantic import TypeAdapter, ValidationError

from devtools.simulator.calendars.control_models import (
    AccountOrder,
    AppOrder,
    EventChange,
    EventOrder,
    ResponseOrder,
    SeriesOrder,
)
from devtools.simulator.calendars.hosting import host_of
from devtools.simulator.calendars.provider_events import ProviderEvent
from devtools.simulator.responses import explain, not_found, read_body

_SEVERAL: TypeAdapter[list[EventOrder]] = TypeAdapter(list[EventOrder])


async def add_app(request: web.Request) -> web.Response:
    """Register an app; one that exists gets another secret, and its users have access again."""
    order = await read_body(request, AppOrder)
    host_of(request).world.grants.add_app(order)
    return web.json_response({"client_id": order.client_id})


async def expire_app(request: web.Request) -> web.Response:
    """Let the app's secret run out: no user's calendar can be read any more."""
    apps = host_of(request).world.grants.apps
    found = [app for (_, client_id), app in apps.items() if client_id == request.match_info["client_id"]]
    if not found:
        raise not_found("AppNotFound")
    for app in found:
        app.secret_expired = True
    return web.json_response({"ok": True})


async def add_account(request: web.Request) -> web.Response:
    """A user, and the credentials that he gave; a known user gives new ones."""
    world, order = host_of(request).world, await read_body(request, AccountOrder)
    client_id = order.client_id or world.grants.default_app(order.platform).client_id
    if (order.platform, client_id) not in world.grants.apps:
        raise not_found("AppNotFound")
    grant = world.add_account(order)
    return web.json_response(
        {
            "platform": order.platform,
            "oauth_client_id": grant.client_id,
            "oauth_client_secret": world.grants.apps[order.platform, client_id].order.client_secret,
            "oauth_refresh_token": grant.token,
        }
    )


async def expire_account(request: web.Request) -> web.Response:
    """Let everything that the user granted be expired or revoked."""
    world, email = host_of(request).world, request.match_info["email"]
    if email not in world.accounts:
        raise not_found("AccountNotFound")
    world.grants.revoke(email)
    return web.json_response({"ok": True})


async def deny_account(request: web.Request) -> web.Response:
    """Let everything that the user granted lack the right to read calendars."""
    world, email = host_of(request).world, request.match_info["email"]
    if email not in world.accounts:
        raise not_found("AccountNotFound")
    world.grants.narrow(email)
    return web.json_response({"ok": True})


async def add_events(request: web.Request) -> web.Response:
    """Take one event or a list, all or none of them. Raises 400 for a misfit."""
    body, calendars = await request.read(), host_of(request)
    try:
        orders = (
            _SEVERAL.validate_json(body)
            if body.lstrip().startswith(b"[")
            else [EventOrder.model_validate_json(body)]
        )
    except ValidationError as error:
        raise web.HTTPBadRequest(text=f"The order does not fit: {explain(error)}") from None
    unknown = {order.calendar for order in orders if order.calendar} - set(calendars.world.calendars)
    if unknown:
        raise web.HTTPBadRequest(text=f"The order does not fit: calendar: there is no {', '.join(sorted(unknown))}")
    identifiers: list[str] = []
    for order in orders:
        added, touched = calendars.world.add(order)
        identifiers += added
        calendars.push(touched)
    return web.json_response({"events": identifiers})


async def change_event(request: web.Request) -> web.Response:
    calendars, change = host_of(request), await read_body(request, EventChange)
    calendars.push(calendars.world.change(_found(request), change))
    return web.json_response({"ok": True})


async def cancel_event(request: web.Request) -> web.Response:
    calendars = host_of(request)
    calendars.push(calendars.world.cancel(_found(request)))
    return web.json_response({"ok": True})


async def recur(request: web.Request) -> web.Response:
    """Let a series recur otherwise, which makes others of its events; the answer has their ids."""
    calendars, order = host_of(request), await read_body(request, SeriesOrder)
    found = sorted(_found(request), key=lambda event: event.start)
    identifiers, touched = calendars.world.recur(found, order)
    calendars.push(touched)
    return web.json_response({"events": identifiers})


async def respond(request: web.Request) -> web.Response:
    calendars, order = host_of(request), await read_body(request, ResponseOrder)
    calendars.push(calendars.world.respond(_found(request), order))
    return web.json_response({"ok": True})


def _found(request: web.Request) -> list[ProviderEvent]:
    found = host_of(request).world.find(request.match_info["id"])
    if not found:
        raise not_found("EventNotFound")
    return found
