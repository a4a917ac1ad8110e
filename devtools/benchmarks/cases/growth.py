"""More workers and more meetings: how many whole lives a second, what limits them, and a whole day in a minute."""

import asyncio

from devtools.benchmarks.booking import beginning_now
from devtools.benchmarks.context import Bench
from devtools.benchmarks.database import database_bytes
from devtools.benchmarks.end_to_end import EndToEndRuns, lived
from devtools.benchmarks.measure import per_second, ratio
from devtools.benchmarks.office_day import live_through
from devtools.benchmarks.results import AccessFindings, Curve, Plot, plain

TITLE = "Growth"
MEETING_CPU = "CPU of a meeting,"
"""And whose CPU it is."""
ENDED_ON_DISK = "on disk, an ended meeting"

_SPEED = 120.0
_STEPS = ((1, "one"), (2, "two"), (4, "fou"))
"""Worker processes, and the series of links of the meetings that they are given."""
_LIVES = 80
_DAY_MEETINGS = 100_000
_SAMPLED = 100
_DAY_SECONDS = 30.0
_PATIENCE_SECONDS = 45.0
_CURVE_SECONDS = 1.0
_KIB = 1024


async def measure(bench: Bench) -> AccessFindings:
    size = bench.many(_LIVES)
    lives: dict[int, EndToEndRuns] = {}
    async with bench.stand("growth", speed=_SPEED) as stand:
        before = database_bytes(stand.folder.database)
        running = 1
        for workers, series in _STEPS:
            await asyncio.gather(*(stand.start_worker(number + 1) for number in range(running, workers)))
            running = workers
            lives[workers] = await lived(stand, beginning_now(series, range(size)), _PATIENCE_SECONDS)
        disk = (database_bytes(stand.folder.database) - before) / (len(lives) * size)
        day = await live_through(stand, bench.many(_SAMPLED), _DAY_SECONDS, _PATIENCE_SECONDS)
    first = lives[1]
    figures = [
        figure
        for workers, each in lives.items()
        for figure in (
            plain(f"{_workers(workers)}: whole meetings", each.rate, "/s"),
            plain(f"{_workers(workers)}: of one worker's rate", ratio(each.rate, first.rate), "times"),
            plain(f"{_workers(workers)}: cores busy", each.busy, ""),
            plain(f"{_workers(workers)}: not ended", each.still_open, "meetings"),
        )
    ]
    figures += [plain(f"{MEETING_CPU} {kind}", 1000 * seconds, "ms") for kind, seconds in sorted(first.cpu.items())]
    density = (len(day.due) / _DAY_SECONDS) / (_DAY_MEETINGS / 86_400)
    return AccessFindings(
        figures=(*figures, plain(ENDED_ON_DISK, disk / _KIB, "KiB"), *day.figures()),
        notes=(
            f"{size} meetings at once that live {_SPEED:g} times faster than real ones, all on the same cores.",
            f"The day: {len(day.due)} of {_DAY_MEETINGS:,} meetings in {_DAY_SECONDS:g} s.",
            f"So it has {density:.1f} times as many meetings a second as the real one.",
        ),
        curves={
            Plot.THROUGHPUT: (
                *day.curves(),
                *(
                    Curve(name=f"{_workers(workers)}: ended", points=per_second(each.ends, _CURVE_SECONDS))
                    for workers, each in lives.items()
                ),
            )
        },
    )


def _workers(count: int) -> str:
    return f"{count} workers" if count > 1 else "1 worker"
