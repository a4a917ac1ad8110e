"""Booking through the client, beside nothing but starting the same workflow."""

from statistics import median

from temporalio.client import Client

from benchmarks.bench import Bench
from benchmarks.booking import called_at, in_parallel, whole_second
from benchmarks.figures import Findings, at_least, plain
from benchmarks.measure import ratio
from benchmarks.stand import Stand
from meetings.ids import meeting_id_for, workflow_id_for
from meetings.names import MEETING_WORKFLOW, MEETINGS_QUEUE
from meetings.request import MeetingRequest

TITLE = "Booking"

_ROUNDS = 20
_MEETINGS = 50
"""In each round, each way: so few that whatever else this machine does meets both."""
_FAR_AHEAD = 86_400.0


async def measure(bench: Bench) -> Findings:
    size = bench.many(_MEETINGS)
    async with bench.stand("booking") as stand:
        alone = await _without_worker(stand, size)
        await stand.start_worker(2)
        ...
