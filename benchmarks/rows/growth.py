"""More workers and more meetings: how many whole lives a second, what limits them, and a whole day in a minute."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from benchmarks.bench import Bench
from benchmarks.booking import LEAD, beginning_now, in_parallel, link, sleep_until, whole_second
from benchmarks.day import by_rate, starts
from benchmarks.figures import Curve, Figure, Findings, Plot, plain
from benchmarks.histories import ended
from benchmarks.lateness import calls
from benchmarks.measure import per_second, percentile, ratio
from benchmarks.processes import usage
from benchmarks.stand import Stand
from meetings.request import MeetingRequest

TITLE = "Growth"

_SPEED = 120.0
_STEPS = ((1, "one"), (2, "two"), (4, "fou"))
"""Worker processes, and the series of links of the meetings that they are given."""
_LIVES = 80
_DAY_MEETINGS = 100_000
_SAMPLED = 100
_DAY_SECONDS = 30.0
_BOOKED_AHEAD = timedelta(seconds=3)
_FIRST_AHEAD = 5.0
_SEED = 1
_PATIENCE_SECONDS = 45.0
_NEARLY_ALL = 0.95
_CURVE_SECONDS = 2.0
_CLASSES = ((0.0, 3_000.0), (3_000.0, 10_000.0), (10_000.0, float("inf")))


@dataclass(frozen=True)
class _Rush:
    """So many lives lived by so many workers.

    `rate` is meetings a second until nearly all had ended, `cpu` the CPU seconds of a meeting by process, `ends`
    when each ended, in seconds; `open` are those that had not when nobody waited any longer.
    """

    workers: int
    rate: float
    cpu: dict[str, float]
    ends: list[float]
    open: int


async def measure(bench: Bench) -> Findings:
    async with bench.stand("growth", speed=_SPEED) as stand:
        rushes = []
        running = 1
        for workers, series in _STEPS:
            await asyncio.gather(*(stand.start_worker(number + 1) for number in range(running, workers)))
            running = workers
            rushes.append(await _lives(stand, workers, beginning_now(series, range(bench.many(_LIVES)))))
        day, curves = await _day(stand, bench)
    first = rushes[0]
    figures = [
        figure
        for rush in rushes
        for figure in (
            plain(f"{_workers(rush.workers)}: whole meetings", rush.rate, "/s"),
            plain(f"{_workers(rush.workers)}: of one worker's rate", ratio(rush.rate, first.rate), "times"),
            plain(f"{_workers(rush.workers)}: not ended", rush.open, "meetings"),
        )
    ]
    figures += [
        plain(f"CPU of {name}, a meeting", 1000 * seconds, "ms") for name, seconds in sorted(first.cpu.items())
    ]
    curves += [
        Curve(name=f"{_workers(rush.workers)}: ended", points=per_second(rush.ends, _CURVE_SECONDS))
        for rush in rushes
    ]
    return Findings(
        figures=(*figures, *day),
        notes=(
            f"{bench.many(_LIVES)} meetings at once that live {_SPEED:g} times faster than real ones.",
            f"The day: {bench.many(_SAMPLED)} of {_DAY_MEETINGS:,} meetings in {_DAY_SECONDS:g} s.",
            f"So it has {_density(bench):.1f} times as many meetings a second as the real one.",
            f"Each is booked {_BOOKED_AHEAD.total_seconds():g} s before its bot is due.",
        ),
        curves={Plot.THROUGHPUT: tuple(curves)},
    )


def _workers(count: int) -> str:
    return f"{count} workers" if count > 1 else "1 worker"


def _density(bench: Bench) -> float:
    return (bench.many(_SAMPLED) / _DAY_SECONDS) / (_DAY_MEETINGS / 86_400)


async def _lives(stand: Stand, workers: int, meetings: list[MeetingRequest]) -> _Rush:
    booked: set[str] = set()

    async def book(meeting: MeetingRequest) -> None:
        booked.add((await stand.meetings.start(meeting)).workflow_id)

    before = _cpu(stand)
    began = datetime.now(UTC)
    await in_parallel(book, meetings)
    found = await ended(stand, booked, _PATIENCE_SECONDS)
    cpu: dict[str, float] = {}
    for name, seconds in _cpu(stand).items():
        kind = name.partition("-")[0]
        cpu[kind] = cpu.get(kind, 0.0) + (seconds - before.get(name, 0.0)) / len(meetings)
    ends = [(at - began).total_seconds() for at in found.values()]
    rate = _NEARLY_ALL * len(meetings) / percentile(ends, _NEARLY_ALL)
    return _Rush(workers, rate, cpu, ends, len(meetings) - len(ends))


def _cpu(stand: Stand) -> dict[str, float]:
    return {name: usage(group).cpu for name, group in stand.crew.groups().items()}


async def _day(stand: Stand, bench: Bench) -> tuple[list[Figure], list[Curve]]:
    seconds = _DAY_SECONDS
    offsets = starts(bench.many(_SAMPLED), seconds, _SEED)
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
    found = await ended(stand, booked, _PATIENCE_SECONDS)
    late = (await calls(stand.provider, due)).late(due)
    ends = [(at - first).total_seconds() for at in found.values()]
    waiting = _most_waiting([(offset, offset + each) for offset, each in zip(offsets, late, strict=True)])
    figures = [
        plain("the day: p99 late", percentile(late, 0.99), "s"),
        plain("the day: most bots waiting to be called", waiting, "bots"),
        plain("the day: not ended", len(offsets) - len(ends), "meetings"),
        *_by_class(offsets, late, seconds),
    ]
    curves = [
        Curve(name="the day: due", points=per_second(offsets, _CURVE_SECONDS)),
        Curve(name="the day: ended", points=per_second(ends, _CURVE_SECONDS)),
    ]
    return figures, curves


def _most_waiting(spans: list[tuple[float, float]]) -> int:
    """How many of the spans overlap at most."""
    moments = sorted([(began, 1) for began, _ in spans] + [(max(began, ended), -1) for began, ended in spans])
    waiting = most = 0
    for _, change in moments:
        waiting += change
        most = max(most, waiting)
    return most


def _by_class(offsets: list[float], late: list[float], seconds: float) -> Iterator[Figure]:
    """Lateness in the quiet hours and in the busy ones, by meetings an hour in real time."""
    hours = list(by_rate(offsets, seconds))
    for least, most in _CLASSES:
        found = [late[n] for rate, within in hours if least <= rate < most for n in within]
        if found:
            name = f"up to {most:,.0f}" if most < float("inf") else f"more than {least:,.0f}"
            yield plain(f"{name} meetings an hour: p99 late", percentile(found, 0.99), "s")
