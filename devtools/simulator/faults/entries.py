"""An order on its way from being given to being spent."""

import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from devtools.simulator.faults.chance import fraction
from devtools.simulator.faults.control_models import Order
from devtools.simulator.faults.targets import Target, fits
from devtools.simulator.state import now


@dataclass
class Entry:
    """An order with its fate; `ends` on the monotonic clock. `met` counts what it fitted, by identity."""

    id: str
    order: Order
    ends: float
    ordered_at: datetime = field(default_factory=now)
    injected: int = 0
    met: Counter[tuple[str, ...]] = field(default_factory=Counter)

    @property
    def spent(self) -> bool:
        return self.injected == self.order.times or time.monotonic() >= self.ends

    def wants(self, target: Target, seed: int) -> bool:
        """Whether the target is in the share: a function of the seed and of how often it was met before."""
        if not fits(self.order, target):
            return False
        self.met[target.identity] += 1
        return self.order.share == 1 or fraction(*self.lot(target, seed)) < self.order.share

    def lot(self, target: Target, seed: int) -> tuple[object, ...]:
        """What decides the target's fate."""
        return (seed, self.id, *target.identity, self.met[target.identity])

    def describe(self) -> dict[str, Any]:
        fate = {"id": self.id, "ordered_at": self.ordered_at, "injected": self.injected}
        return fate | self.order.model_dump(mode="json")
