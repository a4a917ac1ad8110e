"""Runs the stand-in on an address of its own."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from devtools.simulator.app import create_app
from devtools.simulator.settings import SimulatorSettings

_SHUTDOWN_SECONDS = 0.2


@asynccontextmanager
async def running_simulator(settings: SimulatorSettings) -> AsyncIterator[str]:
    """Serve while the context is open; gives the base URL. Raises OSError if the address is taken."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.create_server((settings.host, settings.port), family=family, backlog=1024) as listener:
        port = listener.getsockname()[1]
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        url = f"http://{host}:{port}"
        app = create_app(settings.model_copy(update={"public_url": settings.public_url or url}))
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS)
        await runner.setup()
        try:
            await web.SockSite(runner, listener, backlog=1024).start()
            yield url
        finally:
            await runner.cleanup()
