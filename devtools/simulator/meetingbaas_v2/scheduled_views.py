"""The bots of the API that are made at their time."""

from datetime import datetime, timedelta

from aiohttp import web

from devtools.simulator.meetingbaas_v2 import envelope
from devtools.simulator.meetingbaas_v2.account import wrong_status
from devtools.simulator.meetingbaas_v2.batches import answer_batch, read_batch
from devtools.simulator.meetingbaas_v2.bot_details import scheduled_details, scheduled_item
from devtools.simulator.meetingbaas_v2.bots import ScheduledBot
from devtools.simulator.meetingbaas_v2.envelope import ApiError, misfit, read_body, read_query
from devtools.simulator.meetingbaas_v2.keys import ACCOUNT, find_scheduled
from devtools.simulator.meetingbaas_v2.models import BotChange, BotRequest, ScheduledBotRequest, platform_of
from devtools.simulator.meetingbaas_v2.paging import Place, cut
from devtools.simulator.meetingbaas_v2.queries import ScheduledBotQuery, extra_fits, is_part
from devtools.simulator.state import now

_MOST_AHEAD = timedelta(days=90)
_LEEWAY = timedelta(minutes=1)


async def create_scheduled_bot(request: web.Request) -> web.Response:
    bot = _schedule(request, await read_body(request, ScheduledBotRequest))
    return envelope.success({"bot_id": str(bot.uuid)}, status=201)


async def create_scheduled_bots(request: web.Request) -> web.Response:
    items, wording = read_batch(await request.read()), request.app[ACCOUNT].settings.wording
    return answer_batch(items, ScheduledBotRequest, lambda body: _schedule(request, body).uuid, wording)


async def list_scheduled_bots(request: web.Request) -> web.Response:
    query = read_query(request, ScheduledBotQuery)
    fitting = [bot for bot in request.app[ACCOUNT].scheduled.values() if _fits(bot, query)]
    taken, following, previous = cut(fitting, _place, query.limit, query.cursor, newest_first=False)
    return envelope.page([scheduled_item(bot) for bot in taken], following, previous)


async def show_scheduled_bot(request: web.Request) -> web.Response:
    return envelope.success(scheduled_details(find_scheduled(request)))


async def update_scheduled_bot(request: web.Request) -> web.Response:
    """Not within the lock window before its time; nor may the new time lie there."""
    account, bot, change = request.app[ACCOUNT], find_scheduled(request), await read_body(request, BotChange)
    if bot.status != "scheduled":
        raise wrong_status(bot)
    join_at = change.join_at or bot.join_at
    _check_platform(bot.request.changed(change))
    _check_end(join_at)
    locked_until = now() + timedelta(seconds=account.settings.real(account.settings.lock_window))
    if min(join_at, bot.join_at) < locked_until:
        text = "The join time must be at least 4 minutes in the future for a scheduled bot to be updated"
        raise ApiError(409, "BOT_STATUS", text)
    bot.request, bot.join_at, bot.updated_at = bot.request.changed(change), join_at, now()
    account.plan(bot)
    return envelope.message("Scheduled bot updated successfully.")


async def delete_scheduled_bot(request: web.Request) -> web.Response:
    """At any time before the end; a bot that was made already is told to leave (one of two descriptions)."""
    request.app[ACCOUNT].stop(find_scheduled(request))
    return envelope.message("Scheduled bot cancelled successfully.")


def _schedule(request: web.Request, body: ScheduledBotRequest) -> ScheduledBot:
    """Nothing but the time and the link is checked. Raises ApiError (400)."""
    if body.join_at < now() - _LEEWAY:
        raise misfit("body: join_at: in the past")
    _check_end(body.join_at)
    _check_platform(body)
    return request.app[ACCOUNT].schedule(body, body.join_at)


def _check_end(join_at: datetime) -> None:
    if join_at > now() + _MOST_AHEAD:
        raise misfit("body: join_at: more than 90 days in the future")


def _check_platform(body: BotRequest) -> None:
    """That this is done when a bot is scheduled is a guess."""
    if platform_of(body.meeting_url) is None:
        raise ApiError(400, "INVALID_MEETING_PLATFORM", "Could not determine the meeting platform from the URL")


def _place(bot: ScheduledBot) -> Place:
    return bot.join_at, str(bot.uuid)


def _fits(bot: ScheduledBot, query: ScheduledBotQuery) -> bool:
    return (
        bot.event_id is None
        and is_part(query.bot_name, bot.request.bot_name)
        and is_part(query.bot_id, str(bot.uuid))
        and is_part(query.meeting_url, bot.meeting_url)
        and (not query.meeting_platform or platform_of(bot.meeting_url) in query.meeting_platform)
        and (not query.status or bot.status in query.status)
        and (query.scheduled_after is None or bot.join_at >= query.scheduled_after)
        and (query.scheduled_before is None or bot.join_at <= query.scheduled_before)
        and extra_fits(query.extra, bot.request.extra)
    )
