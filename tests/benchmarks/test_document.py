from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.document import filled
from benchmarks.figures import Figure, Findings, Row, at_most, plain
from benchmarks.machine import Circumstances, Machine, Versions
from benchmarks.report import Results
from benchmarks.sizing import sizing

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "performance.md"


def row(name: str, *figures: Figure) -> Row:
    return Row(name=name, title=name.title(), seconds=1, findings=Findings(figures=figures, notes=("Noted.",)))


ROWS = (
    row(
        "growth",
        plain("CPU of worker, a meeting", 50, "ms"),
        plain("CPU of bridge, a meeting", 10, "ms"),
        plain("CPU of temporal, a meeting", 100, "ms"),
    ),
    row("cost", at_most("billable actions", 13, "", 13, 26)),
    row("sleepers", at_most("on disk, each", 30, "KiB", 25)),
)


def results() -> Results:
    return Results(
        circumstances=Circumstances(
            date=datetime(2026, 12, 1, tzinfo=UTC),
            machine=Machine(cores=2, cpu="A Fine CPU", memory=8 * 1024**3, system="Linux"),
            versions=Versions(python="3.11.7", packages={"temporalio": "1.35.0"}),
        ),
        seconds=500,
        share=1,
        rows=ROWS,
    )


def test_sizes_follow_from_the_cpu_of_a_meeting() -> None:
    size = sizing(ROWS)
    assert (size.worker, size.bridge, size.server) == (72_000, 360_000, 36_000)
    assert size.together == 22_500


def test_a_million_meetings_cost_their_actions() -> None:
    assert sizing(ROWS).dollars_a_million_meetings == 650


def test_the_page_gets_the_figures_of_a_run_and_keeps_everything_else() -> None:
    before = PAGE.read_text()
    page = filled(before, results())
    assert "| billable actions | 13 | 26 | ≤ 13 | reached |" in page
    assert "| on disk, each | 30 KiB |  | ≤ 25 KiB | **missed** |" in page
    assert "$650 for a million meetings" in page
    assert "2 cores of A Fine CPU" in page
    assert page.partition("<!-- results")[0] == before.partition("<!-- results")[0]
    assert page.partition("<!-- /sizing -->")[2] == before.partition("<!-- /sizing -->")[2]


def test_filling_a_page_twice_is_filling_it_once() -> None:
    once = filled(PAGE.read_text(), results())
    assert filled(once, results()) == once


def test_a_page_without_marks_is_an_error() -> None:
    with pytest.raises(ValueError, match="no marks"):
        filled("# Performance\n", results())
