"""Keeps connections that say nothing from taking every file handle of the process."""

import asyncio

from aiohttp import web

from bridge.in_flight import InFlight

IDLE_SECONDS = 75.0
"""How long a connection may be silent, or take to send the head of a request: longer than proxies keep theirs."""

_MOST = 500
"""Connections: half of the 1024 files that a process may usually open."""

_LOOK_SECONDS = 5.0


async def thin_out(runner: web.BaseRunner, in_flight: InFlight) -> None:
    """Closes the oldest idle connections while there are too many; runs until it is cancelled.

    Every connection has the time between two looks to say something.
    """
    before: set[web.RequestHandler] = set()
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        connections = runner.server.connections if runner.server else []
        idle = [each for each in connections if each in before and not in_flight.has(each)]
        for connection in idle[: max(0, len(connections) - _MOST)]:
            connection.force_close()
        before = set(connections)
