"""The services of a stack: how each is run, how to see that it answers, and how long it may take to stop."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial

import aiohttp

from embedded.environment import WORKER_STOP_SECONDS, Addresses
from embedded.folder import DataFolder
from embedded.service import Service, python_module
from embedded.temporal_server import ServerProbe, answers, server_command


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
        command = python_module("simulator", "--port", str(ports["--simulator-port"]))
        ledger = serves(f"{addresses.simulator}/_sim/ledger")
        services.append(Service("simulator", command, environment, ledger, stop_seconds=1))
    worker = python_module("worker")
    services.append(Service("worker", worker, environment, probe.is_polled, stop_seconds=WORKER_STOP_SECONDS + 1))
    bridge = python_module("bridge")
    is_ready = serves(f"{addresses.bridge}/readyz")
    services.append(Service("bridge", bridge, environment, is_ready, stop_seconds=2.5))
    return services
