"""Sends all bots that are due at the same instant as one batch, on the Temporal server's clock.

Requests go out one by one; results are held back until the batch is sent, because reporting a result costs far
more than sending.
"""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

_AGREEMENT = timedelta(seconds=1)

_REMEMBERED_SECONDS = 600.0

_RUNS_ON_WHILE_SUSPENDED = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def elapsed_seconds() -> float:
    """Seconds that only grow, whatever is done to the wall clock, and also while the machine is suspended."""
    return time.clock_gettime(_RUNS_ON_WHILE_SUSPENDED)


class Clock(Protocol):
    def now(self) -> datetime:
        """The server's time (UTC)."""
        ...

    async def sleep_until(self, instant: datetime) -> None:
        """Returns at an instant (UTC) of the server's time, not before."""
        ...

    def hear(self, server_time: datetime) -> None:
        """Records what the server's time was a moment ago."""
        ...


class ServerClock:
    """Returns the server's time, because the timers of meetings and the timeouts of attempts run by it.

    Uses this machine's wall clock while the two agree within a second, because it is more exact. Otherwise uses the
    server's time as last reported, advanced by a monotonic clock.
    """

    def __init__(
        self,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
        elapsed: Callable[[], float] = elapsed_seconds,
    ) -> None:
        self._wall = wall
        self._elapsed = elapsed
        self._heard: deque[tuple[float, float]] = deque()
        """When a server time was reported, and that time minus `elapsed`: decreasing, newest last."""

    def now(self) -> datetime:
        wall = self._wall()
        if not self._heard:
            return wall
        server = datetime.fromtimestamp(self._elapsed() + self._heard[0][1], UTC)
        return wall if abs(wall - server) <= _AGREEMENT else server

    async def sleep_until(self, instant: datetime) -> None:
        while (seconds := (instant - self.now()).total_seconds()) > 0:  # noqa: ASYNC110 - for time itself
            await asyncio.sleep(seconds)

    def hear(self, server_time: datetime) -> None:
        """Keeps the report with the least delay, because a delay only makes a reported time older."""
        at = self._elapsed()
        offset = server_time.timestamp() - at
        while self._heard and self._heard[-1][1] <= offset:
            self._heard.pop()
        self._heard.append((at, offset))
        while at - self._heard[0][0] > _REMEMBERED_SECONDS:
            self._heard.popleft()


_WARM_UP_AHEAD = timedelta(seconds=3)

_EARLIEST = timedelta(seconds=0.23)

_APART = timedelta(milliseconds=0.5)
"""About the time that one request takes: a large batch begins early enough for its last request to be on time."""

_TOO_LATE_TO_ABANDON = timedelta(seconds=1)

_HELD_SECONDS = 3.0
"""How long results are held back, counted from the first request; far less than the server's timeout."""

WarmUp = Callable[[int], Awaitable[None]]

Shutdown = Callable[[], Awaitable[None]]


class WorkerShutdownError(Exception):
    """The worker shuts down early enough for another worker to send the bot."""


class DispatchBatches:
    """The batches of one worker, one for each instant.

    Args:
        warm_up: Opens connections for the given number of simultaneous requests.
        shutdown: Returns when the worker has to stop; called from within an activity.
    """

    def __init__(self, clock: Clock, warm_up: WarmUp, shutdown: Shutdown) -> None:
        self._clock = clock
        self._warm_up = warm_up
        self._shutdown = shutdown
        self._batches: dict[datetime, tuple[DispatchBatch, asyncio.Task[None]]] = {}

    @contextlib.asynccontextmanager
    async def slot(self, instant: datetime) -> AsyncIterator[None]:
        """Runs the body, which sends one bot, at an instant (UTC); at once if the instant has passed.

        Afterwards waits at most three seconds for the other bots of the instant, because processing a result costs
        far more than sending and would delay them. A cancellation ends only that wait, so that no result is lost.
        Raises WorkerShutdownError instead of running the body.
        """
        if self._clock.now() >= instant:
            yield
            return
        if instant not in self._batches:
            batch = DispatchBatch(instant)
            self._batches[instant] = batch, asyncio.create_task(self._lead(batch))
        async with self._batches[instant][0].slot():
            yield

    async def _lead(self, batch: "DispatchBatch") -> None:
        try:
            await batch.run(self._clock, self._warm_up, self._shutdown)
        finally:
            del self._batches[batch.instant]


class DispatchBatch:
    """All bots that one worker sends at one instant."""

    def __init__(self, instant: datetime) -> None:
        self.instant = instant
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._unsent = 0
        self._all_called = False
        self._over = asyncio.Event()

    @contextlib.asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """See `DispatchBatches.slot`."""
        self._unsent += 1
        try:
            if not self._all_called:
                called = asyncio.get_running_loop().create_future()
                self._waiting.append(called)
                await called
            yield
        finally:
            self._unsent -= 1
            self._end_if_all_sent()
        with contextlib.suppress(asyncio.CancelledError):
            await self._over.wait()

    async def run(self, clock: Clock, warm_up: WarmUp, shutdown: Shutdown) -> None:
        """Releases all waiting requests, or returns all of them to the server if the worker shuts down early."""
        stopping = asyncio.ensure_future(shutdown())
        calling = asyncio.create_task(self._release_all(clock, warm_up))
        sending = asyncio.create_task(self._over.wait())
        try:
            await asyncio.wait({stopping, calling}, return_when=asyncio.FIRST_COMPLETED)
            if calling.done() or self.instant - clock.now() <= _TOO_LATE_TO_ABANDON:
                await calling
                await asyncio.wait({stopping, sending}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (stopping, calling, sending):
                task.cancel()
            while self._waiting:
                self._answer(WorkerShutdownError())
            self._over.set()

    async def _release_all(self, clock: Clock, warm_up: WarmUp) -> None:
        await clock.sleep_until(self.instant - _WARM_UP_AHEAD)
        await warm_up(len(self._waiting))
        await clock.sleep_until(self.instant - _EARLIEST)
        asyncio.get_running_loop().call_later(_HELD_SECONDS, self._over.set)
        while self._waiting:
            await clock.sleep_until(self.instant - min(_EARLIEST, _APART * (len(self._waiting) - 1)))
            self._answer(None)
            # Lets this request be sent before the next one, and results be read in between.
            await asyncio.sleep(0)
        self._all_called = True
        self._end_if_all_sent()

    def _answer(self, error: Exception | None) -> None:
        called = self._waiting.popleft()
        if called.done():
            return
        if error is None:
            called.set_result(None)
        else:
            called.set_exception(error)

    def _end_if_all_sent(self) -> None:
        if self._all_called and not self._unsent:
            self._over.set()
