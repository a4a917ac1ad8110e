"""Telling a slow server from one that only keeps a connection busy."""

import time

from activities.source import SetbackError


class Pace:
    """A stopwatch that runs only while a server is waited for, beginning now.

    Fewer than `least_rate` bytes a second in some `seconds` of waiting are too few.
    """

    def __init__(self, least_rate: int, seconds: float) -> None:
        self._least_rate = least_rate
        self._seconds = seconds
        self._waited = 0.0
        self._received = 0
        self._waiting_since = time.monotonic()

    def received(self, size: int) -> None:
        """Stops the watch. Raises SetbackError."""
        self._waited += time.monotonic() - self._waiting_since
        self._received += size
        if self._waited < self._seconds:
            return
        if self._received < self._least_rate * self._waited:
            raise SetbackError(f"the server sends fewer than {self._least_rate} bytes a second")
        self._waited, self._received = 0.0, 0

    def wait(self) -> None:
        """Starts the watch again."""
        self._waiting_since = time.monotonic()
