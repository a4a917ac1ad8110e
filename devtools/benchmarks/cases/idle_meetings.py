"""Thousands of meetings that sleep: what they take while nothing happens, and how soon a new worker serves them."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from temporalio.service import RPCError

from devtools.benchmarks.booking import called_at, in_parallel, whole_second
from devtools.benchmarks.context import Bench
from devtools.benchmarks.database import database_bytes, index_bytes
from devtools.benchmarks.environment import BenchmarkEnvironment
from devtools.benchmarks.processes import usage, watching
from devtools.benchmarks.results import AccessFindings, Curve, Figure, Plot, at_most, plain

TITLE = "Sleepers"
ON_DISK = "on disk, each"
BOOKING_CPU = "CPU of a booking,"
"""And whose CPU it is."""

_MEETINGS = 10_000
_FAR_AHEAD = 86_400.0
_CALM_SHARE = 0.08
_CALM_LOOK_SECONDS = 3.0
_CALM_PATIENCE_SECONDS = 180.0
_IDLE_SECONDS = 10.0
_QUERY_LIMIT = timedelta(seconds=10)
_KIB, _MIB = 1024, 1024 * 1024


async def measure(bench: Bench) -> AccessFindings:
    count = bench.many(_MEETINGS)
    meetings = called_at(whole_second(_FAR_AHEAD), "own", range(count))
    async with bench.stand("sleepers") as stand, watching(stand.crew.groups) as watch:
        await _calm(stand)
        before = _Moment.of(stand)
        seconds = await in_parallel(stand.meetings.start, meetings)
        await _calm(stand)
        now = _Moment.of(stand)
        worker = _memory(stand, "worker-1")
        idle = await _idle_cpu(stand)
        restarted = await _restart(stand, count)
    figures = [
        *_shares_of_disk(before, now, count),
        plain("server memory, each", (now.server - before.server) / count / _KIB, "KiB"),
        at_most("worker memory", worker / _MIB, "MiB", 200),
        *(at_most(f"idle CPU of {name}", 100 * share, "%", 5) for name, share in sorted(idle.items())),
        *(
            plain(f"{BOOKING_CPU} {name}", 1000 * (now.cpu[process] - before.cpu[process]) / count, "ms")
            for name, process in (("temporal", "temporal"), ("worker", "worker-1"))
        ),
        plain("a restarted worker serves after", restarted, "s"),
    ]
    curves = tuple(
        Curve(name=name, points=tuple((at, size / _MIB) for at, size in seen))
        for name, seen in watch.memory.items()
    )
    return AccessFindings(
        figures=tuple(figures),
        notes=(
            f"{count} meetings, booked in {seconds:.0f} s. Idle CPU is that of one core, over {_IDLE_SECONDS:g} s.",
            "A booking is counted until the meeting sleeps. The indexes are the server's own, one for each search",
            "attribute that there could be, filled or not.",
        ),
        curves={Plot.MEMORY: curves},
    )


@dataclass(frozen=True)
class _Moment:
    """Bytes on the disk, those of indexes if they can be told, bytes of the server's memory; CPU by process."""

    disk: int
    indexes: int | None
    server: int
    cpu: dict[str, float]

    @classmethod
    def of(cls, stand: BenchmarkEnvironment) -> Self:
        path = stand.folder.database
        return cls(database_bytes(path), index_bytes(path), _memory(stand, "temporal"), _cpu(stand))


def _shares_of_disk(before: _Moment, now: _Moment, count: int) -> Iterator[Figure]:
    yield at_most(ON_DISK, (now.disk - before.disk) / count / _KIB, "KiB", 25)
    if now.indexes is not None and before.indexes is not None:
        yield plain("of that, indexes for searches", (now.indexes - before.indexes) / count / _KIB, "KiB")


async def _calm(stand: BenchmarkEnvironment) -> None:
    """Returns once the processes have done what they had to do, or after three minutes of waiting for that."""
    deadline = time.monotonic() + _CALM_PATIENCE_SECONDS
    while time.monotonic() < deadline:
        before = _cpu(stand)
        await asyncio.sleep(_CALM_LOOK_SECONDS)
        if all(now - before[name] < _CALM_SHARE * _CALM_LOOK_SECONDS for name, now in _cpu(stand).items()):
            return


async def _idle_cpu(stand: BenchmarkEnvironment) -> dict[str, float]:
    before = _cpu(stand)
    await asyncio.sleep(_IDLE_SECONDS)
    return {name: (now - before[name]) / _IDLE_SECONDS for name, now in _cpu(stand).items()}


async def _restart(stand: BenchmarkEnvironment, count: int) -> float:
    """Seconds from starting a worker, with none there, until it answers for ten meetings of all."""
    booked = [each.id async for each in stand.client.list_workflows("ExecutionStatus = 'Running'", limit=10)]
    await stand.crew.stop("worker-1")
    began = time.monotonic()
    starting = asyncio.create_task(stand.start_worker(2))
    await asyncio.gather(*(_answer(stand, workflow_id) for workflow_id in booked[:count]))
    took = time.monotonic() - began
    await starting
    return took


async def _answer(stand: BenchmarkEnvironment, workflow_id: str) -> None:
    while True:
        try:
            await stand.client.get_workflow_handle(workflow_id).query("status", rpc_timeout=_QUERY_LIMIT)
        except RPCError:
            continue
        return


def _cpu(stand: BenchmarkEnvironment) -> dict[str, float]:
    return {name: usage(group).cpu for name, group in stand.crew.groups().items()}


def _memory(stand: BenchmarkEnvironment, name: str) -> int:
    return usage(stand.crew.groups()[name]).memory
