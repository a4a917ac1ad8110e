"""Limits how many requests a key of the API may send, an address without one, or a visitor of the pages."""

import math
from collections import OrderedDict
from collections.abc import Callable
from time import monotonic

_BURST = 40
_PER_SECOND = 20.0
_MOST_KEYS = 10_000


class KeyRateLimit:
    """A token bucket for each of the keys that were used last."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._keys: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_for(self, name: str, count: int = 1) -> int:
        """Seconds until so many more requests are taken; 0 if they are taken now, which counts."""
        now = self._clock()
        left, since = self._keys.pop(name, (float(_BURST), now))
        left = min(left + (now - since) * _PER_SECOND, float(_BURST))
        is_admitted = left >= count
        self._keys[name] = (left - count * is_admitted, now)
        if len(self._keys) > _MOST_KEYS:
            self._keys.popitem(last=False)
        return 0 if is_admitted else max(math.ceil((count - left) / _PER_SECOND), 1)
