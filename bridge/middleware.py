"""Middleware of the bridge: one log line and one count per delivery, and errors as JSON."""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import AsyncIterator

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from bridge.app_keys import ACTIVE_REQUESTS, COUNTS, LINE
from bridge.delivery_log import without_secrets
from bridge.metrics import NO_SUCH_ADDRESS, describe_refusal

logger = logging.getLogger(__name__)


_LOGGED_HEADERS = (hdrs.ALLOW, hdrs.RETRY_AFTER)


@web.middleware
async def count_in_flight(request: web.Request, handler: Handler) -> web.StreamResponse:
    with request.app[ACTIVE_REQUESTS].track(request.protocol):
        return await handler(request)


@web.middleware
async def one_line_per_delivery(request: web.Request, handler: Handler) -> web.StreamResponse:
    response = await handler(request)
    _write_line(request, response)
    return response


@web.middleware
async def errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPException as error:
        # Returned and not raised, because a traceback would keep large bodies in memory until garbage is collected.
        headers = {name: error.headers[name] for name in _LOGGED_HEADERS if name in error.headers}
        text = {"error": error.text or error.reason}
        return web.json_response(text, status=error.status, reason=error.reason, headers=headers)
    except Exception as error:  # noqa: BLE001 - aiohttp would log a traceback, which may quote the body
        logger.error("A request failed: %s", without_secrets(error))  # noqa: TRY400 - likewise
        return web.json_response({"error": "internal error"}, status=500)


def _write_line(request: web.Request, response: web.StreamResponse) -> None:
    if LINE in request:
        line = request[LINE]
        line.outcome = line.outcome or response.reason or ""
        line.write(response.status)


_EVERY_SECONDS = 60.0


@web.middleware
async def count_deliveries(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        response = await handler(request)
    except web.HTTPException as error:
        _count(request, error)
        raise
    _count(request, response)
    return response


async def log_rejected_deliveries(app: web.Application) -> AsyncIterator[None]:
    """Logs refused deliveries once a minute, for as long as the application runs."""
    task = asyncio.create_task(_log_rejected_deliveries(app), name="refusals")
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def _log_rejected_deliveries(app: web.Application) -> None:
    logged: Counter[str] = Counter()
    while True:
        await asyncio.sleep(_EVERY_SECONDS)
        refused = app[COUNTS].refused()
        if fresh := refused - logged:
            logger.warning("Deliveries refused in the last %g seconds: %s", _EVERY_SECONDS, describe_refusal(fresh))
        logged = refused


def _count(request: web.Request, response: web.StreamResponse) -> None:
    if LINE in request:
        request.app[COUNTS].add(response.status, request[LINE].outcome)
    elif request.method == "POST" and response.status == 404:
        request.app[COUNTS].add(response.status, NO_SUCH_ADDRESS)
