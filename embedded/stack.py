"""The whole of Minutekeeper as child processes: Temporal with its UI, worker, bridge and simulator."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from embedded.crew import Crew
from embedded.environment import CLIENT_VARIABLES, Addresses, choose_addresses, read_settings, service_environment
from embedded.folder import DataFolder
from embedded.ports import claim_ports
from embedded.services import other_services, temporal_service
from embedded.temporal_server import ServerProbe

_REQUEST_SECONDS = 2.0

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


@dataclass(frozen=True)
class Stack:
    """A running stack: where it answers, and the processes that it consists of."""

    addresses: Addresses
    folder: DataFolder
    crew: Crew


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
        stack = Stack(addresses, folder, Crew(folder, say))
        timeout = aiohttp.ClientTimeout(total=_REQUEST_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as http:
            environment = service_environment(addresses, folder, settings, options.speed)
            environment |= {"MINUTEKEEPER_SIMULATOR_STATE_FILE": str(folder.simulator_state)}
            folder.write_environment({name: environment[name] for name in CLIENT_VARIABLES})
            probe = ServerProbe(addresses.temporal, addresses.ui, http)
            try:
                await stack.crew.start(temporal_service(ports, folder, probe, environment))
                await stack.crew.start(*other_services(ports, addresses, probe, environment, http))
                yield stack
            finally:
                await stack.crew.stop_all()
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
