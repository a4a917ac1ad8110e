"""One web application of the API and the pages, each with its own checks, errors and headers."""

import logging

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from bridge.connection_limits import IDLE_SECONDS, ActiveRequests
from bridge.delivery_log import WithoutTraceback
from web.api.app import ApiServer, problems_as_json
from web.pages.app import PageServer
from web.pages.reference import REFERENCE_PATH, reference_page
from web.request_metrics import RequestMetrics

http_logger = logging.getLogger("web.http")
"""The logger that aiohttp writes to."""
http_logger.addFilter(WithoutTraceback())

_HEADER_BYTES = 16 * 1024
"""Size limit of one header: browsers also send the cookies of other applications on the same domain."""

_API_PATHS = ("/healthz", "/readyz")
_API_PREFIX = "/api/"


def is_api_path(path: str) -> bool:
    """Whether programs ask here, and get problem details instead of pages."""
    return path in _API_PATHS or path.startswith(_API_PREFIX)


class WebServer:
    """Takes the requests of both. `active` are those that are being answered."""

    def __init__(self, api: ApiServer, pages: PageServer, metrics: RequestMetrics) -> None:
        self._api = api
        self._pages = pages
        self._reference = reference_page(api.document)
        self._metrics = metrics
        self.active = ActiveRequests()

    def application(self) -> web.Application:
        app = web.Application(
            middlewares=[self._track, self._metrics.measure, self._answer],
            handler_args={
                # An access log would print the ids of meetings, which may be names of people.
                "access_log": None,
                "logger": http_logger,
                "keepalive_timeout": IDLE_SECONDS,
                "max_field_size": _HEADER_BYTES,
                "auto_decompress": False,
            },
        )
        app.on_response_prepare.append(self._secure)
        self._api.add_routes(app.router)
        self._pages.add_routes(app.router)
        app.router.add_get(REFERENCE_PATH, self._show_reference)
        app.on_shutdown.append(self._api.close)
        return app

    @web.middleware
    async def _track(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        with self.active.track(request.protocol):
            return await handler(request)

    @web.middleware
    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if is_api_path(request.path):
            return await problems_as_json(request, handler)
        return await self._pages.answer(request, handler)

    async def _secure(self, request: web.Request, response: web.StreamResponse) -> None:
        if not is_api_path(request.path) or request.path == REFERENCE_PATH:
            await self._pages.secure(request, response)
            return
        kept = "private, no-cache" if hdrs.ETAG in response.headers else "no-store"
        response.headers.setdefault(hdrs.CACHE_CONTROL, kept)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")

    async def _show_reference(self, _: web.Request) -> web.StreamResponse:
        """The document of the API as a page."""
        return web.Response(text=self._reference, content_type="text/html")
