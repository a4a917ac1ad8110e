"""Whole lives of meetings, from the booking to the files: how many a second, and at whose expense."""

from dataclasses import dataclass
from datetime import UTC, datetime

from benchmarks.booking import in_parallel
from benchmarks.histories import ended
from benchmarks.measure import percentile
from benchmarks.processes import usage
from benchmarks.stand import Stand
from meetings.request import MeetingRequest

_FIRST, _LAST = 0.1, 0.9
"""The rate is that between so many: before, the first are still under way, and afterwards there is little left."""


@dataclass(frozen=True)
class Lives:
    """So many lives lived side by side.

    `rate` is meetings a second while the most of them ended, `cpu` the CPU seconds of a meeting by kind of process,
    `ends` when each ended, in seconds; `still_open` are those that had not when nobody waited any longer.
    """

    rate: float
    cpu: dict[str, float]
    ends: list[float]
    still_open: int


async def lived(stand: Stand, meetings: list[MeetingRequest], patience: float) -> Lives:
    """Books all of them at once, and waits for their ends for so many seconds."""
    booked: set[str] = set()

    async def book(meeting: MeetingRequest) -> None:
        booked.add((await stand.meetings.start(meeting)).workflow_id)

    before = cpu_by_kind(stand)
    began = datetime.now(UTC)
    await in_parallel(book, meetings)
    found = await ended(stand, booked, patience)
    spent = {
        kind: (seconds - before.get(kind, 0.0)) / len(meetings) for kind, seconds in cpu_by_kind(stand).items()
    }
    ends = [(at - began).total_seconds() for at in found.values()]
    most = (_LAST - _FIRST) * len(ends)
    rate = most / (percentile(ends, _LAST) - percentile(ends, _FIRST))
    return Lives(rate, spent, ends, len(meetings) - len(ends))


def cpu_by_kind(stand: Stand) -> dict[str, float]:
    """CPU seconds until now; all workers are one kind."""
    spent: dict[str, float] = {}
    for name, group in stand.crew.groups().items():
        kind = name.partition("-")[0]
        spent[kind] = spent.get(kind, 0.0) + usage(group).cpu
    return spent
