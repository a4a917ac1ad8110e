"""Booking through the client, beside nothing but starting the same workflow."""

from benchmarks.bench import Bench
from benchmarks.booking import called_at, in_parallel, whole_second
from benchmarks.figures import Findings, at_least, plain
from benchmarks.measure import ratio
from meetings.ids import meeting_id_for, workflow_id_for
from meetings.names import MEETING_WORKFLOW, MEETINGS_QUEUE
from meetings.request import MeetingRequest

TITLE = "Booking"

_ROUNDS = 4
_MEETINGS = 100
"""In each round, each way."""
_FAR_AHEAD = 86_400.0


async def measure(bench: Bench) -> Findings:
    size = bench.many(_MEETINGS)
    instant = whole_second(_FAR_AHEAD)
    booking = starting = 0.0
    async with bench.stand("booking") as stand:

        async def start(request: MeetingRequest) -> None:
            await stand.client.start_workflow(
                MEETING_WORKFLOW,
                request,
                id=workflow_id_for(meeting_id_for(request.meeting_url, request.start_time)),
                task_queue=MEETINGS_QUEUE,
            )

        # Turn by turn, so that whatever else this machine does meets both.
        for turn in range(_ROUNDS):
            numbers = range(turn * size, (turn + 1) * size)
            starting += await in_parallel(start, called_at(instant, "raw", numbers))
            booking += await in_parallel(stand.meetings.start, called_at(instant, "own", numbers))
    booked, started = _ROUNDS * size / booking, _ROUNDS * size / starting
    return Findings(
        figures=(
            plain("booked", booked, "/s", started),
            at_least("share of the raw rate", ratio(booked, started), "", 0.9),
        ),
        notes=("50 at a time, turn by turn; a worker puts the meetings to sleep meanwhile.",),
    )
