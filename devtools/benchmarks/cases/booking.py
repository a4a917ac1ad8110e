"""Booking through the client, and by a calendar, beside nothing but starting the same workflow."""

from statistics import median

from devtools.benchmarks.booking import called_at, in_parallel, whole_second
from devtools.benchmarks.calendar import booked_by_a_calendar
from devtools.benchmarks.context import Bench
from devtools.benchmarks.environment import BenchmarkEnvironment
from devtools.benchmarks.measure import ratio
from devtools.benchmarks.results import AccessFindings, at_least, plain
from minutekeeper.meetings.ids import meeting_id_for, workflow_id_for
from minutekeeper.meetings.request import MeetingRequest
from minutekeeper.temporal.names import MEETING_WORKFLOW, MEETINGS_QUEUE

TITLE = "Booking"

_ROUNDS = 16
_MEETINGS = 50
"""In each round, each way: so few that whatever else this machine does meets both."""
_EVENTS = 1000
_BESIDE = 300
_FAR_AHEAD = 86_400.0


async def measure(bench: Bench) -> AccessFindings:
    size = bench.many(_MEETINGS)
    async with bench.stand("booking") as stand:
        events = bench.many(_EVENTS)
        # As many as a calendar changes side by side, while the worker has as much to do as with a calendar.
        beside = await _raw(stand, "bes", range(bench.many(_BESIDE)), at_once=20)
        by_calendar = await booked_by_a_calendar(stand, events)
        await stand.crew.stop("worker-1")
        shares, rates = [], []
        for turn in range(_ROUNDS):
            numbers = range(turn * size, (turn + 1) * size)
            started, booked = await _one_round(stand, numbers, raw_first=turn % 2 == 0)
            shares.append(ratio(booked, started))
            rates.append((booked, started))
    return AccessFindings(
        figures=(
            plain("booked", median(booked for booked, _ in rates), "/s", median(started for _, started in rates)),
            at_least("share of the raw rate", median(shares), "", 0.9),
            plain("booked by a calendar", by_calendar, "/s", beside),
            plain("calendar: share of the raw rate", ratio(by_calendar, beside), ""),
        ),
        notes=(
            f"By the client: {_ROUNDS} rounds of {size} each way, turn by turn, 50 at a time, without a worker.",
            "Its share is the median of those of the rounds.",
            f"A calendar of {events} new events claims each as it starts it, 20 at a time; a worker answers.",
            "Its baseline is the bare start, 20 at a time, beside the same worker.",
        ),
    )


async def _one_round(stand: BenchmarkEnvironment, numbers: range, *, raw_first: bool) -> tuple[float, float]:
    """Meetings a second: started without us, and booked through the client."""
    if raw_first:
        started = await _raw(stand, "raw", numbers)
        return started, await _booked(stand, numbers)
    booked = await _booked(stand, numbers)
    return await _raw(stand, "raw", numbers), booked


async def _booked(stand: BenchmarkEnvironment, numbers: range) -> float:
    requests = called_at(whole_second(_FAR_AHEAD), "own", numbers)
    return len(numbers) / await in_parallel(stand.meetings.start, requests)


async def _raw(stand: BenchmarkEnvironment, series: str, numbers: range, at_once: int = 50) -> float:
    async def start(request: MeetingRequest) -> None:
        await stand.client.start_workflow(
            MEETING_WORKFLOW,
            request,
            id=workflow_id_for(meeting_id_for(request.meeting_url, request.start_time)),
            task_queue=MEETINGS_QUEUE,
        )

    return len(numbers) / await in_parallel(start, called_at(whole_second(_FAR_AHEAD), series, numbers), at_once)
