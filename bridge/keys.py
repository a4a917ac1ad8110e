"""What the parts of the application find in it, with their types."""

from aiohttp import web
from prometheus_client import CollectorRegistry

from artifacts.store import ArtifactStore
from bridge.bodies import Bodies
from bridge.counts import DeliveryCounts, ProviderCalls
from bridge.courier import Courier
from bridge.drain import Drain
from bridge.in_flight import InFlight
from bridge.inbox import Inbox
from bridge.journal import Line
from bridge.pace import BotPace
from bridge.readiness import Readiness
from bridge.temporal_calls import TemporalCalls
from providers.base import Provider
from runtime.settings import Settings

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
