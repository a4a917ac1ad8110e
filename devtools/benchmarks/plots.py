"""The pictures of docs/performance.md, drawn from what the rows found."""

from collections.abc import Sequence
from pathlib import Path

from devtools.benchmarks.results import Curve, Plot, Row
from devtools.benchmarks.svg import Chart, draw

_LEAST_LATE = 0.001
"""Seconds: earlier or nearer than this counts as on time, as a logarithmic scale has no zero."""


def draw_plots(rows: Sequence[Row], folder: Path) -> list[Path]:
    """Writes a picture for each plot that has a curve; where they lie."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for plot in Plot:
        curves = [curve for row in rows for curve in row.findings.curves.get(plot, ())]
        if curves:
            path = folder / f"performance-{plot.value}.svg"
            path.write_text(draw(_chart(plot, curves)))
            written.append(path)
    return written


def _chart(plot: Plot, curves: Sequence[Curve]) -> Chart:
    match plot:
        case Plot.LATENESS:
            return Chart(
                "How late bots were called",
                "seconds late, logarithmic",
                "% of the bots",
                curves,
                logarithmic=True,
                least_x=_LEAST_LATE,
            )
        case Plot.THROUGHPUT:
            return Chart("Meetings over time", "seconds", "meetings a second", curves)
        case Plot.MEMORY:
            return Chart("Memory while meetings are booked, and while they sleep", "seconds", "MiB", curves)
