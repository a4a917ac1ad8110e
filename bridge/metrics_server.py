"""Serves the metrics at an address of their own, because they must not be public."""

import contextlib
from collections.abc import AsyncIterator

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.aiohttp import make_aiohttp_handler

from bridge.delivery_log import http_logger


@contextlib.asynccontextmanager
async def served_metrics(registry: CollectorRegistry, host: str, port: int) -> AsyncIterator[web.TCPSite]:
    """Serves `/metrics` in the text format of Prometheus until the block ends. Raises OSError."""
    app = web.Application()
    app.router.add_get("/metrics", make_aiohttp_handler(registry))
    runner = web.AppRunner(app, access_log=None, logger=http_logger, shutdown_timeout=0)
    try:
        await runner.setup()
        site = web.TCPSite(runner, host, port)
        await site.start()
        yield site
    finally:
        await runner.cleanup()
