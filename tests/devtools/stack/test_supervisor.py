import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from devtools.stack import supervisor as service_module
from devtools.stack.data_folder import DataFolder
from devtools.stack.errors import ServiceError
from devtools.stack.supervisor import Service, Supervisor
from tests.devtools.stack.processes import alive, descendants, eventually

Ready = Callable[[], bool]


def python(code: str, ready: Ready = lambda: True, stop_seconds: float = 5) -> Service:
    async def is_ready() -> bool:
        return ready()

    return Service("stub", (sys.executable, "-c", code), dict(os.environ), is_ready, stop_seconds)


@asynccontextmanager
async def running(
    service: Service, folder: DataFolder, said: list[str]
) -> AsyncIterator[tuple[Supervisor, "asyncio.Task[None]"]]:
    supervisor = Supervisor(service, folder, said.append)
    task = asyncio.create_task(supervisor.run())
    try:
        yield supervisor, task
    finally:
        await supervisor.stop()
        await asyncio.gather(task, return_exceptions=True)


def lines(folder: DataFolder) -> list[str]:
    log = folder.log("stub")
    return log.read_text().splitlines() if log.exists() else []


async def until(condition: Callable[[], bool], what: str) -> None:
    await asyncio.to_thread(eventually, condition, what)


async def test_what_a_service_prints_lies_in_its_log(folder: DataFolder) -> None:
    code = "import sys, time; print('out'); print('err', file=sys.stderr); time.sleep(600)"
    async with running(python(code, lambda: len(lines(folder)) == 2), folder, []) as (supervisor, _):
        await supervisor.wait_ready()
    assert sorted(lines(folder)) == ["err", "out"]


async def test_a_stopped_service_leaves_nothing_behind_and_is_not_started_again(folder: DataFolder) -> None:
    said: list[str] = []
    code = "import time; print('up'); time.sleep(600)"
    async with running(python(code), folder, said) as (supervisor, task):
        await until(lambda: lines(folder) == ["up"], "the service")
        held = descendants(os.getpid())
        await supervisor.stop()
        await task
    assert not [args for args in alive(held).values() if "'up'" in args]
    assert lines(folder) == ["up"]
    assert said == []


async def test_a_service_that_does_not_stop_in_time_is_killed(folder: DataFolder) -> None:
    code = "import signal, time; signal.signal(15, signal.SIG_IGN); print('stubborn'); time.sleep(600)"
    async with running(python(code, stop_seconds=0.1), folder, []):
        await until(lambda: lines(folder) == ["stubborn"], "the service")
        held = descendants(os.getpid())
    assert not [args for args in alive(held).values() if "'stubborn'" in args]


async def test_a_service_that_dies_is_started_again_and_said_so(folder: DataFolder) -> None:
    said: list[str] = []
    code = "import os, time; print(os.getpid()); time.sleep(600)"
    async with running(python(code), folder, said):
        await until(lambda: len(lines(folder)) == 1, "the first start")
        os.kill(int(lines(folder)[0]), signal.SIGKILL)
        await until(lambda: len(lines(folder)) == 2, "the second start")
    assert said == [
        f"stub ended unexpectedly (status 137); starting it again in 0.5 s. Its log: {folder.log('stub')}"
    ]


async def test_a_service_whose_leash_dies_is_not_left_running_beside_its_successor(folder: DataFolder) -> None:
    said: list[str] = []
    code = "import os, time; print(os.getpid(), os.getppid()); time.sleep(600)"
    async with running(python(code), folder, said):
        await until(lambda: len(lines(folder)) == 1, "the first start")
        command, leash = map(int, lines(folder)[0].split())
        os.kill(leash, signal.SIGKILL)
        await until(lambda: len(lines(folder)) == 2, "the second start")
        assert command not in descendants(os.getpid())
        assert command not in descendants(1)


async def test_a_service_that_ends_at_once_at_every_start_is_given_up_with_its_log(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_module, "_FIRST_PAUSE_SECONDS", 0.01)
    said: list[str] = []
    async with running(python("raise SystemExit('no such luck')"), folder, said) as (_, task):
        with pytest.raises(ServiceError, match=r"(?s)stub ended at once \(status 1\).*stub\.log:.*no such luck"):
            await task
    assert [line.partition("again in ")[2].partition(" s.")[0] for line in said] == ["0.01", "0.02", "0.04"]


async def test_a_service_that_never_answers_is_given_up_with_its_log(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_module, "READY_SECONDS", 0.2)
    service = python("import time; time.sleep(600)", ready=lambda: False)
    async with running(service, folder, []) as (supervisor, _):
        with pytest.raises(ServiceError, match=r"(?s)stub did not answer within 0.2 s.*stub\.log:"):
            await supervisor.wait_ready()


async def test_stopping_while_a_restart_is_awaited_ends_at_once(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_module, "_FIRST_PAUSE_SECONDS", 600)
    said: list[str] = []
    async with running(python("raise SystemExit(1)"), folder, said) as (supervisor, task):
        await until(lambda: bool(said), "the end of the service")
        await supervisor.stop()
        await task
    assert len(said) == 1
