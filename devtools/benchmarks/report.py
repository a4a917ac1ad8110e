"""What a run came to: a table for people, JSON for programs."""

from collections.abc import Sequence
from math import isfinite
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict
from rich.table import Table
from rich.text import Text

from devtools.benchmarks.machine import Circumstances
from devtools.benchmarks.results import Figure, Goal, Row
from starter.output import console, print_line


class Results(BaseModel):
    """`share` is what part of the meetings was measured with; only a run with all of them (1) says anything."""

    model_config = ConfigDict(frozen=True)

    circumstances: Circumstances
    seconds: float
    share: float
    rows: tuple[Row, ...]

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """Those of an earlier run; None if there are none, or none that this version can read."""
        try:
            return cls.model_validate_json(path.read_text())
        except (FileNotFoundError, ValueError):
            return None

    def write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{self.model_dump_json(indent=1)}\n")

    def is_comparable(self, other: "Results") -> bool:
        """Whether both were measured on the same machine, with the same versions, and in full."""
        mine, theirs = self.circumstances, other.circumstances
        return (mine.machine, mine.versions, self.share) == (theirs.machine, theirs.versions, other.share)

    def with_rows(self, rows: Sequence[Row]) -> Self:
        """The same with some rows measured anew."""
        newer = {row.name: row for row in rows}
        return self.model_copy(update={"rows": tuple(newer.get(row.name, row) for row in self.rows)})


def show(row: Row) -> None:
    """Prints one row."""
    table = Table("", "measured", "baseline", "to reach", "", title=f"{row.title} ({row.seconds:.0f} s)")
    for column in table.columns[1:4]:
        column.justify = "right"
    for figure in row.findings.figures:
        baseline = "" if figure.baseline is None else number(figure.baseline, figure.unit)
        goal = bound(figure.goal, figure.unit)
        table.add_row(figure.what, number(figure.value, figure.unit), baseline, goal, _verdict(figure))
    console().print(table)
    for note in row.findings.notes:
        print_line(f"  {note}", "dim")


def summary(rows: Sequence[Row]) -> str:
    """How much of what was to be reached was reached."""
    judged = [figure.is_met for row in rows for figure in row.findings.figures if figure.is_met is not None]
    return f"{sum(judged)} of {len(judged)} figures reach what they are to."


def number(value: float, unit: str) -> str:
    """Three digits that mean something."""
    digits = 0 if abs(value) >= 100 or value == int(value) else 1 if abs(value) >= 10 else 3
    shown = f"{value:,.{digits}f}" if isfinite(value) else "∞"
    return f"{shown} {unit}".strip()


def bound(goal: Goal | None, unit: str) -> str:
    if goal is None:
        return ""
    if goal.at_most is not None:
        return f"≤ {goal.at_most:g} {unit}".strip()
    return f"≥ {goal.at_least:g} {unit}".strip()


def _verdict(figure: Figure) -> Text:
    match figure.is_met:
        case None:
            return Text()
        case True:
            return Text("reached", "green")
    return Text("missed", "red")
