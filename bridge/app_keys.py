"""Typed keys of the objects that the application holds for its handlers."""

from aiohttp import web
from prometheus_client import CollectorRegistry

from bridge.bot_rate_limit import BotRateLimit
from bridge.connect.service import ConnectService
from bridge.connect.session_cookies import SessionCookies
from bridge.connection_limits import ActiveRequests
from bridge.delivery_log import DeliveryLogEntry
from bridge.forwarder import WebhookForwarder
from bridge.inbox import Inbox
from bridge.inbox_worker import InboxWorker
from bridge.metrics import DeliveryCounts, ProviderCalls
from bridge.readiness import Readiness
from bridge.request_bodies import RequestBodyReader
from bridge.temporal_gateway import TemporalGateway
from minutekeeper.calendars.connect_link import ConnectLink
from minutekeeper.config import Settings
from minutekeeper.providers.registry import Providers
from minutekeeper.storage.last_webhooks import LastWebhooks
from minutekeeper.storage.store import ArtifactStore

SETTINGS = web.AppKey("settings", Settings)
PROVIDERS = web.AppKey("providers", Providers)
STORE = web.AppKey("store", ArtifactStore)
TEMPORAL = web.AppKey("temporal", TemporalGateway)
BODIES = web.AppKey("bodies", RequestBodyReader)
REGISTRY = web.AppKey("registry", CollectorRegistry)
"""The metrics of this application only; tests run several in one process."""
COUNTS = web.AppKey("counts", DeliveryCounts)
PROVIDER_CALLS = web.AppKey("provider_calls", ProviderCalls)
FORWARDER = web.AppKey("forwarder", WebhookForwarder)
INBOX = web.AppKey("inbox", Inbox)
ACTIVE_REQUESTS = web.AppKey("active_requests", ActiveRequests)
INBOX_WORKER = web.AppKey("inbox_worker", InboxWorker)
BOT_RATE_LIMIT = web.AppKey("bot_rate_limit", BotRateLimit)
LAST_WEBHOOKS = web.AppKey("last_webhooks", LastWebhooks)
READINESS = web.AppKey("readiness", Readiness)

LINE = web.RequestKey("line", DeliveryLogEntry)
"""The log line of the delivery in this request."""

CONNECT_SERVICE = web.AppKey("connect_service", ConnectService)
FORMS = web.AppKey("forms", RequestBodyReader)
COOKIES = web.AppKey("cookies", SessionCookies)

LINK = web.RequestKey("link", ConnectLink)
"""The connect link of a request, once it was read."""

SESSION_ID = web.RequestKey("session_id", str)
"""The session whose cookies are deleted if the request fails."""
