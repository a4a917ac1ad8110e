"""How Meeting BaaS v2 understands and refuses the requests that faults strike."""

import json
from typing import Any
from uuid import UUID

from aiohttp import web
from aiohttp.typedefs import Handler

from devtools.simulator.faults.control_models import (
    Duplicate,
    KeyRevoked,
    NoTokens,
    RateLimited,
    SecondBot,
    ServerError,
)
from devtools.simulator.faults.fault_registry import FaultInjection
from devtools.simulator.faults.requests import mapping
from devtools.simulator.faults.targets import Target
from devtools.simulator.meetingbaas_v2.bots import ScheduledBot, V2Bot
from devtools.simulator.meetingbaas_v2.envelope import ApiError
from devtools.simulator.meetingbaas_v2.fault_kinds import DailyCap
from devtools.simulator.meetingbaas_v2.keys import ACCOUNT
from devtools.simulator.meetingbaas_v2.limits import already_there, daily_cap, no_tokens


class V2Requests:
    """The words of the service's second version."""

    async def target(self, request: web.Request) -> Target:
        """A batch speaks of all the meetings of its items."""
        body = await request.read()
        bot = _bot(request, request.match_info.get("uuid"))
        return Target(
            scope="request",
            method=request.method,
            path=request.path,
            meeting_url=bot.meeting_url if bot else _meetings(request, body),
            bot_id=str(bot.uuid) if bot else "",
            turn=bot.turn if bot else 0,
            span=request.headers.get("Range", ""),
        )

    def new_bot(self, answer: dict[str, Any]) -> str:
        data = answer.get("data")
        return str(data.get("bot_id", "")) if isinstance(data, dict) else ""

    async def replace(
        self, request: web.Request, handler: Handler, injection: FaultInjection
    ) -> web.StreamResponse | None:
        """A refusal in place of any work; of two bots that are made, the answer names one."""
        if isinstance(injection.fault, ServerError):
            return web.Response(status=injection.fault.status, text="The server is out of order")
        if isinstance(injection.fault, SecondBot):
            answer = await handler(request)
            text = answer.text or "" if isinstance(answer, web.Response) else ""
            if isinstance(bot := _bot(request, self.new_bot(mapping(text))), V2Bot):
                injection.record.bot_id = str(request.app[ACCOUNT].send_double(bot).uuid)
            return answer
        refusal = _refusal(request, injection)
        return refusal.response() if refusal else None


def _refusal(request: web.Request, injection: FaultInjection) -> ApiError | None:
    limits = request.app[ACCOUNT].limits
    match injection.fault:
        case RateLimited(retry_after=seconds):
            text = f"Rate limit exceeded. Retry after {seconds:g} seconds"
            return ApiError(429, "TOO_MANY_REQUESTS", text, max(1, round(seconds)))
        case KeyRevoked():
            return bad_key(request.app[ACCOUNT].settings.bad_key_status)
        case NoTokens():
            return no_tokens(0)
        case DailyCap():
            return daily_cap(limits.daily_bot_cap or 75)
        case Duplicate():
            return already_there()
    return None


def bad_key(status: int) -> ApiError:
    return ApiError(status, "FORBIDDEN", "Invalid or missing API key")


def _bot(request: web.Request, identifier: str | None) -> V2Bot | ScheduledBot | None:
    account = request.app[ACCOUNT]
    try:
        uuid = UUID(identifier or "")
    except ValueError:
        return None
    return account.bots.get(uuid) or account.scheduled.get(uuid)


def _meetings(request: web.Request, body: bytes) -> str:
    try:
        said = json.loads(body)
    except ValueError:
        return str(request.query.get("meeting_url", ""))
    items = said if isinstance(said, list) else [said]
    return " ".join(str(item["meeting_url"]) for item in items if isinstance(item, dict) and "meeting_url" in item)
