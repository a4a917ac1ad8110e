"""The tables of docs/performance.md, written anew by every whole run."""

from collections.abc import Iterator, Sequence

from benchmarks.figures import Figure, Row
from benchmarks.report import Results, bound, number, summary
from benchmarks.sizing import Sizing, sizing

_MARKS = ("<!-- {name}: written by make bench -->\n", "<!-- /{name} -->")
_VERDICTS = {None: "", True: "reached", False: "**missed**"}
_GIB = 1024**3


def filled(page: str, results: Results) -> str:
    """The page with the tables of a run between its marks. Raises ValueError if a mark is missing."""
    page = _between(page, "results", "\n".join(_results(results)))
    return _between(page, "sizing", "\n".join(_sizing(sizing(results.rows))))


def _between(page: str, name: str, text: str) -> str:
    opening, closing = (mark.format(name=name) for mark in _MARKS)
    head, found, rest = page.partition(opening)
    _, ended, tail = rest.partition(closing)
    if not (found and ended):
        raise ValueError(f"the page has no marks for {name}")
    return f"{head}{opening}\n{text}\n\n{closing}{tail}"


def _results(results: Results) -> Iterator[str]:
    now = results.circumstances
    packages = ", ".join(f"{name} {version}" for name, version in now.versions.packages.items())
    memory = now.machine.memory / _GIB
    yield f"{now.date:%Y-%m-%d}, {now.machine.cores} cores of {now.machine.cpu}, {memory:.0f} GiB of memory, "
    yield f"Python {now.versions.python}, {packages}. {summary(results.rows)} {results.seconds:.0f} s in all."
    yield from _tables(results.rows)


def _tables(rows: Sequence[Row]) -> Iterator[str]:
    for row in rows:
        yield from (
            "",
            f"**{row.title}**",
            "",
            "| | measured | baseline | to reach | |",
            "| --- | ---: | ---: | ---: | --- |",
        )
        yield from (_line(figure) for figure in row.findings.figures)
        yield ""
        yield " ".join(row.findings.notes)


def _line(figure: Figure) -> str:
    baseline = "" if figure.baseline is None else number(figure.baseline, figure.unit)
    goal = bound(figure.goal, figure.unit)
    value = number(figure.value, figure.unit)
    return f"| {figure.what} | {value} | {baseline} | {goal} | {_VERDICTS[figure.is_met]} |"


def _sizing(size: Sizing) -> Iterator[str]:
    yield "| one core of | whole meetings an hour |"
    yield "| --- | ---: |"
    for name, rate in (("a worker", size.worker), ("a bridge", size.bridge), ("the server", size.server)):
        yield f"| {name} | {rate:,.0f} |"
    yield f"| a machine that runs all three | {size.together:,.0f} |"
    yield ""
    yield f"Temporal Cloud at list price: ${size.dollars_a_million_meetings:,.0f} for a million meetings. "
    yield f"A meeting that sleeps takes {size.sleeper_kib:.0f} KiB of the database."
