"""The connection to Temporal that all requests of a process share."""

import asyncio
import time
from datetime import timedelta

from temporalio.service import RPCError, RPCStatusCode

from starter.errors import TemporalUnreachableError
from starter.temporal_client import TemporalMeetingClient

_CHECK_SECONDS = 1.0
_CHECK_TIMEOUT = timedelta(seconds=3)
_BETWEEN_TRIES_SECONDS = 1.0
_SLOW_CHECKS = 2
"""So many checks in a row without an answer in time mean that Temporal is away; one may be a busy moment."""

_NO_ANSWER = frozenset({RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED})
_AWAY = "Temporal does not answer."


class SharedClient:
    """One connection, which is made when it is first needed: the process starts without a server.

    While Temporal is away, that is known from checks, so that no request waits for an answer that does not come.
    """

    def __init__(self) -> None:
        self._client: TemporalMeetingClient | None = None
        self._lock = asyncio.Lock()
        self._try_at = 0.0
        self._is_away = False
        self._slow = 0

    async def connected(self) -> TemporalMeetingClient:
        """The client. Raises TemporalUnreachableError, at once if that is known."""
        if self._is_away:
            raise TemporalUnreachableError(_AWAY)
        async with self._lock:
            if self._client is None:
                self._client = await self._connect()
            return self._client

    async def watch(self) -> None:
        """Checks whether Temporal answers until it is cancelled."""
        while True:
            await asyncio.sleep(_CHECK_SECONDS)
            if self._client is not None:
                self._is_away = not await self._answers(self._client)

    async def _connect(self) -> TemporalMeetingClient:
        if time.monotonic() < self._try_at:
            raise TemporalUnreachableError(_AWAY)
        try:
            return await TemporalMeetingClient.connect()
        except TemporalUnreachableError:
            self._try_at = time.monotonic() + _BETWEEN_TRIES_SECONDS
            raise

    async def _answers(self, client: TemporalMeetingClient) -> bool:
        try:
            is_serving = await client.temporal.service_client.check_health(timeout=_CHECK_TIMEOUT)
        except RPCError as error:
            if error.status in _NO_ANSWER:
                self._slow += 1
                return self._slow < _SLOW_CHECKS
            # A server that knows no such check, or refuses it, is there.
            return error.status is not RPCStatusCode.UNAVAILABLE
        self._slow = 0
        return is_serving
