"""The computed parts of docs/sizing.md."""

from collections.abc import Iterator
from math import ceil

from devtools.benchmarks.sizing import Sizing

_BUSY = 0.5
"""How busy a core is planned to be: what comes at once, and what a dead machine leaves behind, finds room."""
_LOADS = (1_000, 10_000, 100_000)
_MILLION = 1_000_000
_A_DAY = 100_000
_WEEK_HOURS, _MONTH_HOURS = 7 * 24, 30 * 24
_RUSH = 100_000
_RUSH_SECONDS = 900
_SPREADS = (40, 300, 600)
_ARMED_SLOTS = 5_000


def cores(size: Sizing) -> Iterator[str]:
    yield "| one core of | CPU of a meeting | whole meetings an hour |"
    yield "| --- | ---: | ---: |"
    for name, kind in (("the server", "temporal"), ("a worker", "worker"), ("a bridge", "bridge")):
        yield f"| {name} | {1000 * size.meeting_cpu[kind]:.0f} ms | {size.an_hour(kind):,.0f} |"
    together = sum(size.meeting_cpu.values())
    yield f"| all three together | {1000 * together:.0f} ms | {size.an_hour(*size.meeting_cpu):,.0f} |"


def loads(size: Sizing) -> Iterator[str]:
    yield "| meetings in the busiest hour | cores of the server | workers | bridges |"
    yield "| ---: | ---: | ---: | ---: |"
    for meetings in _LOADS:
        server, worker, bridge = (
            size.cores(kind, meetings, 3600) / _BUSY for kind in ("temporal", "worker", "bridge")
        )
        yield f"| {meetings:,} | {max(1, ceil(server))} | {max(2, ceil(worker))} | {max(2, ceil(bridge))} |"


def cloud(size: Sizing) -> Iterator[str]:
    stored = size.storage_dollars(_MILLION, active_hours=_WEEK_HOURS, retained_hours=_MONTH_HOURS)
    plain = size.plain_actions / size.actions * size.dollars(_MILLION)
    yield "| a million meetings on Temporal Cloud | list price |"
    yield "| --- | ---: |"
    yield f"| {size.actions:g} actions each | ${size.dollars(_MILLION):,.0f} |"
    yield f"| storage: {size.history_kib:.1f} KiB each, a week open and a month kept | ${stored:,.0f} |"
    yield f"| the same in the plain shape, {size.plain_actions:g} actions each | ${plain:,.0f} |"


def database(size: Sizing) -> Iterator[str]:
    sleepers, ended = 7 * _A_DAY, 30 * _A_DAY
    asleep = size.database_gib(sleepers=sleepers, ended=0)
    kept = size.database_gib(sleepers=0, ended=ended)
    yield "| in the database | size |"
    yield "| --- | ---: |"
    yield f"| a meeting that sleeps | {size.sleeper_kib:.0f} KiB |"
    yield f"| a meeting that has ended | {size.ended_kib:.0f} KiB |"
    yield f"| {sleepers:,} that sleep: a week of {_A_DAY:,} a day | {asleep:,.0f} GiB |"
    yield f"| {ended:,} that have ended: a month of them | {kept:,.0f} GiB |"


def rush(size: Sizing) -> Iterator[str]:
    yield f"| {_RUSH:,} wake up within | cores of the server | cores of workers |"
    yield "| ---: | ---: | ---: |"
    for seconds in _SPREADS:
        server, worker = (_RUSH * size.booking_cpu[kind] / seconds for kind in ("temporal", "worker"))
        yield f"| {seconds} s | {ceil(server)} | {ceil(worker)} |"
    yield ""
    workers = ceil(_RUSH / _ARMED_SLOTS)
    yield f"At {_ARMED_SLOTS:,} armed bots each, {workers} workers hold them all."
    if size.calls is not None:
        within = _ARMED_SLOTS / size.calls
        yield f"One worker called {size.calls:,.0f} bots a second in the largest rush that was measured, so each"
        yield f"one calls its own in {within:.1f} s, if the provider takes {workers * size.calls:,.0f} a second."
    server, worker, bridge = (size.cores(kind, _RUSH, _RUSH_SECONDS) for kind in ("temporal", "worker", "bridge"))
    yield (
        f"The whole lives of these meetings keep {ceil(server)} cores of the server, {ceil(worker)} of workers and "
        f"{ceil(bridge)} of bridges busy, if all that happens in them falls into {_RUSH_SECONDS // 60} minutes."
    )
