"""Where worker and bridge spend their time while whole meetings are lived."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from devtools.benchmarks.booking import beginning_now, in_parallel
from devtools.benchmarks.context import Bench
from devtools.benchmarks.environment import samples_of
from devtools.benchmarks.histories import ended
from devtools.benchmarks.results import AccessFindings, Figure, plain
from devtools.benchmarks.sampled import SAMPLER
from minutekeeper.meetings.request import MeetingRequest

TITLE = "Where the time goes"

_SPEED = 120.0
_LIVES = 120
_PATIENCE_SECONDS = 60.0
_WRITTEN_SECONDS = 2.0
_LEAST_SHARE = 0.03
_PROCESSES = ("worker-1", "bridge")


async def measure(bench: Bench) -> AccessFindings:
    async with bench.stand("profile", speed=_SPEED, is_sampled=True) as stand:
        booked: set[str] = set()
        before = {name: _packages(samples_of(stand.folder, name)) for name in _PROCESSES}

        async def book(meeting: MeetingRequest) -> None:
            booked.add((await stand.meetings.start(meeting)).workflow_id)

        await in_parallel(book, beginning_now("pro", range(bench.many(_LIVES))))
        await ended(stand, booked, _PATIENCE_SECONDS)
        await asyncio.sleep(_WRITTEN_SECONDS)
        figures = [
            figure
            for name in _PROCESSES
            for figure in _shares(name, _packages(samples_of(stand.folder, name)) - before[name])
        ]
    return AccessFindings(
        figures=tuple(figures),
        notes=(
            "Shares of the CPU by the package whose code runs; Python's own library counts to whoever calls it.",
            "The server is not sampled: its share of the CPU is in the row `growth`.",
        ),
    )


def _packages(path: Path) -> Counter[str]:
    return Counter(json.loads(path.read_text())) if path.exists() else Counter()


def _shares(name: str, counted: Counter[str]) -> Iterator[Figure]:
    del counted[SAMPLER]
    total = counted.total()
    for package, seconds in counted.most_common():
        share = seconds / total
        if share >= _LEAST_SHARE:
            yield plain(f"{name}: {package}", 100 * share, "%")
