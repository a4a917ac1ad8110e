"""Puts the simulated Recall.ai together."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager

import aiohttp
from aiohttp import web

from devtools.simulator.calendars.hosting import HAS_CALENDARS
from devtools.simulator.calendars.world_routes import world_routes
from devtools.simulator.faults.requests import fault_middleware
from devtools.simulator.faults.views import fault_routes
from devtools.simulator.middlewares import record
from devtools.simulator.recall import bot_views, recording_views, sim_views
from devtools.simulator.recall.calendars.v1_views import calendar_v1_routes
from devtools.simulator.recall.calendars.views import calendar_v2_routes
from devtools.simulator.recall.fault_requests import RecallRequests
from devtools.simulator.recall.faults import ONE_FAULT, SEVERAL_FAULTS
from devtools.simulator.recall.keys import RECALL
from devtools.simulator.recall.middlewares import (
    answer_refusals,
    authenticate_workspace,
    guard_edge,
    keep_answers,
    limit_calls,
)
from devtools.simulator.recall.settings import RecallSettings
from devtools.simulator.recall.simulation import RecallSimulation
from devtools.simulator.routing import both
from devtools.simulator.server import serving
from devtools.simulator.service import SERVICE

# The ledger sees everything; faults strike whoever calls; answers are kept of what has passed the limits.
_MIDDLEWARES = (
    record,
    guard_edge,
    fault_middleware(RecallRequests()),
    authenticate_workspace,
    limit_calls,
    keep_answers,
    answer_refusals,
)
_UUID = "{uuid:[0-9a-fA-F-]{36}}"


def create_app(settings: RecallSettings) -> web.Application:
    """The whole service. Give `public_url` in the settings if it will not listen on their host and port."""
    app = web.Application(middlewares=_MIDDLEWARES)
    app.router.add_routes(
        [
            *both("POST", "/api/v1/bot", bot_views.create_bot),
            *both("GET", "/api/v1/bot", bot_views.list_bots),
            *both("GET", "/api/v1/bot/{id}", bot_views.show_bot),
            *both("PATCH", "/api/v1/bot/{id}", bot_views.update_bot),
            *both("DELETE", "/api/v1/bot/{id}", bot_views.delete_bot),
            *both("POST", "/api/v1/bot/{id}/leave_call", bot_views.leave_call),
            *both("POST", "/api/v1/bot/{id}/delete_media", bot_views.delete_media),
            *both("GET", "/api/v1/billing/usage", bot_views.show_usage),
            *both("GET", "/api/v1/recording", recording_views.list_recordings),
            *both("GET", "/api/v1/recording/{id}", recording_views.show_recording),
            *both("DELETE", "/api/v1/recording/{id}", recording_views.delete_recording),
            *both("POST", "/api/v1/recording/{id}/create_transcript", recording_views.create_transcript),
            *recording_views.artifact_routes(),
            web.get(f"/media/{_UUID}/{{name}}", recording_views.fetch),
            *both("GET", "/_sim/ledger", sim_views.show_ledger),
            *both("POST", "/_sim/reset", sim_views.reset),
            *both("POST", "/_sim/scripts", sim_views.add_script_rule),
            *both("POST", "/_sim/endpoints", sim_views.add_endpoint),
            *both("GET", "/_sim/endpoints", sim_views.show_endpoints),
            *both("PATCH", "/_sim/endpoints/{id}", sim_views.change_endpoint),
            *both("DELETE", "/_sim/endpoints/{id}", sim_views.remove_endpoint),
            *both("POST", "/_sim/endpoints/{id}/recover", sim_views.recover_endpoint),
            *both("POST", "/_sim/emit", sim_views.emit),
            *both("POST", "/_sim/foreign", sim_views.emit_foreign),
            *both("POST", f"/_sim/bots/{_UUID}/emit", sim_views.emit),
            *both("POST", f"/_sim/bots/{_UUID}/advance", sim_views.advance),
            *calendar_v1_routes(),
            *calendar_v2_routes(),
            *world_routes(),
            *fault_routes(ONE_FAULT, SEVERAL_FAULTS),
        ]
    )

    async def simulate(app: web.Application) -> AsyncIterator[None]:
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector, skip_auto_headers=["User-Agent"]) as session:
            simulation = app[RECALL] = app[SERVICE] = app[HAS_CALENDARS] = RecallSimulation(settings, session)
            yield
            await simulation.close()

    app.cleanup_ctx.append(simulate)
    return app


def running_recall(settings: RecallSettings) -> AbstractAsyncContextManager[str]:
    """Serve Recall.ai while the context is open; gives the base URL. Raises OSError if the address is taken."""
    return serving(settings, create_app)
