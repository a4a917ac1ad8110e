"""Puts the stand-in for Meeting BaaS v2 together."""

from collections.abc import AsyncIterator

import aiohttp
from aiohttp import web

from devtools.simulator.calendars.hosting import HAS_CALENDARS
from devtools.simulator.faults.requests import fault_middleware
from devtools.simulator.faults.views import fault_routes
from devtools.simulator.meetingbaas_v2 import bots_views, control, media_views, scheduled_views, zoom_views
from devtools.simulator.meetingbaas_v2.account import Account
from devtools.simulator.meetingbaas_v2.calendars.routes import calendar_routes
from devtools.simulator.meetingbaas_v2.fault_kinds import ONE, SEVERAL
from devtools.simulator.meetingbaas_v2.faults import V2Requests
from devtools.simulator.meetingbaas_v2.keys import ACCOUNT
from devtools.simulator.meetingbaas_v2.middlewares import authenticate, explain_refusals, limit
from devtools.simulator.meetingbaas_v2.settings import MeetingBaasV2Settings
from devtools.simulator.middlewares import note_changes, record
from devtools.simulator.routing import both
from devtools.simulator.service import SERVICE

# Faults lie after the ledger, which must see them, and strike whoever calls.
_MIDDLEWARES = (note_changes, record, fault_middleware(V2Requests()), limit, explain_refusals, authenticate)
_UUID = "{uuid:[0-9a-fA-F-]{36}}"
_BOT, _SCHEDULED, _ZOOM = "/v2/bots/{uuid}", "/v2/bots/scheduled", "/v2/zoom-credentials"


def create_app(settings: MeetingBaasV2Settings) -> web.Application:
    """The whole service. Give `public_url` in the settings if it will not listen on their host and port."""
    app = web.Application(middlewares=_MIDDLEWARES)
    app.router.add_routes([*_bots(), *calendar_routes(), *_control()])

    async def simulate(app: web.Application) -> AsyncIterator[None]:
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector, skip_auto_headers=["User-Agent"]) as session:
            account = app[ACCOUNT] = app[SERVICE] = app[HAS_CALENDARS] = Account(settings, session)
            yield
            await account.close()

    app.cleanup_ctx.append(simulate)
    return app


def _bots() -> list[web.RouteDef]:
    return [
        web.post("/v2/bots", bots_views.create_bot),
        web.get("/v2/bots", bots_views.list_bots),
        web.post("/v2/bots/batch", bots_views.create_bots),
        web.post(_SCHEDULED, scheduled_views.create_scheduled_bot),
        web.get(_SCHEDULED, scheduled_views.list_scheduled_bots),
        web.post(f"{_SCHEDULED}/batch", scheduled_views.create_scheduled_bots),
        web.get(f"{_SCHEDULED}/{{uuid}}", scheduled_views.show_scheduled_bot),
        web.patch(f"{_SCHEDULED}/{{uuid}}", scheduled_views.update_scheduled_bot),
        web.delete(f"{_SCHEDULED}/{{uuid}}", scheduled_views.delete_scheduled_bot),
        web.get(_BOT, bots_views.show_bot),
        web.get(f"{_BOT}/status", bots_views.show_status),
        web.get(f"{_BOT}/screenshots", bots_views.list_screenshots),
        web.post(f"{_BOT}/leave", bots_views.leave),
        web.post(f"{_BOT}/send-chat-message", bots_views.send_chat_message),
        web.post(f"{_BOT}/pause-recording", bots_views.pause_recording),
        web.post(f"{_BOT}/resume-recording", bots_views.resume_recording),
        web.delete(f"{_BOT}/delete-data", bots_views.delete_data),
        web.post(f"{_BOT}/resend-webhook", bots_views.resend_webhook),
        web.post(f"{_BOT}/retry-callback", bots_views.retry_callback),
        web.patch(f"{_BOT}/update-config", bots_views.update_config),
        web.post(_ZOOM, zoom_views.create),
        web.get(_ZOOM, zoom_views.list_all),
        web.get(f"{_ZOOM}/{{uuid}}", zoom_views.show),
        web.patch(f"{_ZOOM}/{{uuid}}", zoom_views.update),
        web.delete(f"{_ZOOM}/{{uuid}}", zoom_views.delete),
        web.get(f"/media/{_UUID}/{{name}}", media_views.fetch),
    ]


def _control() -> list[web.RouteDef]:
    return [
        *both("GET", "/_sim/ledger", control.show_ledger),
        *both("POST", "/_sim/reset", control.reset),
        *both("POST", "/_sim/scripts", control.add_script_rule),
        *both("GET", "/_sim/account", control.show_account),
        *both("PATCH", "/_sim/account", control.change_account),
        *both("GET", "/_sim/webhooks", control.show_endpoints),
        *both("POST", "/_sim/webhooks", control.add_endpoint),
        *both("PATCH", "/_sim/webhooks/{id}", control.change_endpoint),
        *both("DELETE", "/_sim/webhooks/{id}", control.remove_endpoint),
        *both("POST", "/_sim/bots/{uuid}/emit", control.emit),
        *both("POST", "/_sim/bots/{uuid}/advance", control.advance),
        *both("POST", "/_sim/bots/{uuid}/chat", control.write),
        *fault_routes(ONE, SEVERAL),
    ]
