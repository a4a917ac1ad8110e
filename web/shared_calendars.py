"""One client for calendars, which API and pages share."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack

from starter.calendars.client import CalendarClient


class SharedCalendars:
    """Opens the client when it is first needed, because the process also starts without Temporal or the store."""

    def __init__(self, open_client: Callable[[], AbstractAsyncContextManager[CalendarClient]]) -> None:
        self._open_client = open_client
        self._opened = AsyncExitStack()
        self._client: CalendarClient | None = None
        self._lock = asyncio.Lock()

    async def connected(self) -> CalendarClient:
        """The client. Raises TemporalUnreachableError and StorageError."""
        async with self._lock:
            if self._client is None:
                self._client = await self._opened.enter_async_context(self._open_client())
            return self._client

    async def aclose(self) -> None:
        await self._opened.aclose()
