"""Serves the metrics of a process to Prometheus, at an address of its own, because they must not be public."""

import contextlib
import logging
from collections.abc import AsyncIterator

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.aiohttp import make_aiohttp_handler


@contextlib.asynccontextmanager
async def served_metrics(
    registry: CollectorRegistry, host: str, port: int, logger: logging.Logger
) -> AsyncIterator[web.TCPSite]:
    """Serves `/metrics` until the block ends. Raises OSError."""
    app = web.Application()
    app.router.add_get("/metrics", make_aiohttp_handler(registry))
    runner = web.AppRunner(app, access_log=None, logger=logger, shutdown_timeout=0)
    try:
        await runner.setup()
        site = web.TCPSite(runner, host, port)
        await site.start()
        yield site
    finally:
        await runner.cleanup()
