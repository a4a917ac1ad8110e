"""Starts, watches, restarts and stops the processes of the stack."""

import asyncio
import os
import signal
import sys
import time
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from devtools.stack.data_folder import DataFolder
from devtools.stack.errors import ServiceError

READY_SECONDS = 60.0
"""How long a service may take until it answers."""

_POLL_SECONDS = 0.1

_QUICK_END_SECONDS = 10.0

_MAX_QUICK_ENDS = 4

_FIRST_PAUSE_SECONDS = 0.5

_SOURCE_ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Service:
    """What is run, how to see that it answers, and how long it may take to stop, in seconds."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    is_ready: Callable[[], Awaitable[bool]]
    stop_seconds: float


def python_module(name: str, *arguments: str) -> tuple[str, ...]:
    """The command that runs a module of this project, whatever lies in the current folder."""
    return (sys.executable, "-P", "-m", name, *arguments)


class Supervisor:
    """Keeps one service running until it is told to stop; `say` gets a line when something happens."""

    def __init__(self, service: Service, folder: DataFolder, say: Callable[[str], None]) -> None:
        self.service = service
        self._folder = folder
        self._say = say
        self._stopping = asyncio.Event()
        self._process: Process | None = None

    @property
    def group(self) -> int | None:
        """The process group of the service and its leash, which leads it; None while nothing runs."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    async def run(self) -> None:
        """Returns once stopped.

        Raises ServiceError if the service ends at once at every start.
        """
        quick_ends = 0
        while not self._stopping.is_set():
            begun = time.monotonic()
            self._process = process = await self._start()
            if self._stopping.is_set():
                await self._terminate(process)
            status = await process.wait()
            # What the leash held must not live on without it.
            _signal_group(process, signal.SIGKILL)
            if not self._stopping.is_set():
                quick_ends = quick_ends + 1 if time.monotonic() - begun < _QUICK_END_SECONDS else 1
                await self._pause_after(quick_ends, status)

    async def stop(self) -> None:
        """Stops the service: politely at first, killed after its `stop_seconds`."""
        self._stopping.set()
        if self._process is not None:
            await self._terminate(self._process)

    async def wait_ready(self) -> None:
        """Returns once the service answers.

        Raises ServiceError if it does not within READY_SECONDS.
        """
        try:
            async with asyncio.timeout(READY_SECONDS):
                while not await self.service.is_ready():  # noqa: ASYNC110 - only asking tells
                    await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError:
            raise ServiceError(
                f"{self.service.name} did not answer within {READY_SECONDS:g} s.\n"
                f"{self._folder.log_tail(self.service.name)}"
            ) from None

    async def _start(self) -> Process:
        search_path = [str(_SOURCE_ROOT), os.environ.get("PYTHONPATH", "")]
        environment = {
            **self.service.environment,
            "PYTHONPATH": os.pathsep.join(filter(None, search_path)),
            "PYTHONUNBUFFERED": "1",
        }
        with self._folder.log(self.service.name).open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *python_module("devtools.stack.process_guard", "--", *self.service.command),
                stdin=asyncio.subprocess.PIPE,
                stdout=log,
                stderr=asyncio.subprocess.STDOUT,
                env=environment,
                pass_fds=(self._folder.lock_fd,),
                # Ctrl-C in a terminal reaches its whole session at once, but services stop in their order.
                start_new_session=True,
            )

    async def _terminate(self, process: Process) -> None:
        _signal_group(process, signal.SIGTERM)
        try:
            async with asyncio.timeout(self.service.stop_seconds):
                await process.wait()
        except TimeoutError:
            _signal_group(process, signal.SIGKILL)
            await process.wait()

    async def _pause_after(self, quick_ends: int, status: int) -> None:
        name = self.service.name
        if quick_ends == _MAX_QUICK_ENDS:
            raise ServiceError(
                f"{name} ended at once (status {status}), {quick_ends} times in a row.\n"
                f"{self._folder.log_tail(name)}"
            )
        pause = _FIRST_PAUSE_SECONDS * 2 ** (quick_ends - 1)
        self._say(
            f"{name} ended unexpectedly (status {status}); starting it again in {pause:g} s. "
            f"Its log: {self._folder.log(name)}"
        )
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), pause)


def _signal_group(process: Process, number: signal.Signals) -> None:
    # Each leash leads a group of its own, so the group's id is the leash's. For a group of the dead, macOS answers
    # "not permitted".
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


_GROUP_POLL_SECONDS = 0.02

_LOOK_SECONDS = 1.0

_Result = TypeVar("_Result")


class ProcessGroup:
    """Services by name, stopped in the opposite order to that in which they were started.

    `say` gets a line when something happens to one of them.
    """

    def __init__(self, folder: DataFolder, say: Callable[[str], None]) -> None:
        self._folder = folder
        self._say = say
        self._supervisors: dict[str, Supervisor] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def start(self, *services: Service) -> None:
        """Starts services and waits until all of them answer.

        Raises ServiceError if one does not, or if any service does not stay up meanwhile.
        """
        supervisors = [self._launch(service) for service in services]
        await self.run_while_healthy(_all_ready(supervisors))

    async def run_while_healthy(self, work: Awaitable[_Result]) -> _Result:
        """What the work returns, for as long as the services stay up meanwhile.

        Raises ServiceError if one does not.
        """
        working = asyncio.ensure_future(work)
        try:
            while not working.done():
                running = [task for task in self._tasks.values() if not task.done()]
                await asyncio.wait([working, *running], timeout=_LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                self._raise_if_failed()
                self._folder.truncate_logs()
            return await working
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)

    async def stop(self, name: str) -> None:
        """Politely."""
        await self._supervisors.pop(name).stop()
        await self._tasks.pop(name)

    async def stop_all(self) -> None:
        for supervisor in reversed(self._supervisors.values()):
            await supervisor.stop()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def kill_and_restart(self, name: str) -> None:
        """Ends a service as a power cut does; its supervisor starts it again."""
        os.killpg(await self._group(name), signal.SIGKILL)

    async def kill(self, name: str) -> None:
        """Ends a service like that for good."""
        await self.kill_and_restart(name)
        await self.stop(name)

    async def kill_for(self, name: str, seconds: float) -> None:
        """Ends a service like that, and starts it again only after so long."""
        await self.kill_and_restart(name)
        supervisor = self._supervisors[name]
        await supervisor.stop()
        await self._tasks[name]
        await asyncio.sleep(seconds)
        self._launch(supervisor.service)

    async def freeze(self, name: str, seconds: float) -> None:
        """Stops a service as if the whole machine stood still, and lets it go on after so long."""
        group = await self._group(name)
        os.killpg(group, signal.SIGSTOP)
        # The leash must go on, or nobody would end the frozen process if this one were killed.
        os.kill(group, signal.SIGCONT)
        await asyncio.sleep(seconds)
        # It may have been killed meanwhile.
        if self._supervisors[name].group == group:
            os.killpg(group, signal.SIGCONT)

    def groups(self) -> Mapping[str, int]:
        """The process groups of what runs now, by name."""
        found = {name: supervisor.group for name, supervisor in self._supervisors.items()}
        return {name: group for name, group in found.items() if group is not None}

    def _launch(self, service: Service) -> Supervisor:
        supervisor = self._supervisors[service.name] = Supervisor(service, self._folder, self._say)
        self._tasks[service.name] = asyncio.create_task(supervisor.run())
        return supervisor

    def _raise_if_failed(self) -> None:
        for task in self._tasks.values():
            if task.done():
                task.result()

    async def _group(self, name: str) -> int:
        """The process group to strike; one that is just being started again is waited for."""
        while (group := self._supervisors[name].group) is None:  # noqa: ASYNC110 - nobody tells when it is there
            await asyncio.sleep(_GROUP_POLL_SECONDS)
        return group


async def _all_ready(supervisors: list[Supervisor]) -> None:
    for each in supervisors:
        await each.wait_ready()
