"""What happens around every request: it is counted, logged if it is a delivery, and its errors are JSON."""

import json
import logging

from aiohttp import web
from aiohttp.typedefs import Handler

from bridge.journal import without_secrets
from bridge.keys import IN_FLIGHT, LINE

logger = logging.getLogger(__name__)


@web.middleware
async def count_in_flight(request: web.Request, handler: Handler) -> web.StreamResponse:
    with request.app[IN_FLIGHT].one():
        return await handler(request)


@web.middleware
async def one_line_per_delivery(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        response = await handler(request)
    except web.HTTPException as error:
        _write_line(request, error)
        raise
    _write_line(request, response)
    return response


@web.middleware
async def errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPException as error:
        error.text = json.dumps({"error": error.text or error.reason})
        error.content_type = "application/json"
        raise
    except Exception as error:  # noqa: BLE001 - aiohttp would log a traceback, which may quote the body
        logger.error("A request failed: %s", without_secrets(error))  # noqa: TRY400 - likewise
        return web.json_response({"error": "internal error"}, status=500)


def _write_line(request: web.Request, response: web.StreamResponse) -> None:
    if LINE in request:
        line = request[LINE]
        line.outcome = line.outcome or response.reason or ""
        line.write(response.status)
