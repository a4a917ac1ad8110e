"""What happens around every view of the API: the edge, the key, the limits, kept answers."""

import hmac
import re

from aiohttp import web
from aiohttp.typedefs import Handler

from devtools.simulator.recall.errors import ApiError, coded, not_found
from devtools.simulator.recall.keys import CALENDAR_TOKEN, RECALL, find_recording
from devtools.simulator.recall.settings import RecallSettings

_API = "/api/"
_OAUTH_CALLBACKS = ("/api/v1/calendar/google_oauth_callback", "/api/v1/calendar/ms_oauth_callback")
"""To these come the browsers of users, who have no key."""
_OF_CALENDAR_USERS = re.compile(r"/api/v1/calendar/(user(/disconnect)?|meetings(/[^/]+)?)/?")
"""These take a calendar user's token in place of the workspace's key."""
_LOCAL_URL = re.compile(rb"https?://(localhost|\d{1,3}(\.\d{1,3}){3}|\[)[:/\"?\]\d]", re.IGNORECASE)


def is_of_api(request: web.Request) -> bool:
    return request.path.startswith(_API) and not request.path.startswith(_OAUTH_CALLBACKS)


@web.middleware
async def guard_edge(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what never reaches the service: a GET with a body, and local URLs in one."""
    if is_of_api(request):
        body = await request.read()
        refuses = request.app[RECALL].settings.refuses_local_urls
        if body and (request.method == "GET" or (refuses and _LOCAL_URL.search(body))):
            return coded(403, "request_blocked", "Request blocked").response
    return await handler(request)


@web.middleware
async def authenticate_workspace(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse calls without the workspace's key; the word before the key may be left out."""
    if is_of_api(request) and not _OF_CALENDAR_USERS.fullmatch(request.path):
        refusal = _check(request.headers.get("Authorization"), request.app[RECALL].settings)
        if refusal:
            return refusal.response
    return await handler(request)


@web.middleware
async def limit_calls(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what is more than an endpoint's limit."""
    if is_of_api(request):
        wait = request.app[RECALL].limits.take(request, _caller(request))
        if wait is not None:
            refusal = coded(429, "throttled", f"Request was throttled. Expected available in {wait:g} seconds.")
            refusal.headers = {"Retry-After": f"{wait:g}"}
            return refusal.response
    return await handler(request)


@web.middleware
async def answer_refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn refusals into answers, also those of a path that does not exist."""
    if not is_of_api(request):
        return await handler(request)
    try:
        return await handler(request)
    except ApiError as error:
        return error.response
    except web.HTTPNotFound:
        return not_found().response
    except web.HTTPMethodNotAllowed as error:
        detail = f'Method "{error.method}" not allowed.'
        return coded(405, "method_not_allowed", detail).response


@web.middleware
async def keep_answers(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Repeat the answer to a known `Idempotency-Key`."""
    if not is_of_api(request):
        return await handler(request)
    try:
        return await request.app[RECALL].idempotency.answer(request, handler)
    except ApiError as error:
        return error.response


def _check(header: str | None, settings: RecallSettings) -> ApiError | None:
    if not header:
        return coded(401, "not_authenticated", "Authentication credentials were not provided.")
    key = header.removeprefix("Token ").strip()
    if hmac.compare_digest(key.encode(), settings.api_key.encode()):
        return None
    reason = "Invalid API token"
    if settings.other_region_api_key and key == settings.other_region_api_key:
        reason += ". It might be for another Recall region."
    return coded(401, "authentication_failed", reason)


def _caller(request: web.Request) -> str:
    """For whom the call is counted, if not for the workspace: a calendar's user, or a bot to be transcribed."""
    if _OF_CALENDAR_USERS.fullmatch(request.path):
        return request.headers.get(CALENDAR_TOKEN, "")
    if not request.path.rstrip("/").endswith("/create_transcript"):
        return ""
    try:
        return str(find_recording(request, request.match_info["id"]).bot.uuid)
    except ApiError:
        return ""
