"""Webhooks as the provider's bots send them, made here so that their rate can be chosen."""

import asyncio
import gc
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count, cycle
from urllib.parse import unquote, urlsplit

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from devtools.benchmarks.booking import beginning_now, in_parallel
from devtools.benchmarks.environment import BenchmarkEnvironment
from devtools.benchmarks.provider import Bot

_PATIENCE_SECONDS = 120.0
_LOOK_SECONDS = 0.5
_CODES = ("recording_paused", "recording_resumed")
"""Two that may follow each other for ever, and change what people see each time."""


@dataclass(frozen=True)
class Delivery:
    """One webhook that nobody has sent before; `number` makes it so."""

    bot: Bot
    number: int
    created_at: datetime

    @property
    def code(self) -> str:
        return _CODES[self.number % 2]

    @property
    def url(self) -> str:
        return str(self.bot.webhook_url)

    @property
    def workflow_id(self) -> str:
        """The workflow that the address names."""
        return unquote(urlsplit(self.url).path.split("/")[3])

    @property
    def body(self) -> bytes:
        status = {"code": self.code, "created_at": self.created_at.isoformat()}
        data = {"bot_id": self.bot.id, "status": status}
        return json.dumps({"event": "bot.status_change", "data": data}).encode()


class Deliveries:
    """Deliveries to the bots of running meetings, turn by turn."""

    def __init__(self, bots: list[Bot]) -> None:
        self._bots = cycle(bots)
        self._numbers = count()
        self._rounds = len(bots)

    def next(self) -> Delivery:
        number = next(self._numbers)
        return Delivery(next(self._bots), number // self._rounds, datetime.now(UTC))


async def meetings_under_way(stand: BenchmarkEnvironment, series: str, size: int) -> list[Bot]:
    """Meetings that have a bot, and whose bots say nothing by themselves."""
    await stand.provider.script("silent")
    meetings = beginning_now(series, range(size))
    await in_parallel(stand.meetings.start, meetings)
    links = {meeting.meeting_url for meeting in meetings}
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        bots = [bot for bot in (await stand.provider.ledger()).bots if bot.meeting_url in links]
        if len(bots) == size:
            return bots
        if time.monotonic() > deadline:
            raise TimeoutError(f"only {len(bots)} of {size} bots were sent within {_PATIENCE_SECONDS:g} s")
        await asyncio.sleep(_LOOK_SECONDS)


async def all_arrived(client: Client, accepted: Counter[str]) -> None:
    """Returns when the history of each workflow holds as many signals as were accepted for it, by its id.

    What Temporal was too busy for arrives a moment later. Raises TimeoutError if something does not arrive, or has
    arrived twice.
    """
    deadline = time.monotonic() + _PATIENCE_SECONDS
    differing = dict(accepted)

    async def look(workflow_id: str) -> None:
        if await _signals(client, workflow_id) == accepted[workflow_id]:
            del differing[workflow_id]

    while differing:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{len(differing)} workflows have more or fewer signals than were accepted for them")
        await in_parallel(look, list(differing))


async def _signals(client: Client, workflow_id: str) -> int:
    history = await client.get_workflow_handle(workflow_id).fetch_history()
    return sum(each.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED for each in history.events)


@contextmanager
def _nothing_old_collected() -> Iterator[None]:
    """Looking through all that this process has loaded takes longer than many an answer, and would count as one."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


async def as_fast_as_possible(act: Callable[[], Awaitable[None]], *, senders: int, seconds: float) -> float:
    """How many a second so many senders get done, each of which waits for its answers."""
    done = 0
    ends = 0.0

    async def send() -> None:
        nonlocal done
        while time.monotonic() < ends:
            await act()
            done += 1

    with _nothing_old_collected():
        began = time.monotonic()
        ends = began + seconds
        async with asyncio.TaskGroup() as tasks:
            for _ in range(senders):
                tasks.create_task(send())
    return done / (time.monotonic() - began)


async def at_a_rate(act: Callable[[], Awaitable[None]], *, rate: float, seconds: float) -> list[float]:
    """The seconds that each took, begun so many times a second whether the ones before are done or not.

    Counted from when it should have begun, so that a queue in the sender counts as well.
    """
    took: list[float] = []

    async def one(due: float) -> None:
        await act()
        took.append(time.monotonic() - due)

    with _nothing_old_collected():
        began = time.monotonic()
        async with asyncio.TaskGroup() as tasks:
            for number in range(round(rate * seconds)):
                due = began + number / rate
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                tasks.create_task(one(due))
    return took
