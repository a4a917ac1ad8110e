"""What the parts of the application find in it, with their types."""

from aiohttp import web
from prometheus_client import CollectorRegistry

from bridge.bot_rate_limit import BotPace
from bridge.connection_limits import InFlight
from bridge.delivery_log import Line
from bridge.forwarder import Courier
from bridge.inbox import Inbox
from bridge.inbox_worker import Drain
from bridge.metrics import DeliveryCounts, ProviderCalls
from bridge.readiness import Readiness
from bridge.request_bodies import Bodies
from bridge.temporal_gateway import TemporalCalls
from minutekeeper.config import Settings
from minutekeeper.providers.base import Provider
from minutekeeper.storage.store import ArtifactStore

SETTINGS = web.AppKey("settings", Settings)
PROVIDER = web.AppKey("provider", Provider)
STORE = web.AppKey("store", ArtifactStore)
CALLS = web.AppKey("calls", TemporalCalls)
BODIES = web.AppKey("bodies", Bodies)
REGISTRY = web.AppKey("registry", CollectorRegistry)
"""The metrics of this application, and of no other in the same process."""
COUNTS = web.AppKey("counts", DeliveryCounts)
PROVIDER_CALLS = web.AppKey("provider_calls", ProviderCalls)
COURIER = web.AppKey("courier", Courier)
INBOX = web.AppKey("inbox", Inbox)
IN_FLIGHT = web.AppKey("in_flight", InFlight)
DRAIN = web.AppKey("drain", Drain)
PACE = web.AppKey("pace", BotPace)
READINESS = web.AppKey("readiness", Readiness)

LINE = web.RequestKey("line", Line)
"""The log line of the delivery that this request brings."""
