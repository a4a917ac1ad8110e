"""The processes of a stand: kept up by the embedded stack's supervisors, killed from here."""

import asyncio
import os
import signal
from collections.abc import Callable, Mapping

from embedded.folder import DataFolder
from embedded.service import Service, Supervisor

_POLL_SECONDS = 0.02


class Crew:
    """Services by name, stopped in the opposite order to that in which they were started."""

    def __init__(self, folder: DataFolder, say: Callable[[str], None]) -> None:
        self._folder = folder
        self._say = say
        self._supervisors: dict[str, Supervisor] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def start(self, *services: Service) -> None:
        """Starts services and waits until all of them answer. Raises ServiceError if one does not."""
        for service in services:
            supervisor = self._supervisors[service.name] = Supervisor(service, self._folder, self._say)
            self._tasks[service.name] = asyncio.create_task(supervisor.run())
        for service in services:
            await self._supervisors[service.name].wait_ready()

    async def stop(self, name: str) -> None:
        """Politely."""
        await self._supervisors.pop(name).stop()
        await self._tasks.pop(name)

    async def kill(self, name: str) -> None:
        """As a power cut does it; the service stays down."""
        os.killpg(await self._group(name), signal.SIGKILL)
        await self.stop(name)

    async def stop_all(self) -> None:
        for supervisor in reversed(self._supervisors.values()):
            await supervisor.stop()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def groups(self) -> Mapping[str, int]:
        """The process groups of what runs now, by name."""
        found = {name: supervisor.group for name, supervisor in self._supervisors.items()}
        return {name: group for name, group in found.items() if group is not None}

    async def _group(self, name: str) -> int:
        while (group := self._supervisors[name].group) is None:  # noqa: ASYNC110 - only asking tells
            await asyncio.sleep(_POLL_SECONDS)
        return group
