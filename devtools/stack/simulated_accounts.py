"""The settings by which the services of a stack and its simulated provider find each other."""

from collections.abc import Callable, Mapping

from devtools.stack.errors import UsageError

DEV_WEBHOOK_SECRET = "whsec_bWludXRla2VlcGVyLWRldmVsb3BtZW50LXNlY3JldA=="  # noqa: S105 - signs nothing outside of this machine
DEFAULT_SIMULATED = "meetingbaas"


def _meetingbaas(url: str, bridge: str, key: str, speed: float) -> dict[str, str]:
    return {
        "MEETINGBAAS_BASE_URL": url,
        "MEETINGBAAS_API_KEY": key,
        "MINUTEKEEPER_SIMULATOR_SPEED": f"{speed:g}",
        "MINUTEKEEPER_SIMULATOR_ACCOUNT_WEBHOOK_URL": f"{bridge}/webhooks/meetingbaas",
    }


def _meetingbaas_v2(url: str, bridge: str, key: str, speed: float) -> dict[str, str]:
    return {
        "MEETINGBAAS_API_KEY": "",
        "MEETINGBAAS_V2_BASE_URL": url,
        "MEETINGBAAS_V2_API_KEY": key,
        "MEETINGBAAS_V2_WEBHOOK_SECRET": DEV_WEBHOOK_SECRET,
        "MINUTEKEEPER_PROVIDERS": "meetingbaas-v2",
        "MINUTEKEEPER_SIMULATOR_SPEED": f"{speed:g}",
        "MINUTEKEEPER_SIMULATOR_ACCOUNT_WEBHOOK_URL": f"{bridge}/webhooks/meetingbaas-v2",
    }


def _recall(url: str, bridge: str, key: str, speed: float) -> dict[str, str]:
    return {
        "MEETINGBAAS_API_KEY": "",
        "RECALL_BASE_URL": url,
        "RECALL_API_KEY": key,
        "RECALL_WEBHOOK_SECRET": DEV_WEBHOOK_SECRET,
        "MINUTEKEEPER_PROVIDERS": "recall",
        "MINUTEKEEPER_RECALL_SIMULATOR_SPEED": f"{speed:g}",
        "MINUTEKEEPER_RECALL_SIMULATOR_WEBHOOK_URL": f"{bridge}/webhooks/recall",
    }


_ACCOUNTS: Mapping[str, Callable[[str, str, str, float], dict[str, str]]] = {
    DEFAULT_SIMULATED: _meetingbaas,
    "meetingbaas-v2": _meetingbaas_v2,
    "recall": _recall,
}

ACCOUNT_VARIABLES = tuple(
    dict.fromkeys(
        name
        for account in _ACCOUNTS.values()
        for name in account("", "", "", 1)
        if not name.startswith("MINUTEKEEPER_SIMULATOR_") and "_SIMULATOR_" not in name
    )
)
"""What other commands need of them to work on the stack."""


def check_simulated(provider: str) -> None:
    """Raises UsageError for a provider that cannot be simulated."""
    if provider not in _ACCOUNTS:
        raise UsageError(
            f"--provider: no simulated provider is called {provider!r}; there are {', '.join(_ACCOUNTS)}"
        )


def simulated_account(provider: str, url: str, bridge: str, key: str, speed: float) -> dict[str, str]:
    """The environment of services and simulator for a provider that is simulated at `url`."""
    return _ACCOUNTS[provider](url, bridge, key, speed)
