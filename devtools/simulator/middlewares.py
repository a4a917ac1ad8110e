"""What happens around every view."""

import hmac
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from devtools.simulator.keys import SIMULATION
from devtools.simulator.responses import refusal
from devtools.simulator.service import CONTROL, INCOMPLETE, SERVICE
from devtools.simulator.settings import SimulatorSettings
from devtools.simulator.state import RequestRecord, now

_NOT_OF_THE_API = (CONTROL, "/media/", "/oauth/")
_SECRET_PARAMETERS = frozenset({"X-Amz-Signature", "X-Amz-Credential"})
_BODIES_KEPT = ("/bots", "/bot", "/batch", "/scheduled")
"""Ends of the paths that order bots, with any of the providers."""
_SECRET_FIELDS = frozenset({"api_key", "zoom_sdk_pwd", "zoom_obf_token", "obf_token", "secret"})


@web.middleware
async def note_changes(request: web.Request, handler: Handler) -> web.StreamResponse:
    """What is kept in a file is written anew after requests that may change it."""
    try:
        return await handler(request)
    finally:
        if request.method not in ("GET", "HEAD"):
            request.app[SERVICE].is_changed = True


@web.middleware
async def record(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Note the request in the ledger before anything else, and its status when the answer is whole."""
    if request.path.startswith(CONTROL):
        return await handler(request)
    entry = RequestRecord(
        received_at=now(),
        method=request.method,
        path=request.path,
        query={key: value for key, value in request.query.items() if key not in _SECRET_PARAMETERS},
        range=request.headers.get("Range"),
        idempotency_key=request.headers.get("Idempotency-Key"),
    )
    request.app[SERVICE].ledger.requests.append(entry)
    try:
        if request.method in ("POST", "PATCH") and request.path.rstrip("/").endswith(_BODIES_KEPT):
            entry.body = _masked(await _body(request))
        response = await handler(request)
    except web.HTTPException as error:
        entry.status = error.status
        raise
    if INCOMPLETE not in request:
        entry.status = response.status
    return response


@web.middleware
async def authenticate(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse API calls without the account's key. Media URLs carry their own proof, and OAuth is not the API's."""
    if request.path.startswith(_NOT_OF_THE_API):
        return await handler(request)
    settings = request.app[SIMULATION].settings
    if not hmac.compare_digest(_key(request, settings).encode(), settings.api_key.encode()):
        return refusal(401, "InvalidApiKey")
    return await handler(request)


@web.middleware
async def limit(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse API calls beyond what the account may make in a second."""
    simulation = request.app[SIMULATION]
    account = simulation.request_limit
    if account is None or request.path.startswith(_NOT_OF_THE_API):
        return await handler(request)
    if not account.take():
        answer = refusal(429, "TooManyRequests")
        answer.headers.update(account.headers(simulation.settings.rate_limit_reset) | {"Retry-After": "1"})
        return answer
    return await handler(request)


def _key(request: web.Request, settings: SimulatorSettings) -> str:
    headers = request.headers
    key = headers.get("x-meeting-baas-api-key")
    if key is None and settings.seed_compatibility:
        key = headers.get("x-spoke-api-key") or headers.get("Authorization", "").removeprefix("Bearer ")
    return key or ""


def _masked(value: Any) -> Any:
    """The same without the keys that callers bring for others."""
    if isinstance(value, list):
        return [_masked(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: "***" if key in _SECRET_FIELDS and item else _masked(item) for key, item in value.items()}


async def _body(request: web.Request) -> object:
    """The body as JSON, or as the text that it is."""
    try:
        return await request.json()
    except ValueError:
        return (await request.read()).decode(errors="replace")
