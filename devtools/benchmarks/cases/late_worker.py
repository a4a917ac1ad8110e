"""The worker that holds all armed dispatches is killed before their instant: how late another one sends them."""

from datetime import timedelta

from devtools.benchmarks.booking import called_at, in_parallel, sleep_until, whole_second
from devtools.benchmarks.context import Bench
from devtools.benchmarks.lateness import calls
from devtools.benchmarks.measure import percentile
from devtools.benchmarks.results import AccessFindings, at_most, plain

TITLE = "A late worker"

_MEETINGS = 100
_BOOKED_AHEAD = 30.0
_SECOND_WORKER_AHEAD = timedelta(seconds=11)
_KILLED_AHEAD = timedelta(seconds=5)
_LOOKED_AT_AFTER = timedelta(seconds=25)


async def measure(bench: Bench) -> AccessFindings:
    async with bench.stand("late-worker") as stand:
        instant = whole_second(_BOOKED_AHEAD)
        meetings = called_at(instant, "www", range(bench.many(_MEETINGS)))
        await in_parallel(stand.meetings.start, meetings)
        await sleep_until(instant - _SECOND_WORKER_AHEAD)
        await stand.start_worker(2)
        await sleep_until(instant - _KILLED_AHEAD)
        await stand.crew.kill("worker-1")
        await sleep_until(instant + _LOOKED_AT_AFTER)
        due = {meeting.meeting_url: instant for meeting in meetings}
        called = await calls(stand.provider, due)
    late = called.late(due)
    seconds = sum(len(bots) - 1 for bots in called.ledger.bots_by_link().values())
    return AccessFindings(
        figures=(
            plain("p50 late", percentile(late, 0.5), "s"),
            at_most("p99 late", percentile(late, 0.99), "s", 25),
            at_most("bots never called", called.missing(due), "bots", 0),
            at_most("second bots", seconds, "bots", 0),
        ),
        notes=(f"{len(meetings)} meetings, all armed in the worker that is killed; another one is up already.",),
    )
