"""A sliding window over the calls of one key."""

import math
import time
from collections import deque
from typing import Literal


class RateLimit:
    """At most `limit` calls within `window` real seconds."""

    def __init__(self, limit: int, window: float) -> None:
        self._limit = limit
        self._window = window
        self._calls: deque[float] = deque()

    def take(self) -> bool:
        """Count a call, unless the window is full."""
        moment = time.time()
        while self._calls and self._calls[0] <= moment - self._window:
            self._calls.popleft()
        if len(self._calls) == self._limit:
            return False
        self._calls.append(moment)
        return True

    @property
    def free_in(self) -> float:
        """Real seconds until the oldest call drops out of the window."""
        return self._calls[0] + self._window - time.time() if self._calls else 0

    def headers(self, reset: Literal["seconds", "epoch"]) -> dict[str, str]:
        """How the window stands; `reset` is when its oldest call drops out."""
        free_at = time.time() + self.free_in
        return {
            "X-RateLimit-Limit": str(self._limit),
            "X-RateLimit-Remaining": str(self._limit - len(self._calls)),
            "X-RateLimit-Reset": str(math.ceil(free_at if reset == "epoch" else self.free_in)),
        }
