"""What the services of a stack find in their environment: the user's own settings, and where everything is."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from devtools.stack.data_folder import DataFolder
from devtools.stack.errors import UsageError
from devtools.stack.ports import HOST
from devtools.stack.simulated_accounts import ACCOUNT_VARIABLES, DEFAULT_SIMULATED, simulated_account
from devtools.stack.temporal_server import NAMESPACE
from minutekeeper.config import Settings
from minutekeeper.config_reader import SettingsError
from minutekeeper.config_reader import read_settings as all_settings
from minutekeeper.startup_checks import address_problems, describe_problems, signing_problems

SIMULATOR_KEY = "minutekeeper-dev"
"""The simulated account's key, unless one is configured."""

CLIENT_VARIABLES = (
    "TEMPORAL_ADDRESS",
    "TEMPORAL_NAMESPACE",
    "TEMPORAL_HTTP",
    "ARTIFACTS_URL",
    "BRIDGE_PUBLIC_URL",
    "BRIDGE_SECRET",
    *ACCOUNT_VARIABLES,
    "MINUTEKEEPER_TEMPORAL_UI_URL",
    "MINUTEKEEPER_API_KEYS",
    "MINUTEKEEPER_SEARCH_INDEX",
    "MINUTEKEEPER_WEB_PUBLIC_URL",
    "MINUTEKEEPER_WEBHOOK_SECRET",
    "MINUTEKEEPER_WEBHOOK_PRIVATE_ADDRESSES",
    "MK_API_URL",
    "MK_API_KEY",
)
"""What the commands of another terminal need to work on this stack, doctor among them."""

WORKER_STOP_SECONDS = 3
"""How long the worker may finish what it is doing, so that the whole stack ends within ten seconds."""


@dataclass(frozen=True)
class Addresses:
    """Where a running stack answers. `simulator` is None if the real API is used."""

    temporal: str
    namespace: str
    temporal_http: str
    ui: str
    bridge: str
    web: str
    simulator: str | None
    artifacts: str
    provider: str = DEFAULT_SIMULATED
    """The one that is simulated."""


def choose_addresses(
    ports: Mapping[str, int],
    folder: DataFolder,
    settings: Settings,
    *,
    simulator: bool,
    provider: str = DEFAULT_SIMULATED,
) -> Addresses:
    artifacts = folder.artifacts.as_uri()
    return Addresses(
        temporal=f"{HOST}:{ports['--temporal-port']}",
        namespace=NAMESPACE,
        temporal_http=f"http://{HOST}:{ports['--temporal-http-port']}",
        ui=f"http://{HOST}:{ports['--ui-port']}",
        bridge=f"http://{HOST}:{ports['--bridge-port']}",
        web=f"http://{HOST}:{ports['--web-port']}",
        simulator=f"http://{HOST}:{ports['--simulator-port']}" if simulator else None,
        artifacts=settings.artifacts_url if "artifacts_url" in settings.model_fields_set else artifacts,
        provider=provider,
    )


def temporal_environment(addresses: Addresses) -> dict[str, str]:
    """What leads any client of ours to the stack's Temporal server."""
    return {
        "TEMPORAL_ADDRESS": addresses.temporal,
        "TEMPORAL_NAMESPACE": addresses.namespace,
        # Read by no client library, but by programs that book meetings over HTTP, such as those of examples/.
        "TEMPORAL_HTTP": addresses.temporal_http,
        # A profile in the user's own config file may bring keys and certificates of another server.
        "TEMPORAL_CONFIG_FILE": os.devnull,
    }


def service_environment(
    addresses: Addresses, folder: DataFolder, settings: Settings, speed: float
) -> dict[str, str]:
    """The environment of every service: this process's own, less other Temporal profiles, plus the stack's."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TEMPORAL_")}
    environment |= temporal_environment(addresses)
    bridge_port = addresses.bridge.rpartition(":")[2]
    environment |= {
        "ARTIFACTS_URL": addresses.artifacts,
        "BRIDGE_SECRET": settings.bridge_secret.get_secret_value().strip() or folder.secret(),
        "MINUTEKEEPER_BRIDGE_HOST": HOST,
        "MINUTEKEEPER_BRIDGE_PORT": bridge_port,
        "MINUTEKEEPER_WEB_HOST": HOST,
        "MINUTEKEEPER_WEB_PORT": addresses.web.rpartition(":")[2],
        "MINUTEKEEPER_WEB_PUBLIC_URL": addresses.web,
        "MINUTEKEEPER_API_KEYS": str(folder.api_keys),
        "MINUTEKEEPER_SEARCH_INDEX": str(folder.search_index),
        # Read by no process of ours, but by programs that call the API, such as those of examples/.
        "MK_API_URL": addresses.web,
        "MK_API_KEY": folder.new_api_key(),
        "MINUTEKEEPER_WEBHOOK_SECRET": settings.minutekeeper_webhook_secret.get_secret_value() or folder.secret(),
        # Receivers with which people try events are on this machine.
        "MINUTEKEEPER_WEBHOOK_PRIVATE_ADDRESSES": "true",
        "MINUTEKEEPER_SHUTDOWN_SECONDS": str(WORKER_STOP_SECONDS),
        "MINUTEKEEPER_TEMPORAL_UI_URL": addresses.ui,
    }
    if addresses.simulator is None:
        public_url = settings.bridge_public_url if "bridge_public_url" in settings.model_fields_set else None
        return environment | {
            "BRIDGE_PUBLIC_URL": public_url or addresses.bridge,
            "MEETINGBAAS_BASE_URL": settings.meetingbaas_base_url,
            "MEETINGBAAS_API_KEY": settings.meetingbaas_api_key.get_secret_value(),
        }
    hosts = [addresses.simulator.removeprefix("http://")]
    if "minutekeeper_download_hosts" in settings.model_fields_set:
        hosts.append(settings.minutekeeper_download_hosts)
    return (
        _with_simulated_apps(settings, addresses.simulator)
        | environment
        | simulated_account(
            addresses.provider,
            addresses.simulator,
            addresses.bridge,
            settings.meetingbaas_api_key.get_secret_value() or SIMULATOR_KEY,
            speed,
        )
        | {
            # The simulator serves its recordings from this machine.
            "MINUTEKEEPER_DOWNLOAD_HOSTS": ",".join(hosts),
            "MINUTEKEEPER_DOWNLOAD_PRIVATE_ADDRESSES": "true",
            "BRIDGE_PUBLIC_URL": addresses.bridge,
            # The simulator has no limit unless it is told one.
            "MINUTEKEEPER_REQUESTS_PER_SECOND": _limit_of_the_simulator(settings),
        }
    )


def _limit_of_the_simulator(settings: Settings) -> str:
    if "minutekeeper_requests_per_second" in settings.model_fields_set:
        return f"{settings.minutekeeper_requests_per_second:g}"
    return os.environ.get("MINUTEKEEPER_SIMULATOR_REQUESTS_PER_SECOND", "0")


def _with_simulated_apps(settings: Settings, simulator: str) -> dict[str, str]:
    """Users can connect calendars at the simulated Google and Microsoft, unless apps are configured."""
    apps = {
        "MINUTEKEEPER_GOOGLE_CLIENT_ID": "google-app",
        "MINUTEKEEPER_GOOGLE_CLIENT_SECRET": "google-app-secret",
        "MINUTEKEEPER_MICROSOFT_CLIENT_ID": "microsoft-app",
        "MINUTEKEEPER_MICROSOFT_CLIENT_SECRET": "microsoft-app-secret",
        "MINUTEKEEPER_OAUTH_BASE_URL": f"{simulator}/oauth",
    }
    return {name: value for name, value in apps.items() if name.lower() not in settings.model_fields_set}


def read_settings(*, simulator: bool) -> Settings:
    """The user's own settings.

    Raises UsageError if one is unusable, or the real API is wanted without a key.
    """
    try:
        settings = all_settings()
    except SettingsError as error:
        raise UsageError(str(error)) from error
    problems = signing_problems(settings) if settings.bridge_secret.get_secret_value().strip() else []
    if not simulator:
        problems += address_problems(settings)
    if problems:
        raise UsageError(describe_problems(problems).rstrip("\n"))
    if not simulator and not settings.meetingbaas_api_key.get_secret_value():
        raise UsageError(
            "--no-simulator uses the real Meeting BaaS API: set MEETINGBAAS_API_KEY to your account's key."
        )
    return settings
