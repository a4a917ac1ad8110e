"""Keeps count of the requests that are being answered, so that a stop can wait for them.

aiohttp's own shutdown waits for handlers too, but from its first moment on it takes no more of a body that is still
on its way.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web


class InFlight:
    def __init__(self) -> None:
        self._busy: set[web.RequestHandler] = set()
        self._none = asyncio.Event()
        self._none.set()

    @contextmanager
    def one(self, connection: web.RequestHandler) -> Iterator[None]:
        """A request of a connection, which brings one after the other."""
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

    async def landed(self) -> None:
        """Returns when there is none."""
        await self._none.wait()
