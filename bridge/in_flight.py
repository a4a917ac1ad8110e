"""Keeps count of the requests that are being answered, so that a stop can wait for them.

aiohttp's own shutdown waits for handlers too, but from its first moment on it takes no more of a body that is still
on its way.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class InFlight:
    def __init__(self) -> None:
        self._count = 0
        self._none = asyncio.Event()
        self._none.set()

    @contextmanager
    def one(self) -> Iterator[None]:
        self._count += 1
        self._none.clear()
        try:
            yield
        finally:
            self._count -= 1
            if self._count == 0:
                self._none.set()

    async def landed(self) -> None:
        """Returns when there is none."""
        await self._none.wait()
