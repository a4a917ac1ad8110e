"""What the application keeps for the views."""

from uuid import UUID

from aiohttp import web

from devtools.simulator.bots import Bot
from devtools.simulator.responses import not_found
from devtools.simulator.simulation import Simulation

SIMULATION = web.AppKey("SIMULATION", Simulation)


def find_bot(request: web.Request, identifier: str) -> Bot:
    """The bot of this id. Raises 404 if there is none."""
    try:
        return request.app[SIMULATION].bots[UUID(identifier)]
    except (ValueError, KeyError):
        raise not_found() from None
