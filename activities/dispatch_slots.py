"""Decides when the request for a bot is made: at its instant, or in a slot where the account's limit is exceeded.

Which slot a bot gets is worked out from Temporal's list of meetings, so that all workers agree without talking to
each other.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from temporalio.client import Client
from temporalio.service import RPCError

from activities.account_rate_limit import AccountRateLimit, NotYetError
from activities.dispatch_batches import Clock, DispatchBatches, ServerClock, Shutdown, WarmUp, WorkerShutdownError
from activities.send_attempt import Attempt
from minutekeeper.meetings.dispatch import BotDispatch, DispatchMode
from minutekeeper.meetings.dispatch_timing import AccountPace
from minutekeeper.providers.base import RateLimitedError
from minutekeeper.temporal.queries import IS_MEETING, IS_RUNNING

logger = logging.getLogger(__name__)


CountMeetings = Callable[[str], Awaitable[int]]

ListMeetings = Callable[[str], Awaitable[list[str]]]

REFRESH_INTERVAL = timedelta(seconds=5)
"""How long the size of a batch is cached, because meetings are booked and cancelled up to the last moment."""

_KEPT = timedelta(minutes=30)

_QUERY_TIMEOUT = timedelta(seconds=3)

_SLOWER_BY = 0.03

_LATER_AT_MOST_SECONDS = 1.5
"""Slots are a little wider than the limit requires, but the last one is delayed by no more than this."""

_AT_ONCE_SECONDS = 0.5
"""Bots that the account's limit allows within this time are sent at once, without slots."""


@dataclass
class _RateLimitedBatch:
    ranks: dict[str, int] = field(default_factory=dict)
    size: int | None = None
    asked: set[str] = field(default_factory=set)
    looked_at: datetime | None = None
    looking: asyncio.Task[None] | None = None


class AccountLimitQueue:
    """Assigns slots to bots of one instant that together exceed the account's limit.

    Each worker reads the meetings of the instant from Temporal's visibility store, in the order of their booking,
    and derives the same slots from it. A worker that crashes leaves nothing behind but unused slots.
    """

    def __init__(self, clock: Clock, count: CountMeetings, meetings: ListMeetings) -> None:
        self._clock = clock
        self._count = count
        self._meetings = meetings
        self._batches_by_second: dict[datetime, _RateLimitedBatch] = {}

    async def slot(
        self, workflow_id: str, start_time: datetime, call_at: datetime, per_second: float
    ) -> datetime | None:
        """The slot of a meeting's bot; None if all bots of its instant fit into the account's limit.

        Slots are centred on `call_at`, so that the middle one is on time. While the size of the batch is unknown,
        the slot is `call_at`.
        """
        second = start_time.replace(microsecond=0)
        batch = self._batches_by_second.setdefault(second, _RateLimitedBatch())
        now = self._clock.now()
        if batch.looked_at is None or now - batch.looked_at > REFRESH_INTERVAL:
            batch.looked_at = now
            self._forget(now)
            batch.looking = asyncio.create_task(self._look(batch, second, per_second, workflow_id))
        if batch.looking is not None and batch.size is None:
            # Only the first query is awaited, because a busy server may answer late.
            await asyncio.shield(batch.looking)
        batch.asked.add(workflow_id)
        if batch.size is None:
            return call_at
        # Meetings booked a moment ago ask for a slot before the visibility store counts them.
        if max(batch.size, len(batch.asked)) <= _AT_ONCE_SECONDS * per_second:
            return None
        interval = 1 / per_second + min(_SLOWER_BY / per_second, _LATER_AT_MOST_SECONDS / max(batch.size, 1))
        rank = batch.ranks.get(workflow_id, batch.size)
        return call_at + timedelta(seconds=(rank + 0.5 - batch.size / 2) * interval)

    async def _look(self, batch: _RateLimitedBatch, second: datetime, per_second: float, workflow_id: str) -> None:
        until = second + timedelta(seconds=1)
        query = (
            f"{IS_MEETING} AND {IS_RUNNING} "
            f'AND MeetingStart >= "{second.isoformat()}" AND MeetingStart < "{until.isoformat()}"'
        )
        try:
            size = await self._count(query)
            is_as_known = size == len(batch.ranks) and workflow_id in batch.ranks
            if size > _AT_ONCE_SECONDS * per_second and not is_as_known:
                batch.ranks = {name: rank for rank, name in enumerate(await self._meetings(query))}
            batch.size = size
        except RPCError as error:
            logger.warning("Temporal does not say how many meetings start at %s: %s", second, error.message)

    def _forget(self, now: datetime) -> None:
        old = [
            key
            for key, batch in self._batches_by_second.items()
            if batch.looked_at and now - batch.looked_at > _KEPT
        ]
        for key in old:
            del self._batches_by_second[key]


def open_account_limit_queue(client: Client, clock: Clock) -> AccountLimitQueue:
    async def count(query: str) -> int:
        return (await client.count_workflows(query, rpc_timeout=_QUERY_TIMEOUT)).count

    async def meetings(query: str) -> list[str]:
        found = [
            (each.start_time, each.id) async for each in client.list_workflows(query, rpc_timeout=_QUERY_TIMEOUT)
        ]
        return [name for _, name in sorted(found)]

    return AccountLimitQueue(clock, count, meetings)


_BACK_IN_HAND_SECONDS = 3.0
"""How long before its slot a returned activity is scheduled again."""

_PAUSE_SECONDS = 1.0
"""The pause after a refusal that does not say how long to wait."""


@dataclass(frozen=True)
class DispatchPacing:
    """What a worker's turns follow: time, the account's limit, and what is known of rushes.

    Without `queue`, all bots of an instant go at once, whatever the limit is. `limit` is that of the default
    provider, unless `paces` has it by name.
    """

    clock: Clock = field(default_factory=ServerClock)
    limit: AccountRateLimit = field(default_factory=AccountRateLimit)
    queue: AccountLimitQueue | None = None
    paces: Mapping[str, AccountPace] = field(default_factory=dict)


class DispatchSlots:
    """The turns of one worker at one provider."""

    def __init__(
        self,
        pacing: DispatchPacing,
        warm_up: WarmUp,
        shutdown: Shutdown,
        *,
        limit: AccountRateLimit | None = None,
    ) -> None:
        self._clock = pacing.clock
        self._limit = limit or pacing.limit
        self._batches_by_second = pacing.queue
        self._shutdown = shutdown
        self._batches = DispatchBatches(self._clock, warm_up, shutdown)

    @contextlib.asynccontextmanager
    async def slot(self, order: BotDispatch, workflow_id: str, attempt: Attempt) -> AsyncIterator[None]:
        """The body sends the order's bot. Raises WorkerShutdownError or NotYetError instead of running it."""
        slot = await self._slot(order, workflow_id, attempt)
        if slot is None and order.mode is DispatchMode.RESERVED and self._clock.now() < order.dispatch_at:
            async with self._batches.slot(order.dispatch_at):
                yield
            return
        await self._request(order, slot or order.dispatch_at, attempt)
        yield

    async def search(self, order: BotDispatch, attempt: Attempt) -> None:
        """Returns when the list of bots may be asked for."""
        await self._request(order, order.dispatch_at, attempt)

    def accepted(self) -> None:
        self._limit.accepted()

    async def refused(self, order: BotDispatch, attempt: Attempt, error: RateLimitedError) -> None:
        """Returns when a request that was refused for the limit's sake may be made again.

        Raises the error itself if that is too late for this attempt.
        """
        self._limit.refused()
        pause = _PAUSE_SECONDS if error.retry_after is None else error.retry_after
        if pause > attempt.patience:
            raise error
        await self._unless_stopping(asyncio.sleep(pause))
        await self._request(order, order.dispatch_at, attempt)

    async def _request(self, order: BotDispatch, wanted_at: datetime, attempt: Attempt) -> None:
        await self._unless_stopping(self._limit.acquire((order.start_time, wanted_at), attempt.patience))

    async def _slot(self, order: BotDispatch, workflow_id: str, attempt: Attempt) -> datetime | None:
        """The order's slot, once it has come; None if it has none."""
        is_wanted_at_once = order.requested_since is not None and order.dispatch_at <= order.requested_since
        if order.mode is not DispatchMode.RESERVED or self._batches_by_second is None or is_wanted_at_once:
            return None
        while rate := self._limit.of_account:
            slot = await self._batches_by_second.slot(workflow_id, order.start_time, order.dispatch_at, rate)
            if slot is None:
                return None
            now = self._clock.now()
            seconds = (slot - now).total_seconds()
            if seconds <= 0:
                return slot
            if seconds > attempt.patience:
                raise NotYetError(seconds - _BACK_IN_HAND_SECONDS)
            await self._unless_stopping(self._clock.sleep_until(min(slot, now + REFRESH_INTERVAL)))
        return None

    async def _unless_stopping(self, waiting: Coroutine[Any, Any, None]) -> None:
        """Waits, unless this worker has to stop. Raises WorkerShutdownError then."""
        task = asyncio.create_task(waiting)
        stopping = asyncio.ensure_future(self._shutdown())
        try:
            await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise WorkerShutdownError
            task.result()
        finally:
            task.cancel()
            stopping.cancel()
