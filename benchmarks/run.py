"""A run: every row or one, each shown as soon as it is done."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.document import filled
from benchmarks.figures import Findings, Row
from benchmarks.machine import circumstances
from benchmarks.plots import draw_plots
from benchmarks.report import Results, show, summary, write
from benchmarks.rows import (
    booking,
    cost,
    downloads,
    growth,
    ingest,
    late_worker,
    profile,
    punctuality,
    screen,
    sleepers,
    spread,
)
from starter.output import say

Measure = Callable[[Bench], Awaitable[Findings]]

ROWS: dict[str, tuple[str, Measure]] = {
    "punctuality": (punctuality.TITLE, punctuality.measure),
    "spread": (spread.TITLE, spread.measure),
    "late-worker": (late_worker.TITLE, late_worker.measure),
    "ingest": (ingest.TITLE, ingest.measure),
    "screen": (screen.TITLE, screen.measure),
    "cost": (cost.TITLE, cost.measure),
    "sleepers": (sleepers.TITLE, sleepers.measure),
    "booking": (booking.TITLE, booking.measure),
    "downloads": (downloads.TITLE, downloads.measure),
    "growth": (growth.TITLE, growth.measure),
    "profile": (profile.TITLE, profile.measure),
}
"""`profile` slows things down, so it is no part of a whole run."""

_GROUPS = (
    ("punctuality",),
    ("spread", "late-worker", "cost"),
    ("ingest",),
    ("screen",),
    ("sleepers",),
    ("booking",),
    ("downloads",),
    ("growth",),
)
"""A whole run, in this order; the rows of a group run beside each other, as they mostly wait."""

_SAMPLES = {"spread": 1 / 3, "sleepers": 0.1}
"""What part of a row a whole run has the time for; alone it is measured in full."""

_ROOT = Path(__file__).resolve().parent.parent
_RESULTS = "results.json"


async def run(folder: Path, only: Sequence[str], share: float) -> int:
    """Measures and reports. A whole run replaces what the documents show; any other writes into `folder` alone."""
    whole = not only and share == 1
    began = time.monotonic()
    now = circumstances()
    rows: list[Row] = []
    for group in [(name,) for name in only] or _GROUPS:
        say(f"\n{', '.join(group)} …", "dim", stderr=True)
        benches = [Bench(folder, _warn, share if only else share * _SAMPLES.get(name, 1)) for name in group]
        found = await asyncio.gather(*(_measured(bench, name) for bench, name in zip(benches, group, strict=True)))
        for row in found:
            show(row)
        rows += found
    results = Results(circumstances=now, seconds=time.monotonic() - began, share=share, rows=tuple(rows))
    path = (_ROOT / "benchmarks" if whole else folder) / _RESULTS
    write(results, path)
    pictures = draw_plots(rows, _ROOT / "docs" / "images" if whole else folder)
    if whole:
        page = _ROOT / "docs" / "performance.md"
        page.write_text(filled(page.read_text(), results))
        pictures.append(page)
    say(f"\n{summary(rows)} {results.seconds:.0f} s. Written: {', '.join(map(str, [path, *pictures]))}")
    return 0


async def _measured(bench: Bench, name: str) -> Row:
    title, measure = ROWS[name]
    began = time.monotonic()
    findings = await measure(bench)
    return Row(name=name, title=title, seconds=time.monotonic() - began, findings=findings)


def _warn(text: str) -> None:
    say(text, stderr=True)
