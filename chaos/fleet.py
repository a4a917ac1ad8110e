"""The processes of a run: kept up by the embedded stack's supervisors, struck from here."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar

from chaos.evidence import Struck
from chaos.plan import Blow, BlowKind
from embedded.folder import DataFolder
from embedded.service import Service, Supervisor

_POLL_SECONDS = 0.05
_LOOK_SECONDS = 1.0

_Result = TypeVar("_Result")


class Fleet:
    """Services by name, in the order in which they are started; they are stopped in the opposite one."""

    def __init__(self, folder: DataFolder, say: Callable[[str], None]) -> None:
        self._folder = folder
        self._say = say
        self._supervisors: dict[str, Supervisor] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def start(self, *services: Service) -> None:
        """Starts services and waits until all of them answer. Raises ServiceError if one does not."""
        for service in services:
            self._launch(service)
        for service in services:
            await self._supervisors[service.name].wait_ready()

    async def keep(self, work: Awaitable[_Result]) -> _Result:
        """What the work returns. Raises ServiceError if a service is given up by its supervisor meanwhile."""
        working = asyncio.ensure_future(work)
        try:
            while not working.done():
                await asyncio.wait([working], timeout=_LOOK_SECONDS)
                for task in self._tasks.values():
                    if task.done():
                        task.result()
            return await working
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)

    async def strike(self, blow: Blow) -> Struck:
        """Carries out a blow and, if it lasts, waits for its end."""
        at = datetime.now(UTC)
        match blow.kind:
            case BlowKind.KILL:
                await self._kill(blow.target)
            case BlowKind.FREEZE:
                await self._freeze(blow.target, blow.seconds)
            case BlowKind.OUTAGE:
                await self._keep_down(blow.target, blow.seconds)
        return Struck(kind=blow.kind, target=blow.target, at=at, until=datetime.now(UTC))

    async def stop(self) -> None:
        for name in reversed(self._supervisors):
            await self._supervisors[name].stop()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def _launch(self, service: Service) -> None:
        supervisor = self._supervisors[service.name] = Supervisor(service, self._folder, self._say)
        self._tasks[service.name] = asyncio.create_task(supervisor.run())

    async def _kill(self, name: str) -> None:
        os.killpg(await self._group(name), signal.SIGKILL)

    async def _freeze(self, name: str, seconds: float) -> None:
        group = await self._group(name)
        os.killpg(group, signal.SIGSTOP)
        # The leash must go on, or nobody would end the frozen process if this one were killed.
        os.kill(group, signal.SIGCONT)
        await asyncio.sleep(seconds)
        # It may have been killed meanwhile.
        if self._supervisors[name].group == group:
            os.killpg(group, signal.SIGCONT)

    async def _keep_down(self, name: str, seconds: float) -> None:
        await self._kill(name)
        supervisor = self._supervisors[name]
        await supervisor.stop()
        await self._tasks[name]
        await asyncio.sleep(seconds)
        self._launch(supervisor.service)

    async def _group(self, name: str) -> int:
        """The process group to strike; one that is just being started again is waited for."""
        while (group := self._supervisors[name].group) is None:  # noqa: ASYNC110 - nobody tells when it is there
            await asyncio.sleep(_POLL_SECONDS)
        return group
