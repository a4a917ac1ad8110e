"""The HTTP API: bookings, lists, unchanged meetings and files, while a worker serves the same meetings."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import count, cycle
from pathlib import Path

import aiohttp

from devtools.benchmarks.actions import actions
from devtools.benchmarks.booking import in_parallel, link, whole_second
from devtools.benchmarks.context import Bench
from devtools.benchmarks.deliveries import at_a_rate
from devtools.benchmarks.environment import BenchmarkEnvironment
from devtools.benchmarks.filed_meeting import RECORDING, file_meeting
from devtools.benchmarks.measure import percentile, ratio
from devtools.benchmarks.processes import watching
from devtools.benchmarks.results import AccessFindings, at_least, at_most, plain
from devtools.stack.ports import HOST, claim_ports
from devtools.stack.stack import web_service
from devtools.stack.supervisor import Service, python_module
from minutekeeper.api_keys import ApiKeyFile, ApiScope
from minutekeeper.meetings.request import MeetingRequest

TITLE = "API"

_MEETINGS = 10_000
_FAR_AHEAD = 86_400.0
_QUARTERS = 40
_KEYS = 10
"""A key has its limit; the API is what is measured."""
_BOOKED_AT_ONCE = 20
_BOOKED_A_SECOND = 20.0
_BOOKING_SECONDS = 15.0
_LISTS = 60
_UNCHANGED = 100
_MIB = 1024 * 1024
_LARGE = 2048 * _MIB
_ROUNDS = 3
_SETTLE_SECONDS = 5.0


class _Caller:
    """Calls the API with one key after the other."""

    def __init__(self, stand: BenchmarkEnvironment, http: aiohttp.ClientSession) -> None:
        file = ApiKeyFile(Path(stand.environment["MINUTEKEEPER_API_KEYS"]))
        now = datetime.now(UTC)
        self._keys = cycle([file.add(f"bench-{n}", tuple(ApiScope), now, None) for n in range(_KEYS)])
        self._http = http
        self.url = f"{stand.addresses.web}/api/v1/meetings"

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {next(self._keys)}"}

    async def call(
        self, method: str, path: str, expected: int, *, body: dict[str, str] | None = None, known: str = ""
    ) -> str:
        """The tag of the answer. Raises RuntimeError for another status than the expected one."""
        headers = self.headers() | ({"If-None-Match": known} if known else {})
        async with self._http.request(method, f"{self.url}{path}", headers=headers, json=body) as answer:
            told = await answer.text()
            if answer.status != expected:
                raise RuntimeError(f"{method} {path} was answered with {answer.status}: {told[:300]}")
            return answer.headers.get("ETag", "")


async def measure(bench: Bench) -> AccessFindings:
    meetings = bench.many(_MEETINGS)
    async with bench.stand("api") as stand, aiohttp.ClientSession() as http:
        file_meeting(stand.artifacts, round(_LARGE * bench.share))
        await stand.crew.start(web_service(stand.addresses, stand.environment, stand.http))
        caller = _Caller(stand, http)
        booked = await _booking(caller)
        unchanged, queries = await _unchanged(stand, caller)
        await in_parallel(stand.meetings.start, _one_day(meetings), at_once=_BOOKED_AT_ONCE)
        await asyncio.sleep(_SETTLE_SECONDS)
        listed = await _timed(lambda: caller.call("GET", "?limit=50", 200), _LISTS)
        sent, plainly, memory = await _files(stand, caller)
    size = round(_LARGE * bench.share) // _MIB
    return AccessFindings(
        figures=(
            plain("booking p50 at 20/s", 1000 * percentile(booked, 0.5), "ms"),
            at_most("booking p99 at 20/s", 1000 * percentile(booked, 0.99), "ms", 150),
            at_most("unchanged meeting (304) p99", 1000 * percentile(unchanged, 0.99), "ms", 30),
            at_most(f"queries for {_UNCHANGED} unchanged meetings", queries, "", 0),
            at_most(f"list of 50 of {meetings} meetings p99", 1000 * percentile(listed, 0.99), "ms", 300),
            plain(f"{size} MiB", sent / 1e6, "MB/s", plainly / 1e6),
            at_least(f"{size} MiB: share of a plain file server's rate", ratio(sent, plainly), "", 0.8),
            at_most(f"{size} MiB: memory of the API", memory / _MIB, "MiB", 150),
        ),
        notes=(
            "The plain file server is aiohttp's own, asked by the same curl, which throws away what it gets.",
            f"The best of {_ROUNDS} rounds each, turn by turn.",
            "Queries are counted by the server.",
        ),
    )


def _one_day(meetings: int) -> list[MeetingRequest]:
    """Meetings that begin at the quarters of ten hours."""
    first = whole_second(_FAR_AHEAD)
    return [
        MeetingRequest(
            meeting_url=link("own", number), start_time=first + timedelta(minutes=15 * (number % _QUARTERS))
        )
        for number in range(meetings)
    ]


async def _booking(caller: _Caller) -> list[float]:
    """The seconds that bookings took, twenty begun each second."""
    numbers = count()
    start = whole_second(_FAR_AHEAD).isoformat()

    async def book() -> None:
        await caller.call("POST", "", 201, body={"meeting_url": link("api", next(numbers)), "start_time": start})

    return await at_a_rate(book, rate=_BOOKED_A_SECOND, seconds=_BOOKING_SECONDS)


async def _unchanged(stand: BenchmarkEnvironment, caller: _Caller) -> tuple[list[float], int]:
    """The seconds that answers took which say that nothing has happened, and the queries that they cost."""
    start = whole_second(_FAR_AHEAD)
    await caller.call(
        "POST", "", 201, body={"meeting_url": link("unc", 0), "start_time": start.isoformat(), "id": "unchanged"}
    )
    await asyncio.sleep(_SETTLE_SECONDS)
    known = await caller.call("GET", "/unchanged", 200)
    before = await actions(stand)
    took = await _timed(lambda: caller.call("GET", "/unchanged", 304, known=known), _UNCHANGED)
    after = await actions(stand)
    return took, sum((after - before).values())


async def _timed(act: Callable[[], Awaitable[str]], times: int) -> list[float]:
    took: list[float] = []
    for _ in range(times):
        began = time.perf_counter()
        await act()
        took.append(time.perf_counter() - began)
    return took


async def _files(stand: BenchmarkEnvironment, caller: _Caller) -> tuple[float, float, float]:
    """Bytes a second from the API and from the plain server, and the most bytes of memory that the API had."""
    async with _plain_server(stand) as address, watching(stand.crew.groups) as watch:
        sent, plainly = 0.0, 0.0
        for _ in range(_ROUNDS):
            plainly = max(plainly, await _curl(f"{address}/{RECORDING}", {}))
            sent = max(sent, await _curl(f"{caller.url}/filed/files/recording.mp4", caller.headers()))
    return sent, plainly, watch.peak("web")


@asynccontextmanager
async def _plain_server(stand: BenchmarkEnvironment) -> AsyncIterator[str]:
    port = claim_ports({"plain": 0})["plain"]
    address = f"http://{HOST}:{port}"

    async def is_ready() -> bool:
        with contextlib.suppress(aiohttp.ClientError):
            async with stand.http.head(f"{address}/{RECORDING}") as answer:
                return answer.ok
        return False

    command = python_module("devtools.benchmarks.plain_file_server", str(port), str(stand.artifacts))
    await stand.crew.start(Service("plain", command, stand.environment, is_ready, stop_seconds=1))
    yield address
    await stand.crew.stop("plain")


async def _curl(url: str, headers: dict[str, str]) -> float:
    """Bytes a second. Raises RuntimeError if curl fails."""
    given = [part for name, value in headers.items() for part in ("--header", f"{name}: {value}")]
    told = "%{speed_download}"
    process = await asyncio.create_subprocess_exec(
        *("curl", "--silent", "--fail", "--output", "/dev/null", "--write-out", told, *given, url),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )
    speed, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"curl ended with status {process.returncode}")
    return float(speed)
