"""The whole stack: which services it has, and starting them in order."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import aiohttp

from devtools.stack.data_folder import DataFolder
from devtools.stack.environment import (
    CLIENT_VARIABLES,
    WORKER_STOP_SECONDS,
    Addresses,
    choose_addresses,
    read_settings,
    service_environment,
)
from devtools.stack.ports import claim_ports
from devtools.stack.simulated_accounts import DEFAULT_SIMULATED, check_simulated
from devtools.stack.supervisor import ProcessGroup, Service, python_module
from devtools.stack.temporal_server import ServerProbe, answers, server_command
from minutekeeper.page_links import new_page_link


def temporal_service(
    ports: Mapping[str, int], folder: DataFolder, probe: ServerProbe, environment: Mapping[str, str]
) -> Service:
    command = server_command(
        port=ports["--temporal-port"],
        http_port=ports["--temporal-http-port"],
        ui_port=ports["--ui-port"],
        database=folder.database,
    )
    return Service("temporal", command, environment, probe.is_ready, stop_seconds=2)


def other_services(
    ports: Mapping[str, int],
    addresses: Addresses,
    probe: ServerProbe,
    environment: Mapping[str, str],
    http: aiohttp.ClientSession,
) -> list[Service]:
    """In the order to start them in, after Temporal: what does the work, then what takes work in."""

    def serves(url: str) -> Callable[[], Awaitable[bool]]:
        return partial(answers, http, url)

    services = []
    if addresses.simulator is not None:
        options = ("--provider", addresses.provider, "--port", str(ports["--simulator-port"]))
        command = python_module("devtools.simulator", *options)
        ledger = serves(f"{addresses.simulator}/_sim/ledger")
        services.append(Service("simulator", command, environment, ledger, stop_seconds=1))
    worker = python_module("worker")
    services.append(Service("worker", worker, environment, probe.is_polled, stop_seconds=WORKER_STOP_SECONDS + 1))
    bridge = python_module("bridge")
    is_ready = serves(f"{addresses.bridge}/readyz")
    services.append(Service("bridge", bridge, environment, is_ready, stop_seconds=2.5))
    return services


def web_service(addresses: Addresses, environment: Mapping[str, str], http: aiohttp.ClientSession) -> Service:
    """The HTTP API, which chaos runs and benchmarks do without."""
    is_ready = partial(answers, http, f"{addresses.web}/readyz")
    return Service("web", python_module("web"), environment, is_ready, stop_seconds=2)


_REQUEST_SECONDS = 2.0

Say = Callable[[str], None]


@dataclass(frozen=True)
class StackOptions:
    """How a stack is started.

    A port of 0 takes any free one; `speed` is how much faster simulated life runs; `fresh` throws away what earlier
    stacks left in the folder.
    """

    data_dir: Path
    temporal_port: int = 0
    temporal_http_port: int = 0
    ui_port: int = 0
    bridge_port: int = 0
    web_port: int = 0
    simulator_port: int = 0
    simulator: bool = True
    provider: str = DEFAULT_SIMULATED
    speed: float = 1.0
    fresh: bool = False


@dataclass(frozen=True)
class Stack:
    """A running stack: where it answers, with which key of the API, and the processes that it consists of."""

    addresses: Addresses
    folder: DataFolder
    processes: ProcessGroup
    bridge_secret: str = field(repr=False)
    api_key: str = field(repr=False)

    def page_link(self) -> str:
        """A link that signs in to the pages as admin, once, within ten minutes."""
        return new_page_link(self.addresses.web, [self.bridge_secret], datetime.now(UTC))


@asynccontextmanager
async def running_stack(options: StackOptions, say: Say) -> AsyncIterator[Stack]:
    """A stack in which everything answers; it is stopped at the end, whatever the end is.

    Raises UsageError if it cannot be started as asked, ServiceError if a service does not come up.
    """
    check_simulated(options.provider)
    settings = read_settings(simulator=options.simulator)
    folder = DataFolder(options.data_dir)
    try:
        ports = claim_ports(_wanted_ports(options))
        addresses = choose_addresses(
            ports, folder, settings, simulator=options.simulator, provider=options.provider
        )
        if options.fresh:
            folder.empty()
        folder.rotate_logs()
        environment = service_environment(addresses, folder, settings, options.speed)
        environment |= {"MINUTEKEEPER_SIMULATOR_STATE_FILE": str(folder.simulator_state)}
        processes = ProcessGroup(folder, say)
        stack = Stack(addresses, folder, processes, environment["BRIDGE_SECRET"], environment["MK_API_KEY"])
        timeout = aiohttp.ClientTimeout(total=_REQUEST_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as http:
            folder.write_environment({name: environment[name] for name in CLIENT_VARIABLES if name in environment})
            probe = ServerProbe(addresses.temporal, addresses.ui, http)
            try:
                await stack.processes.start(temporal_service(ports, folder, probe, environment))
                others = other_services(ports, addresses, probe, environment, http)
                await stack.processes.start(*others, web_service(addresses, environment, http))
                yield stack
            finally:
                await stack.processes.stop_all()
    finally:
        folder.close()


def _wanted_ports(options: StackOptions) -> dict[str, int]:
    wanted = {
        "--temporal-port": options.temporal_port,
        "--temporal-http-port": options.temporal_http_port,
        "--ui-port": options.ui_port,
        "--bridge-port": options.bridge_port,
        "--web-port": options.web_port,
    }
    return wanted | ({"--simulator-port": options.simulator_port} if options.simulator else {})
