"""How Recall.ai understands and refuses the requests that faults strike."""

import asyncio
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from devtools.simulator.faults.control_models import KeyRevoked, NoTokens, RateLimited, ServerError
from devtools.simulator.faults.fault_registry import FaultInjection
from devtools.simulator.faults.requests import mapping
from devtools.simulator.faults.targets import Target
from devtools.simulator.recall.errors import ApiError, coded
from devtools.simulator.recall.faults import SlowAnswer
from devtools.simulator.recall.keys import RECALL, uuid_of
from devtools.simulator.recall.state import Bot

_HTML = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center></body></html>"


class RecallRequests:
    """The words of Recall.ai."""

    async def target(self, request: web.Request) -> Target:
        bot = _bot(request)
        said = mapping(await request.read()) if bot is None else {}
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
        return str(answer.get("id", "")) if "status_changes" in answer else ""

    async def replace(
        self, request: web.Request, handler: Handler, injection: FaultInjection
    ) -> web.StreamResponse | None:
        """A refusal in place of any work, or the answer late. Errors of the server are pages of its proxy."""
        match injection.fault:
            case RateLimited(retry_after=seconds):
                refusal = coded(
                    429, "throttled", f"Request was throttled. Expected available in {seconds:g} seconds."
                )
                refusal.headers = {"Retry-After": f"{seconds:g}"}
                return refusal.response
            case ServerError(status=status):
                return web.Response(status=status, text=_HTML.format(status), content_type="text/html")
            case KeyRevoked():
                return coded(401, "authentication_failed", "Invalid API token").response
            case NoTokens():
                return coded(402, "insufficient_credit", "The workspace has no credit left.").response
            case SlowAnswer(hold=seconds):
                answer = await handler(request)
                await asyncio.sleep(seconds)
                return answer
        return None


def _bot(request: web.Request) -> Bot | None:
    if not request.path.startswith("/api/v1/bot/") or "id" not in request.match_info:
        return None
    try:
        return request.app[RECALL].bots.get(uuid_of(request.match_info["id"]))
    except ApiError:
        return None
