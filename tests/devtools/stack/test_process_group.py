"""Blows against real processes: what crashes comes back, what is frozen goes on, what is down stays down."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from devtools.stack.data_folder import DataFolder
from devtools.stack.errors import ServiceError
from devtools.stack.supervisor import ProcessGroup, Service
from tests.devtools.stack.processes import descendants

PROGRAM = "import pathlib, sys, time; pathlib.Path(sys.argv[1]).touch(); time.sleep(600)"


def service(name: str, folder: Path) -> Service:
    """A process that does nothing once it has said that it is there."""
    sign = folder / f"{name}.there"

    async def is_there() -> bool:
        return sign.exists()

    return Service(name, (sys.executable, "-c", PROGRAM, str(sign)), dict(os.environ), is_there, stop_seconds=5)


@pytest_asyncio.fixture
async def crew(tmp_path: Path) -> AsyncIterator[ProcessGroup]:
    folder = DataFolder(tmp_path)
    crew = ProcessGroup(folder, lambda _: None)
    try:
        await crew.start(service("one", tmp_path), service("two", tmp_path))
        yield crew
    finally:
        await crew.stop_all()
        folder.close()


def running(name: str) -> dict[int, str]:
    """The processes of a service, without their process guards: state by process id."""
    ours = descendants(os.getpid())
    named = [
        pid for pid, command in ours.items() if command.endswith(f"{name}.there") and "process_guard" not in command
    ]
    return {pid: state_of(pid) for pid in named}


def state_of(pid: int) -> str:
    return subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)],  # noqa: S607 - wherever the system keeps it
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - only looking tells
            await asyncio.sleep(0.05)


async def test_a_service_that_crashes_comes_back_and_no_other_is_touched(crew: ProcessGroup) -> None:
    one, two = running("one"), running("two")
    await crew.kill_and_restart("one")
    await until(lambda: len(running("one")) == 1 and running("one").keys() != one.keys())
    assert running("two").keys() == two.keys()


async def test_a_service_that_is_frozen_goes_on_as_the_same_process(crew: ProcessGroup) -> None:
    (pid,) = running("one")
    freezing = asyncio.create_task(crew.freeze("one", 1))
    await until(lambda: state_of(pid).startswith("T"))
    await freezing
    await until(lambda: state_of(pid).startswith("S"))
    assert list(running("one")) == [pid]


async def test_a_service_that_is_frozen_can_crash_and_then_comes_back(crew: ProcessGroup) -> None:
    before = running("one")
    freezing = asyncio.create_task(crew.freeze("one", 1))
    await until(lambda: any(state.startswith("T") for state in running("one").values()))
    await crew.kill_and_restart("one")
    await freezing
    await until(lambda: len(running("one")) == 1 and running("one").keys() != before.keys())


async def test_nobody_starts_a_service_during_an_outage(crew: ProcessGroup) -> None:
    outage = asyncio.create_task(crew.kill_for("one", 1))
    await until(lambda: not running("one"))
    await outage
    await until(lambda: len(running("one")) == 1)


async def test_a_service_that_is_killed_stays_down(crew: ProcessGroup) -> None:
    await crew.kill("one")
    assert not running("one")
    assert crew.groups().keys() == {"two"}


async def test_nothing_is_left_even_if_something_is_frozen(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    crew = ProcessGroup(folder, lambda _: None)
    await crew.start(service("one", tmp_path), service("two", tmp_path))
    freezing = asyncio.create_task(crew.freeze("one", 600))
    await until(lambda: any(state.startswith("T") for state in running("one").values()))
    freezing.cancel()
    await crew.stop_all()
    folder.close()
    assert not running("one")
    assert not running("two")


async def test_a_service_that_cannot_stay_up_ends_the_run(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    crew = ProcessGroup(folder, lambda _: None)

    async def never() -> bool:
        return False

    broken = Service("broken", (sys.executable, "-c", "raise SystemExit(3)"), dict(os.environ), never, 1)
    try:
        with pytest.raises(ServiceError, match="broken"):
            await crew.start(broken)
    finally:
        await crew.stop_all()
        folder.close()
