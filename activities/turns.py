"""When the request for a bot is made: at its instant with all others, in its slot of a rush, or when it may."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from activities.account_limit import AccountLimit, NotYetError
from activities.attempt import Attempt
from activities.clock import Clock, ServerClock
from activities.rushes import LOOKED_AT_EVERY, Rushes
from activities.volley import HandedBackError, Shutdown, Volleys, WarmUp
from meetings.dispatch import DispatchMode, DispatchOrder
from providers.base import RateLimitedError

_BACK_IN_HAND_SECONDS = 3.0
"""How long before its slot a bot that was handed back is in a worker's hands again."""
_PAUSE_SECONDS = 1.0
"""After a refusal that names no pause."""


@dataclass(frozen=True)
class Pacing:
    """What a worker's turns follow: time, the account's limit, and what is known of rushes.

    Without `rushes`, all bots of an instant go at once, whatever the limit is.
    """

    clock: Clock = field(default_factory=ServerClock)
    limit: AccountLimit = field(default_factory=AccountLimit)
    rushes: Rushes | None = None


class Turns:
    """The turns of one worker."""

    def __init__(self, pacing: Pacing, warm_up: WarmUp, shutdown: Shutdown) -> None:
        self._clock = pacing.clock
        self._limit = pacing.limit
        self._rushes = pacing.rushes
        self._shutdown = shutdown
        self._volleys = Volleys(self._clock, warm_up, shutdown)

    @contextlib.asynccontextmanager
    async def turn(self, order: DispatchOrder, workflow_id: str, attempt: Attempt) -> AsyncIterator[None]:
        """The body sends the order's bot. Raises HandedBackError or NotYetError instead of running it."""
        slot = await self._slot(order, workflow_id, attempt)
        if slot is None and order.mode is DispatchMode.RESERVED and self._clock.now() < order.call_at:
            async with self._volleys.turn(order.call_at):
                yield
            return
        await self._request(order, slot or order.call_at, attempt)
        yield

    async def search(self, order: DispatchOrder, attempt: Attempt) -> None:
        """Returns when the list of bots may be asked for."""
        await self._request(order, order.call_at, attempt)

    def accepted(self) -> None:
        self._limit.accepted()

    async def refused(self, order: DispatchOrder, attempt: Attempt, error: RateLimitedError) -> None:
        """Returns when a request that was refused for the limit's sake may be made again.

        Raises the error itself if that is too late for this attempt.
        """
        self._limit.refused()
        pause = _PAUSE_SECONDS if error.retry_after is None else error.retry_after
        if pause > attempt.patience:
            raise error
        await self._unless_stopping(asyncio.sleep(pause))
        await self._request(order, order.call_at, attempt)

    async def _request(self, order: DispatchOrder, wanted_at: datetime, attempt: Attempt) -> None:
        await self._unless_stopping(self._limit.turn((order.start_time, wanted_at), attempt.patience))

    async def _slot(self, order: DispatchOrder, workflow_id: str, attempt: Attempt) -> datetime | None:
        """The order's slot, once it has come; None if it has none."""
        if order.mode is not DispatchMode.RESERVED or self._rushes is None:
            return None
        while rate := self._limit.of_account:
            slot = await self._rushes.slot(workflow_id, order.start_time, order.call_at, rate)
            if slot is None:
                return None
            now = self._clock.now()
            seconds = (slot - now).total_seconds()
            if seconds <= 0:
                return slot
            if seconds > attempt.patience:
                raise NotYetError(seconds - _BACK_IN_HAND_SECONDS)
            await self._unless_stopping(self._clock.sleep_until(min(slot, now + LOOKED_AT_EVERY)))
        return None

    async def _unless_stopping(self, waiting: Coroutine[Any, Any, None]) -> None:
        """Waits, unless this worker has to stop. Raises HandedBackError then."""
        task = asyncio.create_task(waiting)
        stopping = asyncio.ensure_future(self._shutdown())
        try:
            await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise HandedBackError
            task.result()
        finally:
            task.cancel()
            stopping.cancel()
