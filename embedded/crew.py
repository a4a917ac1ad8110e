"""The processes of a stack by name: each kept up by a supervisor, and struck on purpose where that is wanted."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from embedded.folder import DataFolder
from embedded.service import Service, Supervisor

_POLL_SECONDS = 0.02
_LOOK_SECONDS = 1.0

_Result = TypeVar("_Result")


class Crew:
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
        await self.keep(_all_ready(supervisors))

    async def keep(self, work: Awaitable[_Result]) -> _Result:
        """What the work returns, for as long as the services stay up meanwhile.

        Raises ServiceError if one does not.
        """
        working = asyncio.ensure_future(work)
        try:
            while not working.done():
                running = [task for task in self._tasks.values() if not task.done()]
                await asyncio.wait([working, *running], timeout=_LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                self._raise_if_failed()
                self._folder.shorten_logs()
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

    async def crash(self, name: str) -> None:
        """Ends a service as a power cut does; its supervisor starts it again."""
        os.killpg(await self._group(name), signal.SIGKILL)

    async def kill(self, name: str) -> None:
        """Ends a service like that for good."""
        await self.crash(name)
        await self.stop(name)

    async def keep_down(self, name: str, seconds: float) -> None:
        """Ends a service like that, and starts it again only after so long."""
        await self.crash(name)
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
            await asyncio.sleep(_POLL_SECONDS)
        return group


async def _all_ready(supervisors: list[Supervisor]) -> None:
    for each in supervisors:
        await each.wait_ready()
