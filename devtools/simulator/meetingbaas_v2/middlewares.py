"""What happens around every view of Meeting BaaS v2."""

import hmac
import re

from aiohttp import web
from aiohttp.typedefs import Handler

from devtools.simulator.meetingbaas_v2.envelope import ApiError, failure
from devtools.simulator.meetingbaas_v2.faults import bad_key
from devtools.simulator.meetingbaas_v2.keys import ACCOUNT
from devtools.simulator.meetingbaas_v2.limits import rate_limited

_API = "/v2/"
_BOT_MAKING = re.compile(r"/v2/(bots|bots/batch|bots/scheduled|bots/scheduled/batch|calendars/[^/]+/bots)/?")


@web.middleware
async def explain_refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give every refusal the form of the API, also that of a path that leads nowhere."""
    try:
        return await handler(request)
    except ApiError as error:
        return error.response()
    except web.HTTPException as error:
        if not request.path.startswith(_API):
            raise
        return failure(error.status, "NOT_FOUND", f"Route {request.method}:{request.path} not found")


@web.middleware
async def authenticate(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse API calls without one of the team's keys, and all but the making of bots to the smaller key."""
    if not request.path.startswith(_API):
        return await handler(request)
    settings = request.app[ACCOUNT].settings
    given = request.headers.get("x-meeting-baas-api-key", "")
    if _is(given, settings.api_key):
        return await handler(request)
    if settings.sending_only_key is None or not _is(given, settings.sending_only_key):
        raise bad_key(settings.bad_key_status)
    if request.method != "POST" or not _BOT_MAKING.fullmatch(request.path):
        raise ApiError(403, "FORBIDDEN", "This API key may only create bots")
    return await handler(request)


@web.middleware
async def limit(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse writes beyond what the team may make in a second; reads are free. A batch counts once (a guess)."""
    limits = request.app[ACCOUNT].limits
    if limits.writes is None or request.method == "GET" or not request.path.startswith(_API):
        return await handler(request)
    if limits.writes.take():
        answer = await handler(request)
    else:
        answer = rate_limited(limits.requests_per_second).response()
    answer.headers.update({name.lower(): value for name, value in limits.writes.headers("seconds").items()})
    return answer


def _is(given: str, key: str) -> bool:
    return hmac.compare_digest(given.encode(), key.encode())
