"""The bridge process: `python -m bridge`."""

from minutekeeper import early_signals  # noqa: F401 - it works by being loaded before all that takes time

# isort: split

import asyncio
import contextlib
import gc
import json
import sys

from aiohttp import web

from bridge.app import create_app
from bridge.app_keys import ACTIVE_REQUESTS, REGISTRY
from bridge.connection_limits import close_idle_connections
from bridge.delivery_log import http_logger
from minutekeeper.config import Settings, socket_address
from minutekeeper.config_reader import SettingsError, read_settings
from minutekeeper.logs import set_up_logging
from minutekeeper.metrics_page import served_metrics
from minutekeeper.process import run_and_exit
from minutekeeper.providers.factory import open_providers
from minutekeeper.startup_checks import describe_problems, start_problems
from minutekeeper.stop_signals import stop_event
from minutekeeper.storage.errors import StoreError
from minutekeeper.storage.store import ArtifactStore
from minutekeeper.temporal.worker_connection import connect_for_worker

_FINISHING_SECONDS = 2.0
"""How long a stop waits for deliveries that are being answered: answering one takes less."""

_CANCELLING_SECONDS = 0.5
"""How long it then waits for the rest to be cancelled."""


def main() -> int:
    """Serves until SIGTERM or SIGINT; returns the exit code: 2 if the settings do not allow a start."""
    try:
        settings = read_settings()
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if problems := start_problems(settings):
        sys.stderr.write(describe_problems(problems))
        return 2
    set_up_logging(json=settings.minutekeeper_log_format == "json", level=settings.minutekeeper_log_level)
    try:
        asyncio.run(_serve(settings))
    except (ValueError, RuntimeError, OSError, StoreError) as error:
        sys.stderr.write(f"The bridge cannot start: {error}\n")
        return 2
    return 0


async def _serve(settings: Settings) -> None:
    stop = stop_event()
    store = ArtifactStore(settings.artifacts_url)
    # Signals are a few hundred bytes: packing them takes longer than sending them.
    client = await connect_for_worker(lazy=True, compressed=False)
    providers = open_providers(settings)
    app = create_app(settings, client, providers, store)
    runner = web.AppRunner(app, shutdown_timeout=_CANCELLING_SECONDS)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(providers.aclose)
        stack.push_async_callback(runner.cleanup)
        await runner.setup()
        site = web.TCPSite(runner, settings.minutekeeper_bridge_host, settings.minutekeeper_bridge_port)
        await site.start()
        serving = {"bridge": site.name}
        if settings.minutekeeper_bridge_metrics_address:
            host, port = socket_address(settings.minutekeeper_bridge_metrics_address)
            metrics = await stack.enter_async_context(served_metrics(app[REGISTRY], host, port, http_logger))
            serving["metrics"] = f"{metrics.name}/metrics"
        sys.stdout.write(json.dumps(serving) + "\n")
        sys.stdout.flush()
        # Objects that exist by now stay for good; collecting them again and again would delay deliveries each time.
        gc.collect()
        gc.freeze()
        closing = asyncio.create_task(close_idle_connections(runner, app[ACTIVE_REQUESTS]), name="idle")
        await stop.wait()
        closing.cancel()
        await site.stop()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_FINISHING_SECONDS):
                await app[ACTIVE_REQUESTS].wait_idle()


if __name__ == "__main__":
    run_and_exit(main)
