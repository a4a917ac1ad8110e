"""Rushes that are larger than the account's limit: which bot goes when, the same for all workers without a word."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from temporalio.client import Client
from temporalio.service import RPCError

from activities.clock import Clock
from minutekeeper.temporal.queries import IS_MEETING, IS_RUNNING

logger = logging.getLogger(__name__)

CountMeetings = Callable[[str], Awaitable[int]]
ListMeetings = Callable[[str], Awaitable[list[str]]]

LOOKED_AT_EVERY = timedelta(seconds=5)
"""How long what is known of a rush is relied on: meetings are booked and cancelled to the last moment."""
_KEPT = timedelta(minutes=30)
_PATIENCE = timedelta(seconds=3)
_SLOWER_BY = 0.03
_LATER_AT_MOST_SECONDS = 1.5
"""Slots are a little wider than the limit asks for, but the last one is not later than this for it."""
_AT_ONCE_SECONDS = 0.5
"""What the account may make in so many seconds is no rush."""


@dataclass
class _Rush:
    ranks: dict[str, int] = field(default_factory=dict)
    size: int | None = None
    asked: set[str] = field(default_factory=set)
    looked_at: datetime | None = None
    looking: asyncio.Task[None] | None = None


class Rushes:
    """The rushes that one worker has a part in.

    All meetings of an instant stand in Temporal's visibility store, in the order of their booking. Each worker
    reads that by itself and so knows the slot of each bot: a worker that dies leaves slots behind and nothing else.
    """

    def __init__(self, clock: Clock, count: CountMeetings, meetings: ListMeetings) -> None:
        self._clock = clock
        self._count = count
        self._meetings = meetings
        self._rushes: dict[datetime, _Rush] = {}

    async def slot(
        self, workflow_id: str, start_time: datetime, call_at: datetime, per_second: float
    ) -> datetime | None:
        """When the bot of a meeting goes if its instant is a rush; None if it is none.

        The slots lie around `call_at`, so that the middle one is on time. If nobody can say how large the rush is,
        the slot is `call_at`.
        """
        second = start_time.replace(microsecond=0)
        rush = self._rushes.setdefault(second, _Rush())
        now = self._clock.now()
        if rush.looked_at is None or now - rush.looked_at > LOOKED_AT_EVERY:
            rush.looked_at = now
            self._forget(now)
            rush.looking = asyncio.create_task(self._look(rush, second, per_second, workflow_id))
        if rush.looking is not None and rush.size is None:
            # Whoever knows something already does not wait: a busy server may take its time.
            await asyncio.shield(rush.looking)
        rush.asked.add(workflow_id)
        if rush.size is None:
            return call_at
        # What was booked a moment ago is not counted yet, but asks already.
        if max(rush.size, len(rush.asked)) <= _AT_ONCE_SECONDS * per_second:
            return None
        interval = 1 / per_second + min(_SLOWER_BY / per_second, _LATER_AT_MOST_SECONDS / max(rush.size, 1))
        rank = rush.ranks.get(workflow_id, rush.size)
        return call_at + timedelta(seconds=(rank + 0.5 - rush.size / 2) * interval)

    async def _look(self, rush: _Rush, second: datetime, per_second: float, workflow_id: str) -> None:
        until = second + timedelta(seconds=1)
        query = (
            f"{IS_MEETING} AND {IS_RUNNING} "
            f'AND MeetingStart >= "{second.isoformat()}" AND MeetingStart < "{until.isoformat()}"'
        )
        try:
            size = await self._count(query)
            is_as_known = size == len(rush.ranks) and workflow_id in rush.ranks
            if size > _AT_ONCE_SECONDS * per_second and not is_as_known:
                rush.ranks = {name: rank for rank, name in enumerate(await self._meetings(query))}
            rush.size = size
        except RPCError as error:
            logger.warning("Temporal does not say how many meetings start at %s: %s", second, error.message)

    def _forget(self, now: datetime) -> None:
        old = [key for key, rush in self._rushes.items() if rush.looked_at and now - rush.looked_at > _KEPT]
        for key in old:
            del self._rushes[key]


def rushes_of(client: Client, clock: Clock) -> Rushes:
    async def count(query: str) -> int:
        return (await client.count_workflows(query, rpc_timeout=_PATIENCE)).count

    async def meetings(query: str) -> list[str]:
        found = [(each.start_time, each.id) async for each in client.list_workflows(query, rpc_timeout=_PATIENCE)]
        return [name for _, name in sorted(found)]

    return Rushes(clock, count, meetings)
