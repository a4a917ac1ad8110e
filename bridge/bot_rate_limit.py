"""Limits the webhooks of one bot that reach its workflow, because each adds to the workflow's history."""

from collections import OrderedDict
from collections.abc import Callable
from time import monotonic

_BURST = 300
"""Webhooks of one bot that are accepted in a burst; a normal bot sends ten in total."""

_SECONDS_PER_WEBHOOK = 10.0
"""Afterwards: 1,800 in the five hours of the longest bot, where Temporal takes 10,000 signals for one workflow."""

_MAX_BOTS = 10_000


class BotRateLimit:
    """A token bucket for each of the bots that reported last."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._bots: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def admits(self, bot: str) -> bool:
        """Whether one more webhook of a bot is accepted; if so, it counts."""
        now = self._clock()
        left, since = self._bots.pop(bot, (float(_BURST), now))
        left = min(left + (now - since) / _SECONDS_PER_WEBHOOK, float(_BURST))
        is_admitted = left >= 1
        self._bots[bot] = (left - is_admitted, now)
        if len(self._bots) > _MAX_BOTS:
            self._bots.popitem(last=False)
        return is_admitted
