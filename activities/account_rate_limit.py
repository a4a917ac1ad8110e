"""Keeps the requests of one worker within the account's rate limit, in the order of their importance."""

import asyncio
import logging
import math
from bisect import insort
from collections import deque
from collections.abc import Callable
from datetime import datetime
from itertools import count

from activities.dispatch_batches import elapsed_seconds

logger = logging.getLogger(__name__)

Importance = tuple[datetime, datetime]
"""The start of the meeting and the dispatch time of its bot: the earliest is the most important."""

_WINDOW_SECONDS = 2.0
_DOUBLED_AFTER_SECONDS = 60.0
_LONG_AGO = 20
_FORGOTTEN_AT = 1000.0
_LESS = 0.8
_SEVERAL, _MANY = 3, 0.5
"""The least refusals in the window, absolute and per accepted request, because delayed requests cause a few."""
_SPACED = 1.005
_CAUGHT_UP = 0.2
"""The share of an interval by which a request may be late without delaying the next one."""


class NotYetError(Exception):
    """The rate limit allows the request in `seconds`, which is longer than the caller can wait."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"the account's limit lets this request through in {seconds:.0f} s")
        self.seconds = seconds


class AccountRateLimit:
    """Allows `per_second` requests, evenly spaced; 0 means no limit.

    Learns a lower or unknown limit from the responses: it is the number of requests that were accepted in seconds
    with many refusals. In this way, workers that share an account come to share its limit. A learned limit doubles
    every minute without a refusal, until it is discarded.
    """

    def __init__(
        self, per_second: float = 0.0, now: Callable[[], float] = elapsed_seconds, name: str = "The provider"
    ) -> None:
        self._name = name
        self._configured = per_second
        self._learned = 0.0
        self._now = now
        self._accepted: deque[float] = deque()
        self._refused: deque[float] = deque()
        self._busy_since = self._accepted_at = self._refused_at = self._next_at = 0.0
        self._numbers = count()
        self._waiting: list[tuple[Importance, int, asyncio.Future[None]]] = []
        self._letting_through: asyncio.Task[None] | None = None

    @property
    def of_account(self) -> float:
        """What all workers may ask for together in a second, as far as it is known."""
        return self._configured or self.per_second

    @property
    def per_second(self) -> float:
        if not self._learned:
            return self._configured
        minutes = min(int((self._now() - self._refused_at) / _DOUBLED_AFTER_SECONDS), _LONG_AGO)
        learned = self._learned * 2**minutes
        return learned if learned < (self._configured or _FORGOTTEN_AT) else self._configured

    async def acquire(self, importance: Importance, patience: float) -> None:
        """Returns when a request may be made. Raises NotYetError at once if that is `patience` seconds away."""
        if not (rate := self.per_second):
            return
        entry = (importance, next(self._numbers), asyncio.get_running_loop().create_future())
        ahead = sum(1 for other in self._waiting if other[:2] < entry[:2])
        seconds = max(self._next_at - self._now(), 0.0) + ahead / rate
        if seconds > patience:
            raise NotYetError(seconds)
        insort(self._waiting, entry)
        if self._letting_through is None or self._letting_through.done():
            self._letting_through = asyncio.create_task(self._let_through())
        try:
            async with asyncio.timeout(None if math.isinf(patience) else max(patience, 0.0)):
                await entry[2]
        except TimeoutError:
            # The rate was lowered meanwhile.
            raise NotYetError((ahead + 1) / (self.per_second or rate)) from None
        finally:
            if not entry[2].done() or entry[2].cancelled():
                self._waiting = [other for other in self._waiting if other is not entry]

    def accepted(self) -> None:
        """A request was not refused for the limit's sake."""
        now = self._now()
        if now - self._accepted_at > _WINDOW_SECONDS:
            self._busy_since = now
        self._accepted_at = now
        self._accepted.append(now)
        _drop_old(self._accepted, now)

    def refused(self) -> None:
        """A request was refused for the limit's sake."""
        now, rate = self._now(), self.per_second
        self._refused_at = now
        self._refused.append(now)
        _drop_old(self._accepted, now)
        _drop_old(self._refused, now)
        accepted = len(self._accepted)
        seconds = min(max(now - self._busy_since, 1.0), _WINDOW_SECONDS)
        is_measured = accepted > 0 and len(self._refused) >= max(_SEVERAL, _MANY * accepted)
        is_long_enough = not rate or seconds == _WINDOW_SECONDS
        if is_measured and is_long_enough and (not rate or accepted / seconds < _LESS * rate):
            # By half at most, because few requests are accepted while a machine is too busy to make them.
            self._learned = max(accepted / seconds, rate / 2)
            self._busy_since = now
            self._accepted.clear()
            self._refused.clear()
            logger.warning(
                "%s takes %.1f requests a second of this worker; %g are set for it",
                self._name,
                self._learned,
                self._configured,
            )

    async def _let_through(self) -> None:
        self._next_at = max(self._next_at, self._now())
        while self._waiting:
            if (seconds := self._next_at - self._now()) > 0:
                await asyncio.sleep(seconds)
                continue
            interval = _SPACED / self.per_second if self.per_second else 0.0
            self._next_at = max(self._next_at, self._now() - _CAUGHT_UP * interval) + interval
            called = self._waiting.pop(0)[2]
            if not called.done():
                called.set_result(None)


def _drop_old(times: deque[float], now: float) -> None:
    """Leaves those of the window."""
    while times and now - times[0] > _WINDOW_SECONDS:
        times.popleft()
