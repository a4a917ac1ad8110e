"""Whole lives of meetings, from the booking to the files: how many a second, and at whose expense."""

from dataclasses import dataclass
from datetime import UTC, datetime

from devtools.benchmarks.booking import in_parallel
from devtools.benchmarks.environment import BenchmarkEnvironment
from devtools.benchmarks.histories import ended
from devtools.benchmarks.measure import percentile
from devtools.benchmarks.processes import usage
from minutekeeper.meetings.request import MeetingRequest

_NEARLY_ALL = 0.95
"""The rate is that until so many have ended; who waits for a deadline tells nothing about speed."""


@dataclass(frozen=True)
class EndToEndRuns:
    """So many lives lived side by side.

    `rate` is meetings a second until nearly all had ended, `cpu` the CPU seconds of a meeting by kind of process,
    `busy` how many cores all of them kept busy, and `ends` when each ended, in seconds. `still_open` are those that
    had not when nobody waited any longer.
    """

    rate: float
    cpu: dict[str, float]
    busy: float
    ends: list[float]
    still_open: int


async def lived(stand: BenchmarkEnvironment, meetings: list[MeetingRequest], patience: float) -> EndToEndRuns:
    """Books all of them at once, and waits for their ends for so many seconds."""
    booked: set[str] = set()

    async def book(meeting: MeetingRequest) -> None:
        booked.add((await stand.meetings.start(meeting)).workflow_id)

    before = cpu_by_kind(stand)
    began = datetime.now(UTC)
    await in_parallel(book, meetings)
    found = await ended(stand, booked, patience)
    took = (datetime.now(UTC) - began).total_seconds()
    spent = {kind: seconds - before.get(kind, 0.0) for kind, seconds in cpu_by_kind(stand).items()}
    ends = [(at - began).total_seconds() for at in found.values()]
    return EndToEndRuns(
        rate=_NEARLY_ALL * len(meetings) / percentile(ends, _NEARLY_ALL),
        cpu={kind: seconds / len(meetings) for kind, seconds in spent.items()},
        busy=sum(spent.values()) / took,
        ends=ends,
        still_open=len(meetings) - len(ends),
    )


def cpu_by_kind(stand: BenchmarkEnvironment) -> dict[str, float]:
    """CPU seconds until now; all workers are one kind."""
    spent: dict[str, float] = {}
    for name, group in stand.crew.groups().items():
        kind = name.partition("-")[0]
        spent[kind] = spent.get(kind, 0.0) + usage(group).cpu
    return spent
