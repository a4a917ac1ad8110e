"""How late bots were called: the first request for each as it reached the provider, against when it was due."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from devtools.benchmarks.provider import Ledger, SimulatedProvider

_LOOK_SECONDS = 2.0
_PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class Calls:
    """What the provider had written down `until` then."""

    ledger: Ledger
    until: datetime

    def late(self, due: Mapping[str, datetime]) -> list[float]:
        """Seconds for each link of `due`, negative if early. Who was not called was so late at least."""
        arrivals = self.ledger.arrivals()
        return [(arrivals.get(link, self.until) - instant).total_seconds() for link, instant in due.items()]

    def missing(self, due: Mapping[str, datetime]) -> int:
        """Bots that were never called."""
        return len(due.keys() - self.ledger.arrivals().keys())


async def calls(provider: SimulatedProvider, due: Mapping[str, datetime]) -> Calls:
    """What was called once that is all of `due`, or a minute later."""
    deadline = asyncio.get_running_loop().time() + _PATIENCE_SECONDS
    while True:
        found = Calls(await provider.ledger(), datetime.now(UTC))
        if not found.missing(due) or asyncio.get_running_loop().time() > deadline:
            return found
        await asyncio.sleep(_LOOK_SECONDS)
