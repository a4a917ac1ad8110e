"""The bot half of the API, under /api/v1/bot/."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta

from aiohttp import web
from pydantic import AwareDatetime, BaseModel

from devtools.simulator.recall.answers import shown_bot
from devtools.simulator.recall.errors import ApiError, checked, coded, misfit, read_body, read_json, read_query
from devtools.simulator.recall.keys import RECALL, find_bot
from devtools.simulator.recall.models import BotConfig
from devtools.simulator.recall.paging import numbered_page
from devtools.simulator.recall.simulation import RecallSimulation
from devtools.simulator.recall.state import Bot
from devtools.simulator.state import now

_METADATA = "metadata__"


async def create_bot(request: web.Request) -> web.Response:
    simulation = request.app[RECALL]
    config = await read_body(request, BotConfig)
    check_time(config.join_at)
    await asyncio.sleep(simulation.settings.creation_delay)
    bot = simulation.send_bot(config, request.path)
    return web.json_response(shown_bot(bot, simulation.signer, simulation.settings), status=201)


def check_time(join_at: datetime | None) -> None:
    """Raises 400 for a time that is over. A guess: what callers avoid is taken to be refused."""
    if join_at is not None and join_at <= now():
        raise misfit("join_at", "join_at must be in the future.")


async def show_bot(request: web.Request) -> web.Response:
    return _answer(request, find_bot(request, request.match_info["id"]))


class BotQuery(BaseModel):
    """Filters of the list; a `join_at` is there for those bots only that have not joined."""

    join_at_after: AwareDatetime | None = None
    join_at_before: AwareDatetime | None = None
    meeting_url: str = ""

    def fits(self, bot: Bot) -> bool:
        due = None if bot.status_changes else bot.join_at
        return (
            (not self.meeting_url or bot.meeting_url == self.meeting_url)
            and (self.join_at_after is None or (due is not None and due > self.join_at_after))
            and (self.join_at_before is None or (due is not None and due < self.join_at_before))
        )


async def list_bots(request: web.Request) -> web.Response:
    """Newest first, which is a guess. `platform` and `status` may be repeated, and all `metadata__KEY` must fit."""
    simulation, query = request.app[RECALL], read_query(request, BotQuery)
    platforms, statuses = request.query.getall("platform", []), request.query.getall("status", [])
    wanted = {
        name.removeprefix(_METADATA): value for name, value in request.query.items() if name.startswith(_METADATA)
    }
    found = [
        bot
        for bot in reversed(simulation.bots.values())
        if not bot.deleted_at
        and query.fits(bot)
        and (not platforms or bot.platform in platforms)
        and (not statuses or bot.code in statuses)
        and _has(bot, wanted, simulation)
    ]
    return numbered_page(request, found, lambda bot: shown_bot(bot, simulation.signer, simulation.settings))


async def update_bot(request: web.Request) -> web.Response:
    """Change a scheduled bot; a new time has to be far enough ahead."""
    simulation, bot = request.app[RECALL], find_bot(request, request.match_info["id"])
    patch = await read_json(request)
    if not isinstance(patch, dict):
        raise ApiError(400, {"non_field_errors": ["Invalid data. Expected a dictionary."]})
    config = checked(bot.config.model_dump(mode="json", exclude_unset=True) | patch, BotConfig)
    phase = bot.phase(simulation.settings)
    if bot.by_calendar or phase in ("dispatched", "ended"):
        raise coded(400, "update_bot_failed", "Only non-dispatched bots can be updated")
    if phase == "gap" or config.join_at is None or not simulation.is_far(config.join_at):
        raise coded(400, "update_bot_failed", "Not enough time to launch new bot")
    simulation.update(bot, config)
    return _answer(request, bot)


async def delete_bot(request: web.Request) -> web.Response:
    simulation, bot = request.app[RECALL], find_bot(request, request.match_info["id"])
    if bot.phase(simulation.settings) != "scheduled":
        detail = "Only scheduled bots which have not joined a call can be deleted."
        raise coded(simulation.settings.refused_delete_status, "cannot_delete_bot", detail)
    simulation.delete(bot)
    return web.Response(status=204)


async def leave_call(request: web.Request) -> web.Response:
    simulation, bot = request.app[RECALL], find_bot(request, request.match_info["id"])
    match bot.phase(simulation.settings):
        case "ended":
            detail = "Cannot send a command to a bot which has completed."
            raise coded(400, "cannot_command_completed_bot", detail)
        case "scheduled" | "gap":
            detail = "Cannot send a command to a bot which has not been started."
            raise coded(400, "cannot_command_unstarted_bot", detail)
    simulation.leave(bot)
    return _answer(request, bot)


async def delete_media(request: web.Request) -> web.Response:
    """Delete what the bot recorded. Guesses: refused while it is at work; recordings stay, as `deleted`."""
    simulation, bot = request.app[RECALL], find_bot(request, request.match_info["id"])
    if not bot.ended_at:
        raise coded(400, "cannot_delete_media", "Media can be deleted once the bot is done.")
    for recording in bot.recordings:
        simulation.media.delete(recording)
    return _answer(request, bot)


async def show_usage(request: web.Request) -> web.Response:
    """Seconds from `joining_call` to `done` of all bots; those that ended fatally cost nothing."""
    total = timedelta()
    for bot in request.app[RECALL].bots.values():
        joined = next((change.created_at for change in bot.status_changes if change.code == "joining_call"), None)
        if joined and bot.ended_at and bot.code != "fatal":
            total += bot.ended_at - joined
    return web.json_response({"bot_total": total.total_seconds()})


def _has(bot: Bot, wanted: Mapping[str, str], simulation: RecallSimulation) -> bool:
    if not wanted:
        return True
    if (now() - bot.created_at).total_seconds() < simulation.settings.metadata_index_delay:
        return False
    return all(bot.config.metadata.get(name) == value for name, value in wanted.items())


def _answer(request: web.Request, bot: Bot) -> web.Response:
    simulation = request.app[RECALL]
    return web.json_response(shown_bot(bot, simulation.signer, simulation.settings))
