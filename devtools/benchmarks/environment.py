"""Where a row is measured: Temporal on its file, workers, bridge and simulated provider, all real processes."""

import dataclasses
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import aiohttp
from temporalio.client import Client

from devtools.benchmarks.provider import SimulatedProvider
from devtools.stack.data_folder import DataFolder
from devtools.stack.environment import WORKER_STOP_SECONDS, Addresses, choose_addresses, service_environment
from devtools.stack.ports import HOST, claim_ports
from devtools.stack.stack import other_services, temporal_service
from devtools.stack.supervisor import ProcessGroup, Service, python_module
from devtools.stack.temporal_server import NAMESPACE, ServerProbe
from minutekeeper.config import Settings
from minutekeeper.temporal.worker_connection import plugin
from starter.client import MeetingClient
from starter.temporal_client import TemporalMeetingClient

_PORTS = ("--temporal-port", "--temporal-http-port", "--ui-port", "--bridge-port", "--web-port", "--simulator-port")
_METRICS = "--metrics-port"
_PROBE_SECONDS = 2.0
_BASELINES = "baselines"
_READY = "ready, polling"


@dataclass(frozen=True)
class BenchmarkEnvironment:
    """`environment` is what each of the processes finds; `metrics_url` is where the server tells its counters.

    With `is_sampled`, worker and bridge note where their time goes.
    """

    addresses: Addresses
    environment: Mapping[str, str]
    client: Client
    provider: SimulatedProvider
    http: aiohttp.ClientSession
    crew: ProcessGroup
    folder: DataFolder
    metrics_url: str
    is_sampled: bool = False

    @property
    def meetings(self) -> MeetingClient:
        return TemporalMeetingClient(self.client)

    @property
    def artifacts(self) -> Path:
        return self.folder.artifacts

    async def start_worker(self, number: int) -> str:
        """One more worker process; its name."""
        name = f"worker-{number}"
        command = _sampled(self.folder, name, "worker") if self.is_sampled else python_module("worker")
        await self.crew.start(_told(self.folder, name, self.environment, *command))
        return name

    async def start_baselines(self) -> None:
        """The worker of what is compared with."""
        command = python_module("devtools.benchmarks.baselines")
        await self.crew.start(_told(self.folder, _BASELINES, self.environment, *command))


@asynccontextmanager
async def running_environment(
    path: Path,
    say: Callable[[str], None],
    *,
    speed: float = 1.0,
    settings: Mapping[str, str] = MappingProxyType({}),
    is_sampled: bool = False,
) -> AsyncIterator[BenchmarkEnvironment]:
    """All processes, answering, on an empty folder; they are stopped at the end, whatever the end is.

    `speed` is how much faster simulated bots live. Raises ServiceError if a process does not come up.
    """
    folder = DataFolder(path)
    folder.empty()
    ports = claim_ports(dict.fromkeys((*_PORTS, _METRICS), 0))
    # Not the user's settings: neither their store nor their account may have a part in this.
    own = Settings.model_construct()
    addresses = choose_addresses(ports, folder, own, simulator=True)
    environment = service_environment(addresses, folder, own, speed) | dict(settings)
    # Else every workflow compiles its modules anew where they were edited since they were last kept compiled.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    metrics_url = f"http://{HOST}:{ports[_METRICS]}/metrics"
    crew = ProcessGroup(folder, say)
    timeout = aiohttp.ClientTimeout(total=_PROBE_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0)) as http:
        probe = ServerProbe(addresses.temporal, addresses.ui, http)
        try:
            server = temporal_service(ports, folder, probe, environment)
            command = (*server.command, _METRICS, str(ports[_METRICS]))
            await crew.start(dataclasses.replace(server, command=command))
            client = await Client.connect(addresses.temporal, namespace=NAMESPACE, plugins=[plugin()])
            services = {each.name: each for each in other_services(ports, addresses, probe, environment, http)}
            bridge = services["bridge"]
            if is_sampled:
                bridge = dataclasses.replace(bridge, command=_sampled(folder, "bridge", "bridge"))
            await crew.start(services["simulator"], bridge)
            provider = SimulatedProvider(str(addresses.simulator), environment["MEETINGBAAS_API_KEY"], http)
            stand = BenchmarkEnvironment(
                addresses, environment, client, provider, http, crew, folder, metrics_url, is_sampled
            )
            await stand.start_worker(1)
            yield stand
        finally:
            await crew.stop_all()
            folder.close()


def samples_of(folder: DataFolder, name: str) -> Path:
    """Where a sampled process writes its tally."""
    return folder.path / f"{name}.samples.json"


def _sampled(folder: DataFolder, name: str, module: str) -> tuple[str, ...]:
    return python_module("devtools.benchmarks.sampled", str(samples_of(folder, name)), module)


def _told(folder: DataFolder, name: str, environment: Mapping[str, str], *command: str) -> Service:
    """A process that is ready once its log says so: a queue that others poll as well tells nothing."""

    async def is_ready() -> bool:
        log = folder.log(name)
        return log.exists() and _READY in log.read_text(errors="replace")

    return Service(name, command, environment, is_ready, stop_seconds=WORKER_STOP_SECONDS + 1)
