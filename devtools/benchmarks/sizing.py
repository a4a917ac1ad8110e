"""What the figures of a run mean for a real installation. Pure."""

import re
from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict

from devtools.benchmarks.cases.growth import ENDED_ON_DISK, MEETING_CPU
from devtools.benchmarks.cases.idle_meetings import BOOKING_CPU, ON_DISK
from devtools.benchmarks.results import Row

DOLLARS_A_MILLION_ACTIONS = 50
DOLLARS_A_GB_HOUR_ACTIVE = 0.042
DOLLARS_A_GB_HOUR_RETAINED = 0.00105
"""Temporal Cloud's list prices as they were known in November 2026; they fall with volume."""

_SECONDS_AN_HOUR = 3600
_KIB_A_GB = 1_000_000_000 / 1024
_KIB_A_GIB = 1024 * 1024
_KINDS = ("worker", "bridge", "temporal")
_RUSH = re.compile(r"(\d+) at once: p99 late")
_LEAST_SECONDS = 0.05


class Sizing(BaseModel):
    """CPU seconds of a whole meeting, and of a booking until it sleeps, by kind of process; what a meeting costs.

    `calls` is how many bots one worker calls a second in the largest rush that was measured; None if none was.
    """

    model_config = ConfigDict(frozen=True)

    meeting_cpu: Mapping[str, float]
    booking_cpu: Mapping[str, float]
    actions: float
    plain_actions: float
    history_kib: float
    sleeper_kib: float
    ended_kib: float
    calls: float | None

    def an_hour(self, *kinds: str) -> float:
        """Whole meetings an hour that one core manages which has all these kinds of processes to run."""
        return _SECONDS_AN_HOUR / sum(self.meeting_cpu[kind] for kind in kinds)

    def cores(self, kind: str, meetings: float, seconds: float) -> float:
        """What so many whole meetings in so many seconds keep busy."""
        return meetings * self.meeting_cpu[kind] / seconds

    def dollars(self, meetings: float) -> float:
        return self.actions * meetings * DOLLARS_A_MILLION_ACTIONS / 1_000_000

    def storage_dollars(self, meetings: float, *, active_hours: float, retained_hours: float) -> float:
        """Counted as if a history had its final size from the beginning: a little too much."""
        size = meetings * self.history_kib / _KIB_A_GB
        return size * (active_hours * DOLLARS_A_GB_HOUR_ACTIVE + retained_hours * DOLLARS_A_GB_HOUR_RETAINED)

    def database_gib(self, *, sleepers: float, ended: float) -> float:
        return (sleepers * self.sleeper_kib + ended * self.ended_kib) / _KIB_A_GIB


def sizing(rows: Sequence[Row]) -> Sizing:
    """Raises KeyError if a figure is missing that it needs."""
    figures = {(row.name, figure.what): figure for row in rows for figure in row.findings.figures}
    actions = figures["cost", "billable actions"]

    def cpu(row: str, what: str, kinds: Sequence[str]) -> dict[str, float]:
        return {kind: figures[row, f"{what} {kind}"].value / 1000 for kind in kinds}

    return Sizing(
        meeting_cpu=cpu("growth", MEETING_CPU, _KINDS),
        booking_cpu=cpu("sleepers", BOOKING_CPU, ("worker", "temporal")),
        actions=actions.value,
        plain_actions=actions.baseline or actions.value,
        history_kib=figures["cost", "history"].value,
        sleeper_kib=figures["sleepers", ON_DISK].value,
        ended_kib=figures["growth", ENDED_ON_DISK].value,
        calls=_calls(rows),
    )


def _calls(rows: Sequence[Row]) -> float | None:
    figures = {figure.what: figure.value for row in rows for figure in row.findings.figures}
    sizes = [int(found[1]) for what in figures if (found := _RUSH.fullmatch(what))]
    if not sizes:
        return None
    name = f"{max(sizes)} at once"
    # Bots may leave a little early, so a rush begins before its instant.
    seconds = figures[f"{name}: p99 late"] - min(0.0, figures[f"{name}: the earliest"])
    return max(sizes) / max(seconds, _LEAST_SECONDS)
