"""Which processes are killed, frozen and kept down, and when: a pure function of the seed."""

from collections.abc import Iterator, Sequence
from itertools import count as counting
from itertools import cycle
from random import Random

from devtools.chaos.plan import ProcessFault, ProcessFaultKind
from devtools.chaos.scale import Scale

SERVER = "temporal"
BRIDGE = "bridge"
WORKERS = ("worker-1", "worker-2")

_FIRST = 6.0
"""A run begins in peace, so that there is something to break."""

_TOO_SOON = 12.0
"""An end so many seconds after a start counts against a process; some of them are its start itself."""

_AFTERMATH = 15.0
"""No process is stopped around the outage, so that its consequences can be told apart from those of others."""


def plan_process_faults(seed: int, scale: Scale) -> list[ProcessFault]:
    """All faults of processes in order of time, spread over the window; in its middle there is no server at all."""
    for attempt in counting():
        rng = Random(f"process faults {seed} {attempt}")  # noqa: S311 - a plan to be repeated, no secret
        planned = _draw(rng, scale)
        if not any(_makes_supervisor_give_up(planned, target) for target in (*WORKERS, SERVER, BRIDGE)):
            return planned
    raise AssertionError


def _draw(rng: Random, scale: Scale) -> list[ProcessFault]:
    outage = ProcessFault(scale.window * rng.uniform(0.4, 0.55), ProcessFaultKind.OUTAGE, SERVER, scale.outage)
    drawn = list(_without_times(rng, scale))
    rng.shuffle(drawn)
    # Workers take turns, because one that is killed again and again at its start is given up by its supervisor.
    workers = cycle(WORKERS)
    drawn = [(kind, next(workers) if target in WORKERS else target) for kind, target in drawn]
    quiet = scale.outage + 2 * min(_AFTERMATH, scale.outage)
    slot = (scale.window - _FIRST - quiet) / len(drawn)
    planned = [outage]
    for number, (kind, target) in enumerate(drawn):
        at = _FIRST + (number + rng.uniform(0, 0.7)) * slot
        if at > outage.at - min(_AFTERMATH, scale.outage):
            at += quiet
        is_freeze = kind is ProcessFaultKind.FREEZE
        seconds = rng.uniform(scale.shortest_freeze, scale.longest_freeze) if is_freeze else 0.0
        planned.append(ProcessFault(at, kind, target, seconds))
    return sorted(planned, key=lambda fault: fault.at)


def _makes_supervisor_give_up(planned: Sequence[ProcessFault], target: str) -> bool:
    """Whether a process ends four times in a row soon after a start, as if it could not run at all."""
    ends = [fault.at for fault in planned if fault.target == target and fault.kind is not ProcessFaultKind.FREEZE]
    return any(fourth - first < 3 * _TOO_SOON for first, fourth in zip(ends, ends[3:], strict=False))


def _without_times(rng: Random, scale: Scale) -> Iterator[tuple[ProcessFaultKind, str]]:
    for kind, target, count in (
        (ProcessFaultKind.KILL, rng.choice(WORKERS), scale.worker_kills),
        (ProcessFaultKind.FREEZE, rng.choice(WORKERS), scale.freezes),
        (ProcessFaultKind.KILL, SERVER, scale.server_kills),
        (ProcessFaultKind.KILL, BRIDGE, scale.bridge_kills),
    ):
        for _ in range(count):
            yield kind, target
