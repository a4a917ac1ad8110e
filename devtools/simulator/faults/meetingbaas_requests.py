"""How Meeting BaaS v1 understands and refuses the requests that faults strike."""

from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from devtools.simulator.bots import Bot
from devtools.simulator.faults.control_models import (
    Duplicate,
    KeyRevoked,
    NoTokens,
    RateLimited,
    SecondBot,
    ServerError,
)
from devtools.simulator.faults.duplicates import FORMS, refuse_duplicate
from devtools.simulator.faults.fault_registry import FaultInjection
from devtools.simulator.faults.requests import mapping
from devtools.simulator.faults.targets import Target
from devtools.simulator.keys import SIMULATION, find_bot
from devtools.simulator.responses import refusal
from devtools.simulator.state import FaultRecord


class MeetingBaasRequests:
    """The words of the service's first version."""

    async def target(self, request: web.Request) -> Target:
        said = dict(request.query) | mapping(await request.read())
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

    def new_bot(self, answer: dict[str, Any]) -> str:
        return str(answer.get("bot_id", ""))

    async def replace(
        self, request: web.Request, handler: Handler, injection: FaultInjection
    ) -> web.StreamResponse | None:
        """A refusal in place of any work; of two bots that are sent, the answer names one."""
        if isinstance(injection.fault, SecondBot):
            return await _send_two(request, handler, injection.record)
        return _refusal(injection)


def _refusal(injection: FaultInjection) -> web.Response | None:
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


async def _send_two(request: web.Request, handler: Handler, record: FaultRecord) -> web.StreamResponse:
    """The answer for the one bot; the other is noted."""
    answer = await handler(request)
    if isinstance(answer, web.Response) and (bot := _bot(request, mapping(answer.text or "").get("bot_id"))):
        record.bot_id = str(request.app[SIMULATION].send_double(bot).uuid)
    return answer


def _bot(request: web.Request, identifier: object) -> Bot | None:
    try:
        return find_bot(request, str(identifier))
    except web.HTTPNotFound:
        return None
