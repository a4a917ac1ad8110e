"""A rush larger than the account's limit: two workers pace it together, and one of them is killed in the middle."""

from datetime import datetime, timedelta
from itertools import pairwise

from devtools.benchmarks.booking import called_at, in_parallel, sleep_until, whole_second
from devtools.benchmarks.context import Bench
from devtools.benchmarks.environment import BenchmarkEnvironment
from devtools.benchmarks.lateness import calls
from devtools.benchmarks.measure import percentile
from devtools.benchmarks.provider import Ledger
from devtools.benchmarks.results import AccessFindings, Figure, at_least, at_most, plain
from minutekeeper.meetings.dispatch_timing import DEFAULT_DISPATCH_TIMING

TITLE = "A rush at the account's limit"

_MEETINGS = 1000
_PER_SECOND = 20
_BOOKED_A_SECOND = 30
_LATEST = 2.0
"""Seconds that the last one may take longer than the limit does."""
_AFTER_A_KILL = 20.0
"""The orders in the hands of the killed worker are found ten seconds later, and searched for."""
_PRICE = (
    "Each worker counts the meetings of the instant every five seconds, which is no action. A bot of the later "
    "half costs two actions more, because it is handed back until its slot is near."
)
_SETTINGS = {
    "MINUTEKEEPER_REQUESTS_PER_SECOND": str(_PER_SECOND),
    "MINUTEKEEPER_SIMULATOR_REQUESTS_PER_SECOND": str(_PER_SECOND),
}


async def measure(bench: Bench) -> AccessFindings:
    size = bench.many(_MEETINGS)
    figures: list[Figure] = []
    for is_killed in (False, True):
        async with bench.stand("account-limit", settings=_SETTINGS) as stand:
            figures += await _rush(stand, size, is_killed=is_killed)
    return AccessFindings(
        figures=tuple(figures),
        notes=(
            f"{size} meetings of one instant, {_PER_SECOND} requests a second, two workers; once one is killed.",
            _PRICE,
        ),
    )


async def _rush(stand: BenchmarkEnvironment, size: int, *, is_killed: bool) -> list[Figure]:
    await stand.start_worker(2)
    seconds = size / _PER_SECOND
    instant = whole_second(DEFAULT_DISPATCH_TIMING.ahead + DEFAULT_DISPATCH_TIMING.spread + size / _BOOKED_A_SECOND)
    meetings = called_at(instant, "lll", range(size))
    await in_parallel(stand.meetings.start, meetings, at_once=1)
    if is_killed:
        await sleep_until(instant - timedelta(seconds=seconds / 5))
        await stand.crew.kill("worker-1")
    await sleep_until(instant + timedelta(seconds=seconds / 2 + 5))
    ledger = (await calls(stand.provider, {meeting.meeting_url: instant for meeting in meetings})).ledger
    bots = ledger.bots_by_link()
    sent = [bots[meeting.meeting_url][0].created_at for meeting in meetings if meeting.meeting_url in bots]
    late = [(at - instant).total_seconds() for at in sent]
    name = "one worker killed" if is_killed else "undisturbed"
    slack = _AFTER_A_KILL if is_killed else _LATEST
    return [
        at_most(f"{name}: the middle one late", abs(percentile(late, 0.5)), "s", slack),
        at_most(f"{name}: from the first to the last", max(late) - min(late), "s", seconds + slack),
        at_most(f"{name}: refused requests", _refused(ledger), "requests", size / 50),
        at_least(f"{name}: in the order of booking", _in_order(sent), "", 0.5 if is_killed else 0.95),
        at_most(f"{name}: bots never sent", size - len(sent), "bots", 0),
        at_most(f"{name}: second bots", sum(len(each) - 1 for each in bots.values()), "bots", 0),
        plain(f"{name}: requests a second at most", _most_in_a_second(sent), "/s"),
    ]


def _refused(ledger: Ledger) -> int:
    return sum(request.status == 429 for request in ledger.requests)


def _in_order(sent: list[datetime]) -> float:
    """The share of neighbours in the order of booking whose bots were sent in that order."""
    pairs = list(pairwise(sent))
    return sum(earlier <= later for earlier, later in pairs) / len(pairs)


def _most_in_a_second(sent: list[datetime]) -> int:
    seconds = [at.replace(microsecond=0) for at in sent]
    return max(map(seconds.count, set(seconds)))
