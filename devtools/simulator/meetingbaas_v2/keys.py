"""What the application keeps for the views, and how they find bots."""

from uuid import UUID

from aiohttp import web

from devtools.simulator.meetingbaas_v2.account import Account
from devtools.simulator.meetingbaas_v2.bots import ScheduledBot, V2Bot
from devtools.simulator.meetingbaas_v2.envelope import ApiError, misfit

ACCOUNT = web.AppKey("ACCOUNT", Account)


def find_bot(request: web.Request) -> V2Bot:
    """The bot that the path names. Raises ApiError: 404 also for a scheduled one that was not made (a guess)."""
    bot = request.app[ACCOUNT].bots.get(named(request))
    if bot is None:
        raise not_found(request)
    return bot


def find_scheduled(request: web.Request) -> ScheduledBot:
    """The scheduled bot that the path names, whatever became of it; those of events are none. Raises ApiError."""
    bot = request.app[ACCOUNT].scheduled.get(named(request))
    if bot is None or bot.event_id is not None:
        raise not_found(request)
    return bot


def named(request: web.Request, parameter: str = "uuid") -> UUID:
    """The id in the path. Raises ApiError (400) for what is none."""
    try:
        return UUID(request.match_info[parameter])
    except ValueError:
        raise misfit(f"params/{parameter}: not a UUID") from None


def not_found(request: web.Request) -> ApiError:
    return ApiError(404, "BOT_NOT_FOUND_BY_ID", f"Bot with ID '{request.match_info['uuid']}' not found")
