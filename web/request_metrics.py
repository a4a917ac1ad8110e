"""Counts requests and measures how long they took, by route. No id, key or address is in a label."""

import re
import time

from aiohttp import web
from aiohttp.typedefs import Handler
from prometheus_client import CollectorRegistry, Counter, Histogram

_NO_ROUTE = "none"
_STREAM = "text/event-stream"
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_PATTERN = re.compile(r"\{(\w+):[^}]*\}")


class RequestMetrics:
    """The metrics of the requests of one application."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "minutekeeper_http_requests_total",
            "HTTP requests of the API and the pages by route and status, since the process was started.",
            ["route", "status"],
            registry=registry,
        )
        self._seconds = Histogram(
            "minutekeeper_http_request_seconds",
            "Seconds from a request to its answer; long polls are answered late on purpose, streams are left out.",
            ["route"],
            buckets=_BUCKETS,
            registry=registry,
        )

    @web.middleware
    async def measure(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Goes before all middleware that turns errors into answers."""
        began = time.perf_counter()
        response = await handler(request)
        route = _route(request)
        self._requests.labels(route, str(response.status)).inc()
        if response.content_type != _STREAM:
            self._seconds.labels(route).observe(time.perf_counter() - began)
        return response


def _route(request: web.Request) -> str:
    """The path as the route has it, with the names of its parts."""
    resource = request.match_info.route.resource
    return _NO_ROUTE if resource is None else _PATTERN.sub(r"{\1}", resource.canonical)
