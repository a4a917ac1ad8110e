"""Lets faults strike requests, around everything but the ledger's own notes."""

import asyncio
import json
from typing import Any, Protocol

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from devtools.simulator.faults.control_models import TimeoutAfter, TimeoutBefore
from devtools.simulator.faults.cutting import abort, close
from devtools.simulator.faults.fault_registry import FaultInjection
from devtools.simulator.faults.targets import Target
from devtools.simulator.service import CONTROL, SERVICE
from devtools.simulator.state import FaultRecord


class ProviderRequests(Protocol):
    """How a provider's requests are understood and refused."""

    async def target(self, request: web.Request) -> Target:
        """The request, with the meeting or bot that its path, query or body speaks of."""
        ...

    def new_bot(self, answer: dict[str, Any]) -> str:
        """The id of the bot of which a successful answer tells; empty if it tells of none."""
        ...

    async def replace(
        self, request: web.Request, handler: Handler, injection: FaultInjection
    ) -> web.StreamResponse | None:
        """The provider's own answer to a fault; None if it is one of those that only cut the connection."""
        ...


def fault_middleware(requests: ProviderRequests) -> Middleware:
    """Lets each request suffer what is ordered for it, whoever calls."""

    @web.middleware
    async def inject_request_faults(request: web.Request, handler: Handler) -> web.StreamResponse:
        faults = request.app[SERVICE].faults
        if faults.idle or request.path.startswith(CONTROL):
            return await handler(request)
        injection = faults.inject(await requests.target(request))
        if injection is None:
            return await handler(request)
        replaced = await requests.replace(request, handler, injection)
        return replaced or await _cut(request, handler, injection, requests)

    return inject_request_faults


def mapping(text: str | bytes) -> dict[str, Any]:
    """The JSON object that the text is, or an empty one."""
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


async def _cut(
    request: web.Request, handler: Handler, injection: FaultInjection, requests: ProviderRequests
) -> web.StreamResponse:
    """No answer at all, or half of it; the work is done unless the time-out comes before."""
    fault = injection.fault
    if isinstance(fault, TimeoutBefore):
        await asyncio.sleep(fault.hold)
        return abort(request)
    answer, text = await _withhold(request, handler, injection.record, requests)
    if isinstance(fault, TimeoutAfter):
        await asyncio.sleep(fault.hold)
        return abort(request)
    body = text.encode()
    response = web.StreamResponse(status=answer.status, reason=answer.reason)
    response.content_type = answer.content_type
    response.content_length = len(body)
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    return close(request, response)


async def _withhold(
    request: web.Request, handler: Handler, record: FaultRecord, requests: ProviderRequests
) -> tuple[web.StreamResponse, str]:
    """Let the request do its work; the answer and its text are noted."""
    try:
        answer = await handler(request)
    except web.HTTPException as error:
        answer = error
    text = (answer.text or "") if isinstance(answer, web.Response) else ""
    record.withheld_status = answer.status
    if not record.bot_id and answer.status in (200, 201):
        record.bot_id = requests.new_bot(mapping(text))
    return answer, text
