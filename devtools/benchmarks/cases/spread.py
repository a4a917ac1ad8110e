"""Meetings one after the other: how late their bots are called, beside somebody who looks once a minute."""

import asyncio
from datetime import timedelta

from devtools.benchmarks.baselines.polling import poll
from devtools.benchmarks.booking import LEAD, link, sleep_until, whole_second
from devtools.benchmarks.context import Bench
from devtools.benchmarks.lateness import calls
from devtools.benchmarks.measure import distribution, percentile
from devtools.benchmarks.results import AccessFindings, Curve, Plot, at_least, at_most, plain
from minutekeeper.meetings.request import MeetingRequest

TITLE = "Spread"

_MEETINGS = 300
_SECONDS = 175.0
_BOOKED_AHEAD = timedelta(seconds=45)
_FIRST_AHEAD = 5.0
_EARLIEST = -0.25


async def measure(bench: Bench) -> AccessFindings:
    count = bench.many(_MEETINGS)
    seconds = _SECONDS * count / _MEETINGS
    async with bench.stand("spread") as stand:
        first = whole_second(_FIRST_AHEAD)
        # Fractions of seconds as they come: only the keys of dispatches know whole seconds alone.
        instants = [first + timedelta(seconds=seconds * number / count) for number in range(count)]
        due = {link("sss", number): instant for number, instant in enumerate(instants)}
        polled = {link("zzz", number): instant for number, instant in enumerate(instants)}
        polling = asyncio.create_task(poll(stand.provider, polled, stand.http, first))
        for meeting_url, instant in due.items():
            await sleep_until(instant - _BOOKED_AHEAD)
            await stand.meetings.start(MeetingRequest(meeting_url=meeting_url, start_time=instant + LEAD))
        await polling
        called = await calls(stand.provider, due)
    late, polled_late = called.late(due), called.late(polled)
    return AccessFindings(
        figures=(
            plain("p50 late", percentile(late, 0.5), "s", percentile(polled_late, 0.5)),
            at_most("p99 late", percentile(late, 0.99), "s", 0.1, percentile(polled_late, 0.99)),
            plain("the latest", max(late), "s", max(polled_late)),
            at_least("the earliest", min(late), "s", _EARLIEST),
        ),
        notes=(
            f"{count} meetings over {seconds:g} s.",
            "The baseline looks once a minute which bots are due and sends those, as most others do.",
        ),
        curves={
            Plot.LATENESS: (
                Curve(name=f"{count} spread", points=distribution(late)),
                Curve(name="a peer that polls", points=distribution(polled_late)),
            )
        },
    )
