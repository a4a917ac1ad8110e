"""A day of an office in a minute: how late bots are called in its quiet hours and in its busy ones."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from devtools.benchmarks.booking import LEAD, link, sleep_until, whole_second
from devtools.benchmarks.day import by_rate, starts
from devtools.benchmarks.environment import BenchmarkEnvironment
from devtools.benchmarks.histories import ended
from devtools.benchmarks.lateness import calls
from devtools.benchmarks.measure import most_at_once, per_second, percentile
from devtools.benchmarks.results import Curve, Figure, plain
from minutekeeper.meetings.request import MeetingRequest

_BOOKED_AHEAD = timedelta(seconds=3)
_FIRST_AHEAD = 5.0
_SEED = 1
_CURVE_SECONDS = 2.0
_CLASSES = ((0.0, 3_000.0), (3_000.0, 10_000.0), (10_000.0, float("inf")))


@dataclass(frozen=True)
class Day:
    """What came of it: when bots were due and meetings ended, in seconds of the day; and how late each bot was."""

    due: list[float]
    late: list[float]
    ends: list[float]
    seconds: float

    def figures(self) -> Iterator[Figure]:
        spans = [(due, due + late) for due, late in zip(self.due, self.late, strict=True)]
        yield plain("the day: p99 late", percentile(self.late, 0.99), "s")
        yield plain("the day: most bots waiting to be called", most_at_once(spans), "bots")
        yield plain("the day: not ended", len(self.due) - len(self.ends), "meetings")
        hours = list(by_rate(self.due, self.seconds))
        for least, most in _CLASSES:
            found = [self.late[n] for rate, within in hours if least <= rate < most for n in within]
            if found:
                name = f"up to {most:,.0f}" if most < float("inf") else f"more than {least:,.0f}"
                yield plain(f"{name} meetings an hour: p99 late", percentile(found, 0.99), "s")

    def curves(self) -> tuple[Curve, ...]:
        return (
            Curve(name="the day: due", points=per_second(self.due, _CURVE_SECONDS)),
            Curve(name="the day: ended", points=per_second(self.ends, _CURVE_SECONDS)),
        )


async def live_through(stand: BenchmarkEnvironment, count: int, seconds: float, patience: float) -> Day:
    """So many meetings in so many seconds; waits for so long for the last of them to end."""
    offsets = starts(count, seconds, _SEED)
    first = whole_second(_FIRST_AHEAD)
    meetings = [
        MeetingRequest(meeting_url=link("day", n), start_time=first + timedelta(seconds=offset) + LEAD)
        for n, offset in enumerate(offsets)
    ]
    due = {meeting.meeting_url: meeting.start_time - LEAD for meeting in meetings}
    booked: set[str] = set()

    async def book(meeting: MeetingRequest) -> None:
        await sleep_until(due[meeting.meeting_url] - _BOOKED_AHEAD)
        booked.add((await stand.meetings.start(meeting)).workflow_id)

    await asyncio.gather(*(book(meeting) for meeting in meetings))
    found = await ended(stand, booked, patience)
    late = (await calls(stand.provider, due)).late(due)
    return Day(offsets, late, [(at - first).total_seconds() for at in found.values()], seconds)
