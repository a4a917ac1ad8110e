"""Rows and results as a run makes them, without running anything."""

from datetime import UTC, date, datetime

from devtools.benchmarks.machine import Circumstances, Machine, Versions
from devtools.benchmarks.report import Results
from devtools.benchmarks.results import AccessFindings, Figure, Row, at_most, plain


def row(name: str, *figures: Figure) -> Row:
    findings = AccessFindings(figures=figures, notes=("Noted.",))
    return Row(name=name, title=name.title(), date=date(2026, 12, 1), seconds=1, findings=findings)


ROWS = (
    row(
        "punctuality",
        plain("500 at once: p99 late", 0.1, "s"),
        plain("2000 at once: p99 late", 1.8, "s"),
        plain("2000 at once: the earliest", -0.2, "s"),
    ),
    row(
        "growth",
        plain("CPU of a meeting, worker", 50, "ms"),
        plain("CPU of a meeting, bridge", 10, "ms"),
        plain("CPU of a meeting, temporal", 100, "ms"),
        plain("on disk, an ended meeting", 32, "KiB"),
    ),
    row("cost", at_most("billable actions", 13, "", 13, 26), plain("history", 7.5, "KiB")),
    row(
        "sleepers",
        at_most("on disk, each", 30, "KiB", 25),
        plain("CPU of a booking, worker", 5, "ms"),
        plain("CPU of a booking, temporal", 20, "ms"),
    ),
)


def results(*rows: Row, cores: int = 2, share: float = 1) -> Results:
    return Results(
        circumstances=Circumstances(
            date=datetime(2026, 12, 1, tzinfo=UTC),
            machine=Machine(cores=cores, cpu="A Fine CPU", memory=8 * 1024**3, system="Linux"),
            versions=Versions(python="3.11.7", packages={"temporalio": "1.35.0"}),
        ),
        seconds=500,
        share=share,
        rows=rows or ROWS,
    )
