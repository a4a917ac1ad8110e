"""Counts every delivery, and says once a minute how many were refused.

Each refusal has its own line in the log, but among thousands it drowns there.
"""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import AsyncIterator

from aiohttp import web
from aiohttp.typedefs import Handler

from bridge.counts import NO_SUCH_ADDRESS, describe
from bridge.keys import COUNTS, LINE

logger = logging.getLogger(__name__)

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


async def tell_of_refusals(app: web.Application) -> AsyncIterator[None]:
    """Once a minute, for as long as the application runs."""
    task = asyncio.create_task(_tell_of_refusals(app), name="refusals")
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def _tell_of_refusals(app: web.Application) -> None:
    told: Counter[str] = Counter()
    while True:
        await asyncio.sleep(_EVERY_SECONDS)
        refused = app[COUNTS].refused()
        if fresh := refused - told:
            logger.warning("Deliveries refused in the last %g seconds: %s", _EVERY_SECONDS, describe(fresh))
        told = refused


def _count(request: web.Request, response: web.StreamResponse) -> None:
    if LINE in request:
        request.app[COUNTS].add(response.status, request[LINE].outcome)
    elif request.method == "POST" and response.status == 404:
        request.app[COUNTS].add(response.status, NO_SUCH_ADDRESS)
