"""The parts of the documents that every whole run writes anew."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from devtools.benchmarks import sizing_tables
from devtools.benchmarks.report import Results, bound, number, summary
from devtools.benchmarks.results import Figure, Row
from devtools.benchmarks.sizing import sizing

_PART = re.compile(r"(<!-- (?P<name>[a-z-]+): written by make bench -->\n).*?(<!-- /(?P=name) -->)", re.DOTALL)
_VERDICTS = {None: "", True: "reached", False: "**missed**"}
_GIB = 1024**3


def filled(page: str, results: Results) -> str:
    """The page with the figures of a run between its marks. Raises KeyError if nobody knows a mark's name."""

    def fill(part: re.Match[str]) -> str:
        text = "\n".join(_PARTS[part["name"]](results))
        return f"{part[1]}\n{text}\n\n{part[3]}"

    return _PART.sub(fill, page)


def _results(results: Results) -> Iterator[str]:
    now = results.circumstances
    packages = ", ".join(f"{name} {version}" for name, version in now.versions.packages.items())
    memory = now.machine.memory / _GIB
    yield f"{now.date:%Y-%m-%d}, {now.machine.cores} cores of {now.machine.cpu}, {memory:.0f} GiB of memory, "
    yield f"Python {now.versions.python}, {packages}. {summary(results.rows)} {results.seconds:.0f} s in all."
    for row in results.rows:
        yield from _table(row)
        if row.date != now.date.date():
            yield f"Measured alone on {row.date}."


def _table(row: Row) -> Iterator[str]:
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


def _limits(results: Results) -> Iterator[str]:
    """What was missed, and by how much."""
    missed = [(row, figure) for row in results.rows for figure in row.findings.figures if figure.is_met is False]
    if not missed:
        yield "Everything that was to be reached was reached."
        return
    yield "| missed | measured | to reach |"
    yield "| --- | ---: | ---: |"
    for row, figure in missed:
        value, goal = number(figure.value, figure.unit), bound(figure.goal, figure.unit)
        yield f"| {row.title}: {figure.what} | {value} | {goal} |"


def _sized(table: Callable[..., Iterator[str]]) -> Callable[[Results], Iterator[str]]:
    return lambda results: table(sizing(results.rows))


_PARTS: Mapping[str, Callable[[Results], Iterator[str]]] = {
    "results": _results,
    "missed": _limits,
    "cores": _sized(sizing_tables.cores),
    "loads": _sized(sizing_tables.loads),
    "cloud": _sized(sizing_tables.cloud),
    "database": _sized(sizing_tables.database),
    "rush": _sized(sizing_tables.rush),
}


def names_of_parts(page: str) -> Sequence[str]:
    """What a page wants written into it."""
    return [part["name"] for part in _PART.finditer(page)]
