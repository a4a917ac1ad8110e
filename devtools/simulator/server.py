"""Runs the stand-in on an address of its own."""

import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from aiohttp import web

from devtools.simulator.app import create_app
from devtools.simulator.common_settings import CommonSettings
from devtools.simulator.settings import SimulatorSettings

S = TypeVar("S", bound=CommonSettings)

_SHUTDOWN_SECONDS = 0.2


@asynccontextmanager
async def running_simulator(settings: SimulatorSettings) -> AsyncIterator[str]:
    """Serve Meeting BaaS v1 while the context is open; gives the base URL. Raises as `serving`."""
    async with serving(settings, create_app) as url:
        yield url


@asynccontextmanager
async def serving(settings: S, create: Callable[[S], web.Application]) -> AsyncIterator[str]:
    """Serve a provider while the context is open; gives the base URL. Raises OSError if the address is taken."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.create_server((settings.host, settings.port), family=family, backlog=1024) as listener:
        port = listener.getsockname()[1]
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        url = f"http://{host}:{port}"
        app = create(settings.model_copy(update={"public_url": settings.public_url or url}))
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS)
        await runner.setup()
        try:
            await web.SockSite(runner, listener, backlog=1024).start()
            yield url
        finally:
            await runner.cleanup()
