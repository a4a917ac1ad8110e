"""What the application and its requests keep for the views."""

from uuid import UUID

from aiohttp import web

from simulator.answers import not_found
from simulator.simulation import Simulation
from simulator.state import Bot

SIMULATION = web.AppKey("SIMULATION", Simulation)
# Set on a request whose caller hung up before the answer was whole.
HUNG_UP = web.RequestKey("HUNG_UP", bool)


def find_bot(request: web.Request, identifier: str) -> Bot:
    """The bot of this id. Raises 404 if there is none."""
    try:
        return request.app[SIMULATION].bots[UUID(identifier)]
    except (ValueError, KeyError):
        raise not_found() from None
