"""What a row came to: numbers with what is to be reached, and curves for the plots."""

from datetime import date
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from devtools.benchmarks.measure import Points


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, ser_json_inf_nan="strings")


class Goal(_Record):
    """A bound, itself allowed."""

    at_most: float | None = None
    at_least: float | None = None

    def is_met_by(self, value: float) -> bool:
        return (self.at_most is None or value <= self.at_most) and (self.at_least is None or value >= self.at_least)


class Figure(_Record):
    """One number. `baseline` is the same of what the row is compared with, measured in the same run."""

    what: str
    value: float
    unit: str
    baseline: float | None = None
    goal: Goal | None = None

    @property
    def is_met(self) -> bool | None:
        """None if there was nothing to reach."""
        return self.goal.is_met_by(self.value) if self.goal else None


class Plot(StrEnum):
    """The pictures; each row may draw curves into any of them."""

    LATENESS = "lateness"
    THROUGHPUT = "throughput"
    MEMORY = "memory"


class Curve(_Record):
    name: str
    points: Points


class AccessFindings(_Record):
    """`notes` say how it was measured where that is not obvious, and what else was seen."""

    figures: tuple[Figure, ...]
    notes: tuple[str, ...] = ()
    curves: dict[Plot, tuple[Curve, ...]] = {}


class Row(_Record):
    """The findings of a row: when they were made (UTC), and the seconds that it took."""

    name: str
    title: str
    date: date
    seconds: float
    findings: AccessFindings


def at_most(what: str, value: float, unit: str, bound: float, baseline: float | None = None) -> Figure:
    return Figure(what=what, value=value, unit=unit, baseline=baseline, goal=Goal(at_most=bound))


def at_least(what: str, value: float, unit: str, bound: float, baseline: float | None = None) -> Figure:
    return Figure(what=what, value=value, unit=unit, baseline=baseline, goal=Goal(at_least=bound))


def plain(what: str, value: float, unit: str, baseline: float | None = None) -> Figure:
    """A number without anything to reach."""
    return Figure(what=what, value=value, unit=unit, baseline=baseline)
