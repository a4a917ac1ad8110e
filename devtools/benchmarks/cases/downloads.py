"""Recordings on their way home: how fast, in how much memory, and what a killed worker costs."""

import asyncio
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from devtools.benchmarks.booking import beginning_now, in_parallel
from devtools.benchmarks.context import Bench
from devtools.benchmarks.environment import BenchmarkEnvironment
from devtools.benchmarks.files import Files, stand_with_files
from devtools.benchmarks.histories import download_span, ended
from devtools.benchmarks.measure import ratio
from devtools.benchmarks.processes import watching
from devtools.benchmarks.relay import Relay
from devtools.benchmarks.results import AccessFindings, at_least, at_most, plain
from devtools.stack.ports import HOST, claim_ports
from minutekeeper.meetings.request import MeetingRequest

TITLE = "Downloads"

_SPEED = 1000.0
_MIB = 1024 * 1024
_LARGE = 2048 * _MIB
_FILES = 20
_FILE = 100 * _MIB
_ROUNDS = "ab"
_BROKEN = 192 * _MIB
_KILLED_AFTER = 100 * _MIB
_RELAYED_A_SECOND = 48 * _MIB
_PIECE = 8 * _MIB
_PATIENCE_SECONDS = 240.0


@dataclass
class _Tally:
    """What all rounds together came to: `seconds` for so many `bytes`, and by how much the worker grew at most."""

    bytes: int = 0
    seconds: float = 0.0
    growth: float = 0.0

    def add(self, size: int, seconds: float, growth: float = 0.0) -> None:
        self.bytes += size
        self.seconds += seconds
        self.growth = max(self.growth, growth)

    @property
    def rate(self) -> float:
        """Bytes a second."""
        return self.bytes / self.seconds


async def measure(bench: Bench) -> AccessFindings:
    # The server needs most of a minute to see that the killed worker is gone; the rest is measured meanwhile.
    killed = asyncio.Event()
    resuming = asyncio.create_task(_fetched_again(bench, killed))
    await asyncio.wait({resuming, asyncio.create_task(killed.wait())}, return_when=asyncio.FIRST_COMPLETED)
    curl, one, many = _Tally(), _Tally(), _Tally()
    large = round(_LARGE * bench.share)
    async with stand_with_files(bench, "downloads", _SPEED) as files:
        for letter in _ROUNDS:
            await _curl(files, large, curl)
            await _fetch(files, beginning_now(f"on{letter}", [1]), large, one)
            await _fetch(files, beginning_now(f"tw{letter}", range(_FILES)), round(_FILE * bench.share), many)
    again = await resuming
    return AccessFindings(
        figures=(
            at_least(f"{large // _MIB} MiB: share of curl's rate", ratio(one.rate, curl.rate), "", 0.8),
            plain(f"{large // _MIB} MiB", one.rate / 1e6, "MB/s", curl.rate / 1e6),
            at_most(f"{large // _MIB} MiB: memory growth", one.growth / _MIB, "MiB", 64),
            at_least(f"{_FILES} files at once: share of curl's rate", ratio(many.rate, curl.rate), "", 0.8),
            plain(f"{_FILES} files at once", many.rate / 1e6, "MB/s", curl.rate / 1e6),
            at_most(f"{_FILES} files at once: memory growth", many.growth / _MIB, "MiB", 64),
            at_most("fetched again after a kill", again / _MIB, "MiB", _PIECE / _MIB),
        ),
        notes=(
            "From the activity's beginning to its end by the server's clock: fetched, hashed, safely on the disk.",
            "The baseline is curl to the same disk, and then sha256sum; it does not wait for the disk.",
            f"{_FILES} files of {_FILE // _MIB} MiB, as many at a time as one worker takes by default.",
            f"{len(_ROUNDS)} rounds of all three in turn, each with nothing left to write from the one before.",
        ),
    )


async def _curl(files: Files, size: int, tally: _Tally) -> None:
    """Fetches and then hashes a file."""
    await files.serve(size)
    target = files.stand.folder.path / "curl.mp4"
    began = time.monotonic()
    await _run("curl", "--silent", "--fail", "--output", str(target), f"{files.address}/curl.mp4")
    await _run("sha256sum", str(target))
    tally.add(target.stat().st_size, time.monotonic() - began)
    target.unlink()


async def _run(*command: str) -> None:
    """Raises RuntimeError if the command fails."""
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL
    )
    if status := await process.wait():
        raise RuntimeError(f"{command[0]} ended with status {status}")


async def _fetch(files: Files, meetings: list[MeetingRequest], size: int, tally: _Tally) -> None:
    """Brings so many recordings home at once."""
    stand = files.stand
    await files.serve(size)
    await stand.provider.script(_life(size))
    async with watching(stand.crew.groups) as watch:
        spans = await _brought_home(stand, meetings)
    took = (max(done for _, done in spans) - min(began for began, _ in spans)).total_seconds()
    tally.add(len(meetings) * size, took, watch.peak("worker-1") - watch.memory["worker-1"][0][1])
    for recording in stand.artifacts.rglob("recording.mp4"):
        recording.unlink()


async def _brought_home(
    stand: BenchmarkEnvironment, meetings: list[MeetingRequest]
) -> list[tuple[datetime, datetime]]:
    booked: set[str] = set()

    async def book(meeting: MeetingRequest) -> None:
        booked.add((await stand.meetings.start(meeting)).workflow_id)

    await in_parallel(book, meetings)
    await ended(stand, booked, _PATIENCE_SECONDS)
    return [await download_span(stand, workflow_id) for workflow_id in booked]


async def _fetched_again(bench: Bench, killed: asyncio.Event) -> float:
    """Bytes that the next worker fetches although they had been handed out already; tells when the kill was."""
    size = round(_BROKEN * bench.share)
    port = claim_ports({"relay": 0})["relay"]
    relayed = {
        "MINUTEKEEPER_SIMULATOR_PUBLIC_URL": f"http://{HOST}:{port}",
        "MINUTEKEEPER_DOWNLOAD_HOSTS": f"{HOST}:{port}",
    }
    async with bench.stand("downloads-killed", speed=_SPEED, settings=relayed) as stand:
        relay = Relay(str(stand.addresses.simulator), _RELAYED_A_SECOND, port)
        async with relay.running():
            await stand.provider.script(_life(size))
            fetching = asyncio.create_task(_brought_home(stand, beginning_now("kkk", [1])))
            while relay.handed_out < _KILLED_AFTER * bench.share:  # noqa: ASYNC110 - only asking tells
                await asyncio.sleep(0.01)
            await stand.crew.kill("worker-1")
            killed.set()
            await stand.start_worker(2)
            await fetching
        return relay.handed_out - size


def _life(size: int) -> dict[str, Any]:
    """A bot that comes, records so many bytes, and goes."""
    arrival = [{"code": code} for code in ("joining_call", "in_call_not_recording", "in_call_recording")]
    end = [{"code": "call_ended", "after": "call_duration"}, {"code": "complete"}]
    return {"name": "large", "steps": [*arrival, *end], "recording_size": size}
