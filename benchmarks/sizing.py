"""What the figures of a run mean for a real installation. Pure."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from benchmarks.figures import Row

_DOLLARS_A_MILLION_ACTIONS = 50
"""Temporal Cloud's list price; it falls with volume."""


class Sizing(BaseModel):
    """Whole meetings an hour that one core manages as a worker, a bridge, the server, or all of them together."""

    model_config = ConfigDict(frozen=True)

    worker: float
    bridge: float
    server: float
    together: float
    dollars_a_million_meetings: float
    sleeper_kib: float


def sizing(rows: Sequence[Row]) -> Sizing:
    """Raises KeyError if a row is missing that it needs."""
    figures = {(row.name, figure.what): figure.value for row in rows for figure in row.findings.figures}
    milliseconds = [figures["growth", f"CPU of {name}, a meeting"] for name in ("worker", "bridge", "temporal")]
    worker, bridge, server = (3_600_000 / each for each in milliseconds)
    return Sizing(
        worker=worker,
        bridge=bridge,
        server=server,
        together=3_600_000 / sum(milliseconds),
        dollars_a_million_meetings=figures["cost", "billable actions"] * _DOLLARS_A_MILLION_ACTIONS,
        sleeper_kib=figures["sleepers", "on disk, each"],
    )
