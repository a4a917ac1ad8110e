"""Puts the connect pages into the bridge."""

from collections.abc import AsyncIterator, Callable

from aiohttp import web
from temporalio.client import Client

from artifacts.connections import Connections
from bridge.bodies import Bodies
from bridge.connect import views
from bridge.connect.apps import CALLBACK_ROUTE
from bridge.connect.calendar_calls import CalendarCalls
from bridge.connect.connecting import Connecting
from bridge.connect.journey import Cookies
from bridge.connect.keys import CONNECTING, COOKIES, FORMS
from bridge.connect.seals import Seals
from bridge.keys import PROVIDER_CALLS, SETTINGS, STORE
from meetings.connect_link import CONNECT_ROUTE
from runtime.provider import open_calendars
from runtime.settings import signing_secrets

_PLATFORM = "{platform:google|microsoft}"
_TICKET = "{ticket:[0-9a-f]{32}}"
_MOST_FORM_BYTES = 4096


def add_connect_pages(app: web.Application, client: Client) -> None:
    settings = app[SETTINGS]
    app[FORMS] = Bodies(_MOST_FORM_BYTES)
    app[COOKIES] = Cookies(Seals(signing_secrets(settings)), settings.bridge_public_url)
    app.cleanup_ctx.append(_connecting(client))
    app.router.add_get(f"/connect/done/{_PLATFORM}", views.done)
    app.router.add_get("/connect/problem/{problem}", views.trouble)
    app.router.add_get(f"/connect/choice/{_TICKET}", views.ask)
    app.router.add_post(f"/connect/choice/{_TICKET}", views.choose)
    app.router.add_get(CALLBACK_ROUTE.replace("{platform}", _PLATFORM), views.come_back)
    app.router.add_get(CONNECT_ROUTE, views.welcome)
    app.router.add_post(CONNECT_ROUTE, views.leave)


def _connecting(client: Client) -> Callable[[web.Application], AsyncIterator[None]]:
    async def context(app: web.Application) -> AsyncIterator[None]:
        calendars = open_calendars(app[SETTINGS], on_call=lambda: app[PROVIDER_CALLS].add("connecting"))
        app[CONNECTING] = Connecting(calendars, CalendarCalls(client), Connections(app[STORE]))
        yield
        await calendars.aclose()

    return context
