"""Lets faults strike downloads: files that exist, asked for by good URLs."""

import asyncio
from collections.abc import Iterator
from typing import Protocol

from aiohttp import web

from devtools.simulator.faults.control_models import Cut, Expired, Long, Order, Short, Slow, WrongType
from devtools.simulator.faults.cutting import close
from devtools.simulator.faults.targets import Target
from devtools.simulator.responses import xml_error
from devtools.simulator.service import INCOMPLETE, SERVICE, Recorded

_PAGE = "<!DOCTYPE html><title>Sign in</title><p>Please sign in to see this file.</p>"
_SLOW_STEPS_PER_SECOND = 10


class Pieces(Protocol):
    """What can be sent piece by piece."""

    def chunks(self, start: int, stop: int) -> Iterator[bytes]: ...


def inject_download_faults(request: web.Request, owner: Recorded) -> Order | None:
    """What the download suffers, if anything."""
    faults = request.app[SERVICE].faults
    if faults.idle or request.method != "GET":
        return None
    target = Target(
        scope="download",
        method=request.method,
        path=request.path,
        meeting_url=owner.meeting_url,
        bot_id=str(owner.uuid),
        turn=owner.turn,
        span=request.headers.get("Range", ""),
    )
    injection = faults.inject(target)
    return injection.fault if injection else None


async def spoil(
    fault: Order, request: web.Request, file: Pieces, span: range, response: web.StreamResponse
) -> web.StreamResponse:
    """Send the span of the file as the fault wants it; the response is the good one, not yet begun."""
    if isinstance(fault, Expired):
        return xml_error(403, "AccessDenied", "Request has expired")
    if isinstance(fault, WrongType):
        return web.Response(text=_PAGE, content_type="text/html")
    stop = span.start + int(len(span) * _share(fault))
    extra = fault.extra if isinstance(fault, Long) else 0
    honest = isinstance(fault, Short) and not fault.lie
    response.content_length = (stop - span.start if honest else len(span)) + extra
    step, pause = len(span), 0.0
    if isinstance(fault, Slow):
        step = max(1, int(fault.rate / _SLOW_STEPS_PER_SECOND))
        pause = step / fault.rate
    await response.prepare(request)
    try:
        for start in range(span.start, stop, step):
            for chunk in file.chunks(start, min(start + step, stop)):
                await response.write(chunk)
            await asyncio.sleep(pause)
        await response.write(bytes(extra))
    except ConnectionError:
        request[INCOMPLETE] = True
    if stop == span.stop or honest:
        return response
    return close(request, response)


def _share(fault: Order) -> float:
    """How much of the wanted bytes is sent."""
    match fault:
        case Cut(after=share) | Short(keep=share):
            return share
    return 1
