"""The bridge as an aiohttp application: webhooks in, signals out."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from aiohttp import web
from temporalio.client import Client

from artifacts.store import ArtifactStore
from bridge.courier import Courier
from bridge.drain import Drain
from bridge.in_flight import InFlight
from bridge.inbox import Inbox
from bridge.journal import http_logger
from bridge.keys import CALLS, COURIER, DRAIN, IN_FLIGHT, INBOX, PROVIDER, SETTINGS, STORE
from bridge.middlewares import count_in_flight, errors_as_json, one_line_per_delivery
from bridge.routes import setup_routes
from bridge.temporal_calls import TemporalCalls
from providers.base import Provider
from runtime.settings import Settings


def create_app(settings: Settings, client: Client, provider: Provider, store: ArtifactStore) -> web.Application:
    """The whole application. `client` may be lazy: the bridge keeps what it is sent until Temporal is there."""
    app = web.Application(
        middlewares=[count_in_flight, one_line_per_delivery, errors_as_json],
        client_max_size=settings.minutekeeper_bridge_max_body_bytes,
        # An access log would print the tokens in the bots' addresses.
        handler_args={"access_log": None, "logger": http_logger},
    )
    app[SETTINGS] = settings
    app[PROVIDER] = provider
    app[STORE] = store
    app[IN_FLIGHT] = InFlight()
    app[CALLS] = TemporalCalls(client)
    app[COURIER] = Courier(app[CALLS], store)
    app[INBOX] = Inbox(store)
    app[DRAIN] = Drain(app[INBOX], app[COURIER], app[CALLS])
    setup_routes(app)
    app.cleanup_ctx.append(_drain_the_inbox)
    return app


async def _drain_the_inbox(app: web.Application) -> AsyncIterator[None]:
    task = asyncio.create_task(app[DRAIN].run(), name="drain")
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
