"""Lets faults strike requests, around everything but the ledger's own notes."""

import asyncio
import json
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from devtools.simulator.faults.control_models import (
    Duplicate,
    KeyRevoked,
    NoTokens,
    RateLimited,
    SecondBot,
    ServerError,
    TimeoutAfter,
    TimeoutBefore,
)
from devtools.simulator.faults.cutting import abort, close
from devtools.simulator.faults.duplicates import FORMS, refuse_duplicate
from devtools.simulator.faults.fault_registry import FaultInjection
from devtools.simulator.faults.targets import Target
from devtools.simulator.keys import CONTROL, SIMULATION, find_bot
from devtools.simulator.responses import refusal
from devtools.simulator.state import Bot, FaultRecord


@web.middleware
async def inject_request_faults(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let the request suffer what is ordered for it, whoever calls."""
    faults = request.app[SIMULATION].faults
    if faults.idle or request.path.startswith(CONTROL):
        return await handler(request)
    injection = faults.inject(await _target(request))
    if injection is None:
        return await handler(request)
    return _refusal(injection) or await _cut(request, handler, injection)


def _refusal(injection: FaultInjection) -> web.Response | None:
    """The answer in place of any work, if the fault is one."""
    match injection.fault:
        case RateLimited(retry_after=seconds):
            answer = refusal(429, "TooManyRequests")
            answer.headers["Retry-After"] = f"{seconds:g}"
            return answer
        case ServerError(status=status):
            return web.Response(status=status, text="The server is out of order")
        case KeyRevoked():
            return refusal(401, "InvalidApiKey")
        case NoTokens():
            return refusal(402, "InsufficientTokens")
        case Duplicate(form=form):
            return refuse_duplicate(form or FORMS[injection.number % len(FORMS)])
    return None


async def _cut(request: web.Request, handler: Handler, injection: FaultInjection) -> web.StreamResponse:
    """No answer at all, or half of it; the work is done unless the time-out comes before, or done twice."""
    fault = injection.fault
    if isinstance(fault, SecondBot):
        return await _send_two(request, handler, injection.record)
    if isinstance(fault, TimeoutBefore):
        await asyncio.sleep(fault.hold)
        return abort(request)
    answer, text = await _withhold(request, handler, injection.record)
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


async def _send_two(request: web.Request, handler: Handler, record: FaultRecord) -> web.StreamResponse:
    """The answer for the one bot; the other is noted."""
    answer = await handler(request)
    if isinstance(answer, web.Response) and (bot := _bot(request, _mapping(answer.text or "").get("bot_id"))):
        record.bot_id = str(request.app[SIMULATION].send_double(bot).uuid)
    return answer


async def _withhold(request: web.Request, handler: Handler, record: FaultRecord) -> tuple[web.StreamResponse, str]:
    """Let the request do its work; the answer and its text are noted."""
    try:
        answer = await handler(request)
    except web.HTTPException as error:
        answer = error
    text = (answer.text or "") if isinstance(answer, web.Response) else ""
    record.withheld_status = answer.status
    if not record.bot_id and answer.status == 200:
        record.bot_id = _mapping(text).get("bot_id", "")
    return answer, text


async def _target(request: web.Request) -> Target:
    """The request, with the meeting or bot that its path, query or body speaks of."""
    said = dict(request.query) | _mapping(await request.read())
    bot = _bot(request, request.match_info.get("uuid") or said.get("bot_id") or said.get("bot_uuid"))
    return Target(
        scope="request",
        method=request.method,
        path=request.path,
        meeting_url=bot.meeting_url if bot else str(said.get("meeting_url", "")),
        bot_id=str(bot.uuid) if bot else "",
        turn=bot.turn if bot else 0,
        span=request.headers.get("Range", ""),
    )


def _bot(request: web.Request, identifier: object) -> Bot | None:
    try:
        return find_bot(request, str(identifier))
    except web.HTTPNotFound:
        return None


def _mapping(text: str | bytes) -> dict[str, Any]:
    """The JSON object that the text is, or an empty one."""
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
