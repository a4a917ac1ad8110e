"""Puts the stand-in together."""

from collections.abc import AsyncIterator

import aiohttp
from aiohttp import web

from devtools.simulator import account_views, bots_views, media_views, sim_views
from devtools.simulator.calendars.hosting import HAS_CALENDARS
from devtools.simulator.calendars.routes import calendar_routes
from devtools.simulator.faults.control_models import ONE, SEVERAL
from devtools.simulator.faults.meetingbaas_requests import MeetingBaasRequests
from devtools.simulator.faults.requests import fault_middleware
from devtools.simulator.faults.views import fault_routes
from devtools.simulator.keys import SIMULATION
from devtools.simulator.middlewares import authenticate, limit, note_changes, record
from devtools.simulator.routing import both
from devtools.simulator.service import SERVICE
from devtools.simulator.settings import SimulatorSettings
from devtools.simulator.simulation import Simulation
from devtools.simulator.storage import kept

# Faults lie between the two: the ledger must see them, and they strike whoever calls.
_MIDDLEWARES = (note_changes, record, fault_middleware(MeetingBaasRequests()), authenticate, limit)
_UUID = "{uuid:[0-9a-fA-F-]{36}}"


def create_app(settings: SimulatorSettings) -> web.Application:
    """The whole service. Give `public_url` in the settings if it will not listen on their host and port."""
    app = web.Application(middlewares=_MIDDLEWARES)
    app.router.add_routes(
        [
            *both("POST", "/bots", bots_views.send_bot),
            *both("GET", "/bots/meeting_data", bots_views.show_meeting_data),
            *both("GET", "/bots/bots_with_metadata", bots_views.list_bots),
            *both("GET", "/bots/recent", bots_views.list_bots),
            *both("POST", "/bots/retranscribe", bots_views.retranscribe),
            *both("POST", "/bots/retry_webhook", bots_views.retry_webhook),
            *both("DELETE", "/bots/{uuid}", bots_views.remove_bot),
            *both("GET", "/bots/{uuid}", bots_views.no_such_read),
            *both("POST", "/bots/{uuid}/delete_data", bots_views.delete_data),
            *both("GET", "/bots/{uuid}/screenshots", bots_views.list_screenshots),
            *both("GET", "/accounts/webhook_url", account_views.show_webhook_url),
            *both("POST", "/accounts/webhook_url", account_views.set_webhook_url),
            web.get(f"/media/{_UUID}/{{name}}", media_views.fetch),
            *both("GET", "/_sim/ledger", sim_views.show_ledger),
            *both("POST", "/_sim/reset", sim_views.reset),
            *both("POST", "/_sim/scripts", sim_views.add_script_rule),
            *fault_routes(ONE, SEVERAL),
            *both("POST", "/_sim/bots/{uuid}/emit", sim_views.emit),
            *both("POST", "/_sim/bots/{uuid}/advance", sim_views.advance),
            *calendar_routes(with_seeds=settings.seed_compatibility),
        ]
    )

    async def simulate(app: web.Application) -> AsyncIterator[None]:
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector, skip_auto_headers=["User-Agent"]) as session:
            simulation = app[SIMULATION] = app[SERVICE] = app[HAS_CALENDARS] = Simulation(settings, session)
            async with kept(simulation, settings.state_file):
                yield
                await simulation.close()

    app.cleanup_ctx.append(simulate)
    return app
