"""What happens around every request: it is counted, logged if it is a delivery, and its errors are JSON."""

import logging

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from bridge.journal import without_secrets
from bridge.keys import IN_FLIGHT, LINE

logger = logging.getLogger(__name__)

_TELLING_HEADERS = (hdrs.ALLOW, hdrs.RETRY_AFTER)


@web.middleware
async def count_in_flight(request: web.Request, handler: Handler) -> web.StreamResponse:
    with request.app[IN_FLIGHT].one(request.protocol):
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
        # Passed on as an exception, it would keep what it came by, large bodies too, until garbage is collected.
        headers = {name: error.headers[name] for name in _TELLING_HEADERS if name in error.headers}
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
