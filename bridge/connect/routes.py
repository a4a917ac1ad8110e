"""Adds the connect pages to the bridge."""

from collections.abc import AsyncIterator, Callable

from aiohttp import web
from temporalio.client import Client

from bridge.app_keys import CONNECT_SERVICE, COOKIES, FORMS, PROVIDER_CALLS, SETTINGS, STORE
from bridge.connect import views
from bridge.connect.calendar_workflows import CalendarWorkflows
from bridge.connect.oauth import CALLBACK_ROUTE
from bridge.connect.service import ConnectService
from bridge.connect.session_cookies import SESSION_SECONDS, SessionCookies
from bridge.request_bodies import RequestBodyReader
from minutekeeper.calendars.connect_link import CONNECT_ROUTE
from minutekeeper.calendars.user_connection import CalendarPlatform
from minutekeeper.config import Settings, signing_secrets
from minutekeeper.cookie_encryption import CookieEncryption
from minutekeeper.providers.calendar_factory import open_calendars
from minutekeeper.signing import Purpose
from minutekeeper.storage.calendar_preferences import CalendarPreferencesStore
from minutekeeper.storage.objections import ObjectionStore
from minutekeeper.storage.user_connections import UserConnectionStore

_PLATFORM = f"{{platform:{'|'.join(CalendarPlatform)}}}"
_SESSION_ID = "{session_id:[0-9a-f]{32}}"
_MAX_FORM_BYTES = 4096


def add_connect_pages(app: web.Application, client: Client) -> None:
    settings = app[SETTINGS]
    app[FORMS] = RequestBodyReader(_MAX_FORM_BYTES)
    encryption = CookieEncryption(Purpose.CONNECT_SESSION, signing_secrets(settings), SESSION_SECONDS)
    app[COOKIES] = SessionCookies(encryption, settings.bridge_public_url)
    app.cleanup_ctx.append(_connecting(client, settings))
    app.router.add_get(f"/connect/done/{_PLATFORM}", views.success_page)
    app.router.add_get("/connect/problem/{problem}", views.error_page)
    app.router.add_get(f"/connect/choice/{_SESSION_ID}", views.choose_calendar_page)
    app.router.add_post(f"/connect/choice/{_SESSION_ID}", views.choose_calendar)
    app.router.add_get(CALLBACK_ROUTE.replace("{platform}", _PLATFORM), views.oauth_callback)
    app.router.add_get(CONNECT_ROUTE, views.start_page)
    app.router.add_post(CONNECT_ROUTE, views.redirect_to_provider)


def _connecting(client: Client, settings: Settings) -> Callable[[web.Application], AsyncIterator[None]]:
    async def context(app: web.Application) -> AsyncIterator[None]:
        calendars = open_calendars(settings, on_call=lambda: app[PROVIDER_CALLS].add("connecting"))
        app[CONNECT_SERVICE] = ConnectService(
            calendars,
            CalendarWorkflows(client),
            UserConnectionStore(app[STORE]),
            CalendarPreferencesStore(app[STORE]),
            settings.default_policy,
            objections=ObjectionStore(app[STORE]),
        )
        yield
        await calendars.aclose()

    return context
