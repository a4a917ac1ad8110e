"""Tracks active requests, and closes the oldest idle connections before file descriptors run out.

Requests are tracked here because aiohttp's shutdown also waits for handlers, but stops reading bodies at once.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web


class ActiveRequests:
    def __init__(self) -> None:
        self._busy: set[web.RequestHandler] = set()
        self._none = asyncio.Event()
        self._none.set()

    @contextmanager
    def track(self, connection: web.RequestHandler) -> Iterator[None]:
        """Tracks a request until the block ends. A connection sends one request after the other."""
        self._busy.add(connection)
        self._none.clear()
        try:
            yield
        finally:
            self._busy.remove(connection)
            if not self._busy:
                self._none.set()

    def has(self, connection: web.RequestHandler) -> bool:
        return connection in self._busy

    async def wait_idle(self) -> None:
        """Waits until no request is active."""
        await self._none.wait()


IDLE_SECONDS = 75.0
"""How long a connection may be idle, or take to send a request's headers: longer than proxies keep theirs open."""

_MAX_CONNECTIONS = 500
"""Half of the 1,024 files that a process may usually open."""

_CHECK_SECONDS = 5.0


async def close_idle_connections(runner: web.BaseRunner, in_flight: ActiveRequests) -> None:
    """Closes the oldest idle connections while there are too many; runs until it is cancelled.

    A connection is only closed if it was idle at the check before, too.
    """
    before: set[web.RequestHandler] = set()
    while True:
        await asyncio.sleep(_CHECK_SECONDS)
        connections = runner.server.connections if runner.server else []
        idle = [each for each in connections if each in before and not in_flight.has(each)]
        for connection in idle[: max(0, len(connections) - _MAX_CONNECTIONS)]:
            connection.force_close()
        before = set(connections)
