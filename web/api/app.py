"""The part of the web application that is the API: checks what every request needs, and calls the handlers."""

import json
import logging
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler
from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from bridge.request_bodies import RequestBodyReader
from minutekeeper.api_keys import ApiKey, ApiKeyFile, ApiKeyFileError, ApiScope
from minutekeeper.storage.errors import StoreError
from starter.errors import MeetingError, StorageError
from web.api.document import DOCUMENT_PATH, openapi_document
from web.api.handlers import ApiRequest, ApiResponse
from web.api.models import BookMeetings
from web.api.problems import PROBLEM_TYPE, ProblemCode, ProblemError, invalid_fields, problem_for
from web.api.route import ApiRoute
from web.api.routes import ApiHandlers, api_routes
from web.rate_limit import KeyRateLimit

logger = logging.getLogger("web")

_MAX_BODY_BYTES = 64 * 1024
_KEY_NAMES = frozenset({"key", "api_key", "apikey", "token", "access_token", "authorization"})
_BEARER = "bearer "


class ApiServer:
    """Serves the routes of the table with the keys of a file."""

    def __init__(self, handlers: ApiHandlers, keys: ApiKeyFile) -> None:
        self._routes = api_routes(handlers)
        self._events = handlers.events
        self._keys = keys
        self._limit = KeyRateLimit()
        self._bodies = RequestBodyReader(_MAX_BODY_BYTES)
        self.document = openapi_document(self._routes)
        self._document = json.dumps(self.document, indent=1).encode()

    def add_routes(self, router: web.UrlDispatcher) -> None:
        for route in self._routes:
            path = re.sub(
                r"\{(id|calendar|event|endpoint|delivery)\}",
                r"{\1:[^/]+}",
                route.path.replace("{name}", "{name:.+}"),
            )
            router.add_route(route.method, path, self._handler(route))
            if route.is_file:
                router.add_route(hdrs.METH_HEAD, path, self._handler(route))
        router.add_get(DOCUMENT_PATH, self._show_document)

    async def close(self, _: web.Application) -> None:
        """Ends the streams of events, which would have no end."""
        self._events.close()

    def _handler(self, route: ApiRoute) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            key = ""
            if route.scope is not None:
                key = self._admitted(request, route.scope).key_id
            query = _validated(route.query, _query_of(request))
            body = await self._body_of(request, route.body) if route.body is not None else None
            if isinstance(body, BookMeetings):
                self._limit_to(f"key {key}", body.further_requests)
            known = request.headers.get(hdrs.IF_NONE_MATCH, "").strip().removeprefix("W/").strip('"')
            named = request.match_info
            subject, part = (
                named.get("id") or named.get("calendar") or named.get("endpoint", ""),
                named.get("name") or named.get("event") or named.get("delivery", ""),
            )

            def is_admitted() -> bool:
                return route.scope is None or self._is_admitted(request, route.scope)

            asked = ApiRequest(key, subject, part, query, body, known, request, is_admitted)
            return _answer(await route.handle(asked))

        return handle

    async def _show_document(self, request: web.Request) -> web.StreamResponse:
        self._limit_to(f"document {request.remote}")
        return web.Response(body=self._document, content_type="application/json")

    def _admitted(self, request: web.Request, scope: ApiScope) -> ApiKey:
        """The key of a request. Raises ProblemError without one, or without the scope."""
        if any(name.lower() in _KEY_NAMES or value.startswith("mk_") for name, value in request.query.items()):
            self._limit_to(f"refused {request.remote}")
            text = "A key does not belong into an address, where logs keep it: send it as Authorization: Bearer."
            raise ProblemError(ProblemCode.KEY_IN_URL, text)
        try:
            key = self._keys.find(_key_of(request))
        except ApiKeyFileError as error:
            logger.error("%s", error)  # noqa: TRY400 - the message says it all
            key = None
        if key is None or not key.is_valid(datetime.now(UTC)):
            self._limit_to(f"refused {request.remote}")
            raise ProblemError(
                ProblemCode.NO_KEY, "Send a key that is known and has not ended, as Authorization: Bearer mk_…"
            )
        self._limit_to(f"key {key.key_id}")
        if scope not in key.scopes:
            raise ProblemError(ProblemCode.SCOPE_MISSING, f"This needs a key with the scope {scope.value}.")
        return key

    def _is_admitted(self, request: web.Request, scope: ApiScope) -> bool:
        try:
            key = self._keys.find(_key_of(request))
        except ApiKeyFileError:
            return False
        return key is not None and key.is_valid(datetime.now(UTC)) and scope in key.scopes

    def _limit_to(self, name: str, count: int = 1) -> None:
        """Counts requests. Raises ProblemError if there were too many of this name."""
        if wait := self._limit.wait_for(name, count):
            raise ProblemError(ProblemCode.TOO_MANY_REQUESTS, f"Try again in {wait} s.", retry_after=wait)

    async def _body_of(self, request: web.Request, model: type[BaseModel]) -> BaseModel:
        if request.content_type != "application/json":
            raise ProblemError(ProblemCode.NOT_JSON, "Send the body as application/json.")
        async with self._bodies.of(request) as body:
            try:
                content = from_json(body) if body.strip() else {}
            except ValueError as error:
                raise ProblemError(ProblemCode.INVALID_JSON, f"The body is not JSON: {error}") from None
        return _validated(model, content)


@web.middleware
async def problems_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except ProblemError as error:
        return _problem(error)
    except MeetingError as error:
        return _problem(problem_for(error))
    except StoreError as error:
        logger.error("%s", error)  # noqa: TRY400 - the message says it all
        return _problem(problem_for(StorageError()))
    except web.HTTPException as error:
        return _problem(_of_http(error), error.headers.get(hdrs.ALLOW, ""))
    except Exception as error:  # noqa: BLE001 - callers get no traceback, which may quote their data
        logger.error("A request failed: %s", type(error).__name__)  # noqa: TRY400 - likewise
        return _problem(ProblemError(ProblemCode.INTERNAL_ERROR, "An error that is not the request's."))


_HTTP_CODES = {
    400: ProblemCode.INVALID_JSON,
    404: ProblemCode.NOT_FOUND,
    405: ProblemCode.METHOD_NOT_ALLOWED,
    408: ProblemCode.BODY_TOO_SLOW,
    413: ProblemCode.BODY_TOO_LARGE,
    415: ProblemCode.NOT_JSON,
    429: ProblemCode.TOO_MANY_REQUESTS,
}


def _of_http(error: web.HTTPException) -> ProblemError:
    code = _HTTP_CODES.get(error.status, ProblemCode.INTERNAL_ERROR)
    details = {
        ProblemCode.NOT_FOUND: "There is nothing at this address.",
        ProblemCode.METHOD_NOT_ALLOWED: "This address does not take this method.",
        ProblemCode.BODY_TOO_LARGE: f"Bodies have at most {_MAX_BODY_BYTES} bytes.",
    }
    return ProblemError(code, details.get(code, error.text or error.reason))


def _problem(error: ProblemError, allow: str = "") -> web.Response:
    headers = {hdrs.RETRY_AFTER: str(error.retry_after)} if error.retry_after is not None else {}
    if error.problem.status == 401:
        headers[hdrs.WWW_AUTHENTICATE] = "Bearer"
    if allow:
        headers[hdrs.ALLOW] = allow
    body = error.problem.model_dump_json().encode()
    return web.Response(body=body, status=error.problem.status, content_type=PROBLEM_TYPE, headers=headers)


def _answer(response: ApiResponse | web.StreamResponse) -> web.StreamResponse:
    if isinstance(response, web.StreamResponse):
        return response
    if response.body is None:
        return web.Response(status=response.status, headers=response.headers)
    body = response.body.model_dump_json(by_alias=True).encode()
    return web.Response(
        body=body, status=response.status, content_type="application/json", headers=response.headers
    )


def _key_of(request: web.Request) -> str:
    header = request.headers.get(hdrs.AUTHORIZATION, "")
    return header[len(_BEARER) :].strip() if header.lower().startswith(_BEARER) else ""


def _query_of(request: web.Request) -> dict[str, Any]:
    """The query as fields, with `metadata.KEY=VALUE` as one. Raises ProblemError for a name that comes twice."""
    fields: dict[str, Any] = {}
    metadata: dict[str, str] = {}
    for name, value in request.query.items():
        is_metadata = name.startswith("metadata.")
        known, key = (metadata, name.removeprefix("metadata.")) if is_metadata else (fields, name)
        if key in known:
            raise ProblemError(ProblemCode.INVALID_REQUEST, f"{name}: it is given twice")
        known[key] = value
    return fields | ({"metadata": metadata} if metadata else {})


def _validated(model: type[BaseModel], fields: object) -> BaseModel:
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise invalid_fields(error) from None
