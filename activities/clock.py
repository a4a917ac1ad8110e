"""The Temporal server's time on this machine, and waiting for an exact instant of it."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
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
        """Takes in what the server's time was a moment ago."""
        ...


class ServerClock:
    """Tells the server's time, because meetings wake up and attempts run out by it.

    That is this machine's wall clock while the two agree within a second, because it is the more exact one.
    Otherwise it is the server's own time as last heard, counted on by a clock that nobody sets.
    """

    def __init__(
        self,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
        elapsed: Callable[[], float] = elapsed_seconds,
    ) -> None:
        self._wall = wall
        self._elapsed = elapsed
        self._heard: deque[tuple[float, float]] = deque()
        """When something was heard, and the server's time minus `elapsed` then: falling, newest last."""

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
        """Of several times the one that took least to arrive counts: delay only ever makes them older."""
        at = self._elapsed()
        offset = server_time.timestamp() - at
        while self._heard and self._heard[-1][1] <= offset:
            self._heard.pop()
        self._heard.append((at, offset))
        while at - self._heard[0][0] > _REMEMBERED_SECONDS:
            self._heard.popleft()
