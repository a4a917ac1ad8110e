"""Which processes are struck, and when: a pure function of the seed."""

from collections.abc import Iterator
from itertools import cycle
from random import Random

from devtools.chaos.plan import Fault, FaultKind
from devtools.chaos.scale import Scale

SERVER = "temporal"
BRIDGE = "bridge"
WORKERS = ("worker-1", "worker-2")

_FIRST = 6.0
"""A run begins in peace, so that there is something to be struck."""

_AFTERMATH = 15.0
"""Nothing is struck around the outage: what follows a blow is to be told apart from what follows the outage."""


def plan_faults(seed: int, scale: Scale) -> list[Fault]:
    """All blows in order of time, spread over the window; in its middle there is no server at all."""
    rng = Random(f"blows {seed}")  # noqa: S311 - a plan to be repeated, no secret
    outage = Fault(scale.window * rng.uniform(0.4, 0.55), FaultKind.OUTAGE, SERVER, scale.outage)
    blows = list(_without_times(rng, scale))
    rng.shuffle(blows)
    # Workers take turns: one that is killed again and again at its start would be given up by its supervisor.
    workers = cycle(WORKERS)
    blows = [(kind, next(workers) if target in WORKERS else target) for kind, target in blows]
    quiet = scale.outage + 2 * min(_AFTERMATH, scale.outage)
    slot = (scale.window - _FIRST - quiet) / len(blows)
    planned = [outage]
    for number, (kind, target) in enumerate(blows):
        at = _FIRST + (number + rng.uniform(0, 0.7)) * slot
        if at > outage.at - min(_AFTERMATH, scale.outage):
            at += quiet
        seconds = rng.uniform(scale.shortest_freeze, scale.longest_freeze) if kind is FaultKind.FREEZE else 0.0
        planned.append(Fault(at, kind, target, seconds))
    return sorted(planned, key=lambda blow: blow.at)


def _without_times(rng: Random, scale: Scale) -> Iterator[tuple[FaultKind, str]]:
    for kind, target, count in (
        (FaultKind.KILL, rng.choice(WORKERS), scale.worker_kills),
        (FaultKind.FREEZE, rng.choice(WORKERS), scale.freezes),
        (FaultKind.KILL, SERVER, scale.server_kills),
        (FaultKind.KILL, BRIDGE, scale.bridge_kills),
    ):
        for _ in range(count):
            yield kind, target
