"""The whole of Minutekeeper as child processes: Temporal with its UI, worker, bridge and simulator."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import aiohttp

from embedded.environment import CLIENT_VARIABLES, Addresses, choose_addresses, read_settings, service_environment
from embedded.folder import DataFolder
from embedded.ports import claim_ports
from embedded.service import Service, Supervisor
from embedded.services import STOP_ORDER, other_services, temporal_service
from embedded.temporal_server import ServerProbe

_REQUEST_SECONDS = 2.0
_LOG_CHECK_SECONDS = 60.0

_Result = TypeVar("_Result")

Say = Callable[[str], None]


@dataclass(frozen=True)
class Options:
    """How a stack is started.

    A port of 0 takes any free one; `speed` is how much faster simulated life runs; `fresh` throws away what earlier
    stacks left in the folder.
    """

    data_dir: Path
    temporal_port: int = 0
    temporal_http_port: int = 0
    ui_port: int = 0
    bridge_port: int = 0
    simulator_port: int = 0
    simulator: bool = True
    speed: float = 1.0
    fresh: bool = False


class Stack:
    """A running stack: where it answers, and the tasks that keep it running."""

    def __init__(self, addresses: Addresses, folder: DataFolder, say: Say) -> None:
        self.addresses = addresses
        self.folder = folder
        self._say = say
        self._supervisors: list[Supervisor] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, *services: Service) -> None:
        """Starts services and waits until all of them answer.

        Raises ServiceError if one does not, or if any service does not stay up.
        """
        supervisors = [Supervisor(each, self.folder, self._say) for each in services]
        for supervisor in supervisors:
            self._supervisors.append(supervisor)
            self._tasks.append(asyncio.create_task(supervisor.run()))
        await self.keep(_all_ready(supervisors))

    async def keep(self, work: Awaitable[_Result]) -> _Result:
        """What the work returns, for as long as the services stay up meanwhile.

        Raises ServiceError if one does not.
        """
        working = asyncio.ensure_future(work)
        try:
            while not working.done():
                await asyncio.wait(
                    [working, *self._tasks], timeout=_LOG_CHECK_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
                self._raise_if_failed()
                self.folder.shorten_logs()
            return await working
        finally:
            working.cancel()

    async def stop(self) -> None:
        """Stops everything: first what takes work in, then what does it, Temporal last."""
        for supervisor in sorted(self._supervisors, key=lambda each: STOP_ORDER.index(each.service.name)):
            await supervisor.stop()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _raise_if_failed(self) -> None:
        for task in self._tasks:
            if task.done():
                task.result()


@asynccontextmanager
async def running_stack(options: Options, say: Say) -> AsyncIterator[Stack]:
    """A stack in which everything answers; it is stopped at the end, whatever the end is.

    Raises UsageError if it cannot be started as asked, ServiceError if a service does not come up.
    """
    settings = read_settings(simulator=options.simulator)
    folder = DataFolder(options.data_dir)
    try:
        ports = claim_ports(_wanted_ports(options))
        addresses = choose_addresses(ports, folder, settings, simulator=options.simulator)
        if options.fresh:
            folder.empty()
        folder.put_old_logs_aside()
        stack = Stack(addresses, folder, say)
        timeout = aiohttp.ClientTimeout(total=_REQUEST_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as http:
            environment = service_environment(addresses, folder, settings, options.speed)
            folder.write_environment({name: environment[name] for name in CLIENT_VARIABLES})
            probe = ServerProbe(addresses.temporal, addresses.ui, http)
            try:
                await stack.start(temporal_service(ports, folder, probe, environment))
                await stack.start(*other_services(ports, addresses, probe, environment, http))
                yield stack
            finally:
                await stack.stop()
    finally:
        folder.close()


def _wanted_ports(options: Options) -> dict[str, int]:
    wanted = {
        "--temporal-port": options.temporal_port,
        "--temporal-http-port": options.temporal_http_port,
        "--ui-port": options.ui_port,
        "--bridge-port": options.bridge_port,
    }
    return wanted | ({"--simulator-port": options.simulator_port} if options.simulator else {})


async def _all_ready(supervisors: Sequence[Supervisor]) -> None:
    for each in supervisors:
        await each.wait_ready()
