"""The bridge's web application: its routes, and everything that its handlers need."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from aiohttp import web
from prometheus_client import CollectorRegistry
from temporalio.client import Client

from bridge.app_keys import (
    ACTIVE_REQUESTS,
    BODIES,
    BOT_RATE_LIMIT,
    COUNTS,
    FORWARDER,
    INBOX,
    INBOX_WORKER,
    LAST_WEBHOOKS,
    PROVIDER_CALLS,
    PROVIDERS,
    READINESS,
    REGISTRY,
    SETTINGS,
    STORE,
    TEMPORAL,
)
from bridge.bot_adoption import BotAdopter
from bridge.bot_origins import OriginLookup
from bridge.bot_rate_limit import BotRateLimit
from bridge.bot_search import BotSearch
from bridge.connect.routes import add_connect_pages
from bridge.connection_limits import IDLE_SECONDS, ActiveRequests
from bridge.delivery_log import http_logger
from bridge.forwarder import WebhookForwarder
from bridge.inbox import Inbox
from bridge.inbox_worker import InboxWorker
from bridge.metrics import DeliveryCounts, ProviderCalls
from bridge.middleware import (
    count_deliveries,
    count_in_flight,
    errors_as_json,
    log_rejected_deliveries,
    one_line_per_delivery,
)
from bridge.readiness import Readiness
from bridge.request_bodies import RequestBodyReader
from bridge.temporal_gateway import TemporalGateway
from bridge.webhook_views import confirm_address, healthz, readyz, receive_account_webhook, receive_bot_webhook
from minutekeeper.config import Settings, load_deadlines
from minutekeeper.meetings.webhook_urls import ACCOUNT_WEBHOOK_ROUTE, BOT_WEBHOOK_ROUTE
from minutekeeper.providers.calendar_factory import open_calendars
from minutekeeper.providers.registry import Providers
from minutekeeper.storage.last_webhooks import LastWebhooks
from minutekeeper.storage.store import ArtifactStore

# A workflow id may contain any character; by default the router accepts no braces.
_PROVIDER = "{provider:[a-z0-9-]{1,40}}"
_ACCOUNT = ACCOUNT_WEBHOOK_ROUTE.replace("{provider}", _PROVIDER)
_BOT = (
    BOT_WEBHOOK_ROUTE.replace("{provider}", _PROVIDER)
    .replace("{dispatch}", "{dispatch:[0-9]{1,9}}")
    .replace("{workflow_id}", "{workflow_id:[^/]+}")
)


def setup_routes(app: web.Application) -> None:
    app.router.add_post(_ACCOUNT, receive_account_webhook)
    app.router.add_post(_BOT, receive_bot_webhook)
    app.router.add_get(_BOT, confirm_address)
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)


_BUFFER_BYTES = 32 * 1024
"""Read buffer of a connection; up to about twice as much may arrive before its handler reads."""

_HEADER_BYTES = 16 * 1024
"""Size limit of one header: users' browsers also send the cookies of other applications on the same domain."""

_KEEP_READING_SECONDS = 2.0
"""How long the rest of a refused body is read and discarded, because its sender would miss the answer otherwise."""


def create_app(settings: Settings, client: Client, providers: Providers, store: ArtifactStore) -> web.Application:
    """Creates the application. `client` may be lazy: deliveries are stored until Temporal can be reached."""
    app = web.Application(
        middlewares=[count_in_flight, count_deliveries, one_line_per_delivery, errors_as_json],
        handler_args={
            # An access log would print the tokens in the bots' addresses.
            "access_log": None,
            "logger": http_logger,
            "keepalive_timeout": IDLE_SECONDS,
            "lingering_time": _KEEP_READING_SECONDS,
            "read_bufsize": _BUFFER_BYTES,
            "max_field_size": _HEADER_BYTES,
            # Compressed bodies are never unpacked, because anyone could send one that fills the memory.
            "auto_decompress": False,
        },
    )
    app[SETTINGS] = settings
    app[PROVIDERS] = providers
    app[STORE] = store
    app[BODIES] = RequestBodyReader(settings.minutekeeper_bridge_max_body_bytes)
    app[REGISTRY] = CollectorRegistry()
    app[COUNTS] = DeliveryCounts(app[REGISTRY])
    app[ACTIVE_REQUESTS] = ActiveRequests()
    app[TEMPORAL] = TemporalGateway(client)
    app[READINESS] = Readiness(app[TEMPORAL], store)
    app[PROVIDER_CALLS] = calls = ProviderCalls(app[REGISTRY])
    calendars = open_calendars(settings, on_call=lambda: calls.add("unknown_bots_event"))
    adopts_all = settings.minutekeeper_adopt_all_bots
    adopter = BotAdopter(
        {each.name: OriginLookup(each, calls, adopts_all=adopts_all) for each in providers},
        calendars,
        app[TEMPORAL],
        deadlines=load_deadlines(),
        adopts_all=adopts_all,
    )
    app[FORWARDER] = WebhookForwarder(app[TEMPORAL], BotSearch(client), store, adopter)
    app[INBOX] = Inbox(store, app[REGISTRY])
    app[LAST_WEBHOOKS] = LastWebhooks(store)
    app[BOT_RATE_LIMIT] = BotRateLimit()
    app[INBOX_WORKER] = InboxWorker(app[INBOX], app[FORWARDER], app[TEMPORAL])
    setup_routes(app)
    add_connect_pages(app, client)
    app.cleanup_ctx.append(_process_inbox)
    app.on_cleanup.append(lambda _app: calendars.aclose())
    app.cleanup_ctx.append(log_rejected_deliveries)
    return app


async def _process_inbox(app: web.Application) -> AsyncIterator[None]:
    task = asyncio.create_task(app[INBOX_WORKER].run(), name="inbox worker")
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
