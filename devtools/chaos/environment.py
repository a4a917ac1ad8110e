"""The processes of a run, set up: Temporal on its file, two workers, the bridge and two simulated providers."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import aiohttp
from temporalio.client import Client
from temporalio.runtime import Runtime, TelemetryConfig

from devtools.chaos import recall
from devtools.chaos.fault_plan import WORKERS
from devtools.chaos.provider import SimulatedProvider
from devtools.chaos.recall import SimulatedRecall
from devtools.chaos.scale import DEADLINES, SPEED
from devtools.stack.data_folder import DataFolder
from devtools.stack.environment import choose_addresses, service_environment
from devtools.stack.ports import HOST, claim_ports
from devtools.stack.stack import other_services, temporal_service
from devtools.stack.supervisor import ProcessGroup, Service, python_module
from devtools.stack.temporal_server import NAMESPACE, ServerProbe, answers
from minutekeeper.config import Settings
from minutekeeper.temporal.worker_connection import plugin

_PORTS = ("--temporal-port", "--temporal-http-port", "--ui-port", "--bridge-port", "--web-port", "--simulator-port")
_SECOND_PORT = "--second-simulator-port"
_PROBE_SECONDS = 2.0
_DUPLICATE_WINDOW = 300
"""Real seconds: the product counts on the window's real length, however fast the bots live."""

_RECORDING_BYTES = 300_000


@dataclass(frozen=True)
class Environment:
    """Everything that a run acts on. `artifacts` is the folder that is the store."""

    crew: ProcessGroup
    client: Client
    provider: SimulatedProvider
    second: SimulatedRecall
    artifacts: Path


@asynccontextmanager
async def running_environment(
    folder: DataFolder, seed: int, say: Callable[[str], None]
) -> AsyncIterator[Environment]:
    """All processes, answering; they are stopped at the end, whatever the end is.

    Raises ServiceError if one does not come up.
    """
    ports = claim_ports(dict.fromkeys((*_PORTS, _SECOND_PORT), 0))
    second_port = ports[_SECOND_PORT]
    second = f"http://{HOST}:{second_port}"
    # Not the user's settings: neither their store nor their account may have a part in this.
    settings = Settings.model_construct()
    addresses = choose_addresses(ports, folder, settings, simulator=True)
    environment = service_environment(addresses, folder, settings, SPEED) | _shortened(seed)
    environment |= recall.environment_of(second, addresses.bridge)
    environment["MINUTEKEEPER_DOWNLOAD_HOSTS"] += f",{HOST}:{second_port}"
    crew = ProcessGroup(folder, say)
    timeout = aiohttp.ClientTimeout(total=_PROBE_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout) as http:
        probe = ServerProbe(addresses.temporal, addresses.ui, http)
        try:
            await crew.start(temporal_service(ports, folder, probe, environment))
            services = other_services(ports, addresses, probe, environment, http)
            await crew.start(
                _second_simulator(second_port, second, environment, http), *_with_two_workers(services)
            )
            client = await _client(addresses.temporal)
            provider = SimulatedProvider(str(addresses.simulator), http)
            yield Environment(crew, client, provider, SimulatedRecall(second, http), folder.artifacts)
        finally:
            await crew.stop_all()


async def _client(address: str) -> Client:
    # Nobody needs to read that the server is away when it was killed on purpose.
    quiet = Runtime(telemetry=TelemetryConfig(logging=None))
    return await Client.connect(address, namespace=NAMESPACE, plugins=[plugin()], runtime=quiet)


def _shortened(seed: int) -> dict[str, str]:
    """Settings that make lost news be asked for soon, and the simulated provider's own."""
    deadlines = {f"MINUTEKEEPER_DEADLINE_{name}": str(seconds) for name, seconds in DEADLINES.items()}
    return deadlines | {
        "MINUTEKEEPER_SIMULATOR_FAULT_SEED": str(seed),
        "MINUTEKEEPER_SIMULATOR_DUPLICATE_WINDOW": f"{_DUPLICATE_WINDOW * SPEED:g}",
        "MINUTEKEEPER_SIMULATOR_RECORDING_SIZE": str(_RECORDING_BYTES),
    }


def _second_simulator(
    port: int, address: str, environment: Mapping[str, str], http: aiohttp.ClientSession
) -> Service:
    command = python_module("devtools.simulator", "--provider", recall.NAME, "--port", str(port))
    is_ready = partial(answers, http, f"{address}/_sim/ledger")
    return Service("simulator-2", command, environment, is_ready, stop_seconds=1)


def _with_two_workers(services: list[Service]) -> Iterator[Service]:
    """One more worker than the embedded stack has."""
    for service in services:
        if service.name == "worker":
            yield from (replace(service, name=name) for name in WORKERS)
        else:
            yield service
