"""Limits how many requests wait for a change, because each of them asks Temporal again and again."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from web.api.problems import ProblemCode, ProblemError

MOST_OF_KEY = 20
_MOST = 200
_RETRY_SECONDS = 5


class WaitingRequests:
    """Those of one process."""

    def __init__(self) -> None:
        self._of_key: Counter[str] = Counter()

    @contextmanager
    def one_of(self, key: str) -> Iterator[None]:
        """Counts a request of a key while it waits. Raises ProblemError if too many wait already."""
        if self._of_key[key] >= MOST_OF_KEY:
            raise _too_many(f"{MOST_OF_KEY} requests of this key wait already.")
        if self._of_key.total() >= _MOST:
            raise _too_many(f"{_MOST} requests wait already.")
        self._of_key[key] += 1
        try:
            yield
        finally:
            self._of_key[key] -= 1
            if not self._of_key[key]:
                del self._of_key[key]


def _too_many(detail: str) -> ProblemError:
    return ProblemError(ProblemCode.TOO_MANY_REQUESTS, detail, retry_after=_RETRY_SECONDS)
