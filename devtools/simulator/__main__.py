"""`python -m devtools.simulator`: serve until told to stop. Every setting is an option, see `--help`."""

import asyncio
import json
import signal
import sys

from pydantic import ValidationError
from pydantic_settings import CliApp, SettingsError

from devtools.simulator.responses import explain
from devtools.simulator.server import running_simulator
from devtools.simulator.settings import SimulatorSettings


async def _serve(settings: SimulatorSettings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with running_simulator(settings) as url:
        print(json.dumps({"simulator": url}), flush=True)  # noqa: T201 - the line that callers wait for
        await stop.wait()


def main() -> int:
    """Exit status: 0 after a signal, 1 if the address is taken, 2 for bad settings."""
    try:
        settings = CliApp.run(SimulatorSettings)
    except ValidationError as error:
        sys.stderr.write(f"simulator: {explain(error)}\n")
        return 2
    except SettingsError as error:
        sys.stderr.write(f"simulator: {error}\n")
        return 2
    try:
        asyncio.run(_serve(settings))
    except OSError as error:
        sys.stderr.write(f"simulator: cannot listen on {settings.host}:{settings.port}: {error.strerror}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
