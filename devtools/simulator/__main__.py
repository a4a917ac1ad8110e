"""`python -m devtools.simulator`: serve until told to stop. Every setting is an option, see `--help`.

`--provider` (or `MINUTEKEEPER_SIMULATOR_PROVIDER`) says which provider is simulated; the other options are its own.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_settings import CliApp, SettingsError

from devtools.simulator.common_settings import CommonSettings
from devtools.simulator.meetingbaas_v2.server import running_meetingbaas_v2
from devtools.simulator.meetingbaas_v2.settings import MeetingBaasV2Settings
from devtools.simulator.recall.app import running_recall
from devtools.simulator.recall.settings import RecallSettings
from devtools.simulator.responses import explain
from devtools.simulator.server import running_simulator
from devtools.simulator.settings import SimulatorSettings

_OPTION, _VARIABLE = "--provider", "MINUTEKEEPER_SIMULATOR_PROVIDER"


@dataclass(frozen=True)
class SimulatedProvider:
    """A provider's settings, and what serves it: a context that gives its URL."""

    settings: type[CommonSettings]
    run: Any

    def running(self, settings: CommonSettings) -> AbstractAsyncContextManager[str]:
        context: AbstractAsyncContextManager[str] = self.run(settings)
        return context


PROVIDERS: Mapping[str, SimulatedProvider] = {
    "meetingbaas": SimulatedProvider(SimulatorSettings, running_simulator),
    "meetingbaas-v2": SimulatedProvider(MeetingBaasV2Settings, running_meetingbaas_v2),
    "recall": SimulatedProvider(RecallSettings, running_recall),
}
"""The first is the default."""


async def _serve(provider: SimulatedProvider, settings: CommonSettings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with provider.running(settings) as url:
        print(json.dumps({"simulator": url}), flush=True)  # noqa: T201 - the line that callers wait for
        await stop.wait()


def _choose(arguments: list[str]) -> tuple[str, list[str]]:
    """The provider's name and the other arguments."""
    name, others = os.environ.get(_VARIABLE) or next(iter(PROVIDERS)), []
    left = iter(arguments)
    for argument in left:
        option, equals, value = argument.partition("=")
        if option == _OPTION:
            name = value if equals else next(left, "")
        else:
            others.append(argument)
    return name, others


def main() -> int:
    """Exit status: 0 after a signal, 1 if the address is taken, 2 for bad settings."""
    name, arguments = _choose(sys.argv[1:])
    if name not in PROVIDERS:
        known = ", ".join(PROVIDERS)
        sys.stderr.write(f"simulator: --provider: no simulated provider is called {name!r}; there are {known}\n")
        return 2
    provider = PROVIDERS[name]
    try:
        settings = CliApp.run(provider.settings, cli_args=arguments)
    except ValidationError as error:
        sys.stderr.write(f"simulator: {explain(error)}\n")
        return 2
    except SettingsError as error:
        sys.stderr.write(f"simulator: {error}\n")
        return 2
    try:
        asyncio.run(_serve(provider, settings))
    except OSError as error:
        sys.stderr.write(f"simulator: cannot listen on {settings.host}:{settings.port}: {error.strerror}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
