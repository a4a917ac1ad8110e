"""The part of the web application that serves pages: who may see what, forms, errors, headers."""

import asyncio
import logging
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from urllib.parse import parse_qsl

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler
from multidict import MultiDict

from bridge.delivery_log import without_secrets
from bridge.request_bodies import RequestBodyReader
from minutekeeper.storage.errors import StoreError
from starter.errors import (
    CalendarNotFoundError,
    DeliveryNotFoundError,
    EndpointDisabledError,
    EndpointNotFoundError,
    EventNotFoundError,
    MeetingError,
    MeetingInputError,
    MeetingNotFoundError,
    MeetingRefusedError,
    NoWorkerError,
    ProviderRefusedError,
    StorageError,
    TemporalUnreachableError,
    WebhookSecretMissingError,
)
from web.access.gate import PageGate, Visit, sign_in_address
from web.page_error import PageError, SignInNeededError
from web.pages.headers import add_security_headers, content_policy
from web.pages.messages import message_page
from web.pages.route import PageRequest, PageResponse, PageRoute, see_other
from web.pages.static_files import STATIC_ROUTE, StaticFiles
from web.pages.templates import PageFrame
from web.rate_limit import KeyRateLimit

logger = logging.getLogger("web")

_MAX_FORM_BYTES = 256 * 1024
_MOST_FIELDS = 500
_MOST_STREAMS = 100
"""Streams of one visitor, because each holds a connection, of which a process has a limited number."""
_FORM_TYPE = "application/x-www-form-urlencoded"
_FRAME = web.RequestKey("frame", PageFrame)
"""What stands around the page of an error, once it is known who asks."""
_PREPARED = web.RequestKey("prepared", bool)
"""Set when the headers of a response have been sent, so that no other response can be."""


class PageServer:
    """Serves the routes of the tables. `media_origin` is the bucket's, if recordings are sent as links into one."""

    def __init__(self, routes: Iterable[PageRoute], gate: PageGate, media_origin: str = "") -> None:
        self._routes = tuple(routes)
        self._gate = gate
        self._static = StaticFiles()
        self._policy = content_policy(media_origin)
        self._bodies = RequestBodyReader(_MAX_FORM_BYTES)
        self._streams: Counter[str] = Counter()
        self._limit = KeyRateLimit()

    def add_routes(self, router: web.UrlDispatcher) -> None:
        for route in self._routes:
            path = re.sub(r"\{(\w+)\}", r"{\1:[^/]+}", route.path)
            handler = self._handler(route)
            router.add_route(route.method, path, handler)
            if route.method == hdrs.METH_GET and not route.is_stream:
                router.add_route(hdrs.METH_HEAD, path, handler)
        router.add_get(STATIC_ROUTE, self._static.send)

    async def answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Calls the handler; an error becomes a page, without a traceback, which may quote data of people."""
        try:
            return await handler(request)
        except Exception as error:
            if request.get(_PREPARED):
                raise
            return _error_response(request, error)

    async def secure(self, request: web.Request, response: web.StreamResponse) -> None:
        """Adds the headers just before a response is sent."""
        request[_PREPARED] = True
        add_security_headers(response, self._policy)

    def _handler(self, route: PageRoute) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            visit = self._gate.visit(request)
            request[_FRAME] = PageFrame("", visit.visitor.name, self._gate.form_token(visit))
            self._gate.admit(visit, route.role)
            if not route.is_stream:
                self._limit_to(visit.visitor.name)
            form = await self._form(request, visit)
            page = PageRequest(request, visit.visitor, form, self._gate.form_token(visit))
            # Who does what is known here, before anything of it is shown or changed.
            response = await (self._streamed(route, page, visit) if route.is_stream else route.handle(page))
            self._gate.keep_binding(response, visit)
            return response

        return handle

    def _limit_to(self, name: str) -> None:
        """Raises PageError for a visitor who asks too often; one who is not known can only sign in."""
        if name and (wait := self._limit.wait_for(name)):
            raise PageError(429, "Too many requests", f"Try again in {wait} s.", retry_after=wait)

    async def _form(self, request: web.Request, visit: Visit) -> MultiDict[str]:
        """The fields of a form whose token was checked; none for a GET. Raises PageError."""
        if request.method in {hdrs.METH_GET, hdrs.METH_HEAD}:
            return MultiDict()
        if request.content_type != _FORM_TYPE:
            raise PageError(415, "This is not a form", "Send the form of the page.")
        async with self._bodies.of(request) as body:
            try:
                fields = parse_qsl(
                    body.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS
                )
            except ValueError:
                raise PageError(
                    400, "The form cannot be read", "Open the page again, and send it from there."
                ) from None
        form = MultiDict(fields)
        self._gate.check_form(request, visit, form.pop("form_token", ""))
        return form

    async def _streamed(self, route: PageRoute, page: PageRequest, visit: Visit) -> web.StreamResponse:
        """Sends events until the handler returns or the session ends, whichever is first. Raises PageError."""
        name = visit.visitor.name
        if self._streams[name] >= _MOST_STREAMS:
            raise PageError(
                429, "Too many pages are open", f"{name} has {_MOST_STREAMS} pages that are kept up to date."
            )
        self._streams[name] += 1
        sending = asyncio.ensure_future(route.handle(page))
        ended = asyncio.ensure_future(self._gate.wait_ended(visit))
        try:
            await asyncio.wait({sending, ended}, return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                return sending.result()
            # Closes the connection, because the response has begun.
            raise ConnectionResetError("the session has ended")
        finally:
            self._streams -= Counter([name])
            for each in (sending, ended):
                each.cancel()
            await asyncio.gather(sending, ended, return_exceptions=True)


_OWN_WORDS: tuple[tuple[type[MeetingError], int, str], ...] = (
    (MeetingNotFoundError, 404, "There is no such meeting"),
    (CalendarNotFoundError, 404, "There is no such calendar"),
    (EventNotFoundError, 404, "There is no such event"),
    (EndpointNotFoundError, 404, "There is no such endpoint"),
    (DeliveryNotFoundError, 404, "There is no such delivery"),
    (EndpointDisabledError, 409, "The endpoint is disabled"),
    (WebhookSecretMissingError, 409, "Endpoints are not set up yet"),
    (MeetingInputError, 422, "This cannot be used"),
    (MeetingRefusedError, 409, "This is not possible now"),
)
"""Errors whose message is shown. Others could name places inside; the first that fits counts."""

_AWAY: tuple[tuple[type[MeetingError], str], ...] = (
    (TemporalUnreachableError, "Temporal does not answer"),
    (NoWorkerError, "No worker answers for this"),
    (ProviderRefusedError, "The provider of the calendars refuses or is away"),
    (StorageError, "The artifact store does not answer"),
    (MeetingError, "Something that is needed does not answer"),
)

_HTTP_TITLES = {
    404: "There is no such page",
    405: "This page does not take this method",
    408: "The form did not arrive in time",
    413: "The form is too large",
    429: "Too many requests",
}


def _error_response(request: web.Request, error: Exception) -> web.StreamResponse:
    sentences: tuple[str, ...] = ()
    retry_after = 0
    if isinstance(error, StoreError):
        logger.error("%s", error)
    match error:
        case SignInNeededError() if _is_navigation(request):
            return see_other(sign_in_address(request))
        case PageError():
            status, title, sentences = error.status, error.title, error.sentences
            retry_after = error.retry_after
        case MeetingError() | StoreError():
            status, title, sentences = _told(StorageError() if isinstance(error, StoreError) else error)
        case web.HTTPException():
            status, title = error.status, _HTTP_TITLES.get(error.status, error.reason)
        case _:
            logger.error("A page failed: %s", without_secrets(error))
            status, title, sentences = 500, "This page failed", ("The log of the process says where.",)
    response = PageResponse(message_page(title, sentences, request.get(_FRAME)), status=status)
    if status == 503:
        retry_after = 5
    if retry_after:
        response.headers[hdrs.RETRY_AFTER] = str(retry_after)
    if isinstance(error, web.HTTPMethodNotAllowed):
        response.headers[hdrs.ALLOW] = error.headers[hdrs.ALLOW]
    return response


def _told(error: MeetingError) -> tuple[int, str, tuple[str, ...]]:
    """Status, title and sentences for an error of the client."""
    for kind, status, title in _OWN_WORDS:
        if isinstance(error, kind):
            return status, title, (str(error),)
    title = next(title for kind, title in _AWAY if isinstance(error, kind))
    return 503, title, ("Try again in a moment. `minutekeeper doctor` says what is missing.",)


def _is_navigation(request: web.Request) -> bool:
    """Whether a browser asks for a page to show, so that it can be led to another one."""
    is_page = request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"
    return request.method == hdrs.METH_GET and is_page and "text/html" in request.headers.get(hdrs.ACCEPT, "")
