"""Many meetings that start at the same instant: how late their bots are called."""

from datetime import UTC, datetime, timedelta

from temporalio.client import WorkflowHandle

from devtools.benchmarks.baselines.plain_timer import QUEUE, PlainTimerWorkflow
from devtools.benchmarks.booking import LEAD, called_at, in_parallel, link, sleep_until, whole_second
from devtools.benchmarks.context import Bench
from devtools.benchmarks.environment import BenchmarkEnvironment
from devtools.benchmarks.lateness import calls
from devtools.benchmarks.measure import distribution, percentile, ratio
from devtools.benchmarks.results import AccessFindings, Curve, Figure, Plot, at_least, at_most, plain
from minutekeeper.meetings.dispatch import DispatchedBot, SendBotInput
from minutekeeper.meetings.dispatch_timing import DEFAULT_DISPATCH_TIMING
from minutekeeper.meetings.ids import dispatch_key
from minutekeeper.meetings.request import MeetingRequest

TITLE = "Punctuality in the rush"

_ARM_AHEAD = DEFAULT_DISPATCH_TIMING.ahead
_BOOKED_A_SECOND = 75
_ARMED_A_SECOND = 50
"""What the slowest machine is trusted with. Who is booked after it should have woken is armed at once."""
_PLAIN_STARTED_A_SECOND = 100
_EARLIEST = -0.25
_STANDS: tuple[tuple[int, ...], ...] = ((1, 100, 500), (1000,), (2000,))
"""What is measured on one stand; each begins empty, so that no rush meets what the one before has left to do."""
_APART_SECONDS = 8
_COMPARED = 1000
_GOALS = {500: 0.25, 1000: 0.5, 2000: 1.5}
_TIMES_BETTER = 10.0


async def measure(bench: Bench) -> AccessFindings:
    figures: list[Figure] = []
    curves: list[Curve] = []
    plain_p99: dict[int, float] = {}
    for sizes in _STANDS:
        async with bench.stand("punctuality") as stand:
            late = await _rush(stand, [bench.many(size) for size in sizes])
            if _COMPARED in sizes:
                plainly = await _plain_rush(stand, bench.many(_COMPARED))
                plain_p99[_COMPARED] = percentile(plainly, 0.99)
                curves.append(Curve(name=f"{_COMPARED} with a plain timer", points=distribution(plainly)))
        for size, seconds in zip(sizes, late, strict=True):
            figures += _judged(size, seconds, plain_p99.get(size))
            if size > 1:
                curves.append(Curve(name=f"{size}", points=distribution(seconds)))
    return AccessFindings(
        figures=tuple(figures),
        notes=(
            "Lateness is the simulated provider's clock at the arrival of POST /bots, minus the instant due.",
            "The baseline waits with a workflow timer and then runs the same activity, on the same server.",
        ),
        curves={Plot.LATENESS: tuple(curves)},
    )


async def _rush(stand: BenchmarkEnvironment, sizes: list[int]) -> list[list[float]]:
    """Books all, each size for an instant of its own, and waits for their bots."""
    count = sum(sizes)
    first = whole_second(_ARM_AHEAD + count / _BOOKED_A_SECOND + count / _ARMED_A_SECOND)
    batches: list[list[MeetingRequest]] = []
    due: dict[str, datetime] = {}
    for place, size in enumerate(sizes):
        instant = first + timedelta(seconds=_APART_SECONDS * place)
        batches.append(called_at(instant, "abc"[place] * 3, range(size)))
        due |= dict.fromkeys((each.meeting_url for each in batches[-1]), instant)
    await in_parallel(stand.meetings.start, [each for batch in reversed(batches) for each in batch])
    # Reading the ledger keeps the provider busy: not before the rush is over.
    await sleep_until(max(due.values()) + timedelta(seconds=2))
    called = await calls(stand.provider, due)
    return [called.late({each.meeting_url: due[each.meeting_url] for each in batch}) for batch in batches]


async def _plain_rush(stand: BenchmarkEnvironment, size: int) -> list[float]:
    await stand.start_baselines()
    instant = whole_second(2 + size / _PLAIN_STARTED_A_SECOND)
    requests = [plain_request(link("ppp", number), instant) for number in range(size)]

    async def start(request: SendBotInput) -> WorkflowHandle[PlainTimerWorkflow, DispatchedBot]:
        return await stand.client.start_workflow(PlainTimerWorkflow.run, request, id=request.key, task_queue=QUEUE)

    await in_parallel(start, requests)
    due = {request.meeting_url: instant for request in requests}
    await sleep_until(instant + timedelta(seconds=2))
    return (await calls(stand.provider, due)).late(due)


def plain_request(meeting_url: str, call_at: datetime) -> SendBotInput:
    """What a baseline's workflow is started with."""
    return SendBotInput(
        key=dispatch_key(meeting_url, call_at, 0),
        run="baseline",
        meeting_url=meeting_url,
        start_time=call_at + LEAD,
        requested_at=datetime.now(UTC),
    )


def _judged(size: int, late: list[float], plain_p99: float | None) -> list[Figure]:
    name = f"{size} at once" if size > 1 else "1 alone"
    p99 = percentile(late, 0.99)
    figures = [plain(f"{name}: p50 late", percentile(late, 0.5), "s")]
    if goal := _GOALS.get(size):
        figures.append(at_most(f"{name}: p99 late", p99, "s", goal, plain_p99))
    else:
        figures.append(plain(f"{name}: p99 late", p99, "s"))
    figures.append(at_least(f"{name}: the earliest", min(late), "s", _EARLIEST))
    if plain_p99 is not None:
        better = ratio(plain_p99, max(p99, 0.001))
        figures.append(at_least(f"{name}: better than a plain timer", better, "times", _TIMES_BETTER))
    return figures
