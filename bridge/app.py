"""The bridge as an aiohttp application: webhooks in, signals out."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from aiohttp import web
from prometheus_client import CollectorRegistry
from temporalio.client import Client

from artifacts.store import ArtifactStore
from bridge.adopting import Adopter
from bridge.bodies import Bodies
from bridge.bot_search import BotSearch
from bridge.connect.setup import add_connect_pages
from bridge.counts import DeliveryCounts, ProviderCalls
from bridge.courier import Courier
from bridge.crowd import IDLE_SECONDS
from bridge.drain import Drain
from bridge.in_flight import InFlight
from bridge.inbox import Inbox
from bridge.journal import http_logger
from bridge.keys import (
    BODIES,
    CALLS,
    COUNTS,
    COURIER,
    DRAIN,
    IN_FLIGHT,
    INBOX,
    PACE,
    PROVIDER,
    PROVIDER_CALLS,
    READINESS,
    REGISTRY,
    SETTINGS,
    STORE,
)
from bridge.middlewares import count_in_flight, errors_as_json, one_line_per_delivery
from bridge.origins import OriginLookup
from bridge.pace import BotPace
from bridge.readiness import Readiness
from bridge.routes import setup_routes
from bridge.tallying import count_deliveries, tell_of_refusals
from bridge.temporal_calls import TemporalCalls
from providers.base import Provider
from runtime.provider import open_calendars
from runtime.settings import Settings, load_deadlines

_BUFFER_BYTES = 32 * 1024
"""What each connection may send ahead of its handler, about twice over."""

_HEADER_BYTES = 16 * 1024
"""Of one header of a request: browsers of users bring the cookies of everything else on the same domain."""

_LINGERING_SECONDS = 2.0
"""How long the rest of a refused body is taken and thrown away, so that its sender gets the answer."""


def create_app(settings: Settings, client: Client, provider: Provider, store: ArtifactStore) -> web.Application:
    """The whole application. `client` may be lazy: the bridge keeps what it is sent until Temporal is there."""
    app = web.Application(
        middlewares=[count_in_flight, count_deliveries, one_line_per_delivery, errors_as_json],
        handler_args={
            # An access log would print the tokens in the bots' addresses.
            "access_log": None,
            "logger": http_logger,
            "keepalive_timeout": IDLE_SECONDS,
            "lingering_time": _LINGERING_SECONDS,
            "read_bufsize": _BUFFER_BYTES,
            "max_field_size": _HEADER_BYTES,
            # Nothing unpacks what strangers send, not even to throw it away.
            "auto_decompress": False,
        },
    )
    app[SETTINGS] = settings
    app[PROVIDER] = provider
    app[STORE] = store
    app[BODIES] = Bodies(settings.minutekeeper_bridge_max_body_bytes)
    app[REGISTRY] = CollectorRegistry()
    app[COUNTS] = DeliveryCounts(app[REGISTRY])
    app[IN_FLIGHT] = InFlight()
    app[CALLS] = TemporalCalls(client)
    app[READINESS] = Readiness(app[CALLS], store)
    app[PROVIDER_CALLS] = calls = ProviderCalls(app[REGISTRY])
    calendars = open_calendars(settings, on_call=lambda: calls.add("unknown_bots_event"))
    adopts_all = settings.minutekeeper_adopt_all_bots
    adopter = Adopter(
        OriginLookup(provider, calls, adopts_all=adopts_all),
        calendars,
        app[CALLS],
        deadlines=load_deadlines(),
        adopts_all=adopts_all,
    )
    app[COURIER] = Courier(app[CALLS], BotSearch(client), store, adopter)
    app[INBOX] = Inbox(store, app[REGISTRY])
    app[PACE] = BotPace()
    app[DRAIN] = Drain(app[INBOX], app[COURIER], app[CALLS])
    setup_routes(app)
    add_connect_pages(app, client)
    app.cleanup_ctx.append(_drain_the_inbox)
    app.on_cleanup.append(lambda _app: calendars.aclose())
    app.cleanup_ctx.append(tell_of_refusals)
    return app


async def _drain_the_inbox(app: web.Application) -> AsyncIterator[None]:
    task = asyncio.create_task(app[DRAIN].run(), name="drain")
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
