"""Control of the stand-in itself: scripts, events to order, and the ledger by which tests judge."""

import asyncio
from typing import Any

from aiohttp import web

from devtools.simulator.bots import Bot
from devtools.simulator.keys import SIMULATION, find_bot
from devtools.simulator.media import CONTENT_TYPES, MediaFile
from devtools.simulator.models import EmitOrder, ScriptRule
from devtools.simulator.responses import dumps, read_body, refusal
from devtools.simulator.simulation import Simulation


async def add_script_rule(request: web.Request) -> web.Response:
    rule = await read_body(request, ScriptRule)
    request.app[SIMULATION].add_rule(rule)
    return web.json_response({"script": rule.script.name})


async def emit(request: web.Request) -> web.Response:
    """Deliver at once; the answer is what the ledger says about it."""
    simulation = request.app[SIMULATION]
    bot = find_bot(request, request.match_info["uuid"])
    order = await read_body(request, EmitOrder)
    url = order.url or simulation.webhook_url(bot)
    if url is None:
        return refusal(409, "The bot has no webhook URL, nor has the account; give one as url")
    record = await simulation.emit(bot, url, order)
    return web.json_response(vars(record), dumps=dumps)


async def advance(request: web.Request) -> web.Response:
    """Let the time up to the bot's next step pass at once."""
    find_bot(request, request.match_info["uuid"]).nudge.set()
    return web.json_response({"ok": True})


async def reset(request: web.Request) -> web.Response:
    await request.app[SIMULATION].reset()
    return web.json_response({"ok": True})


async def show_ledger(request: web.Request) -> web.Response:
    """Everything since the start or the last reset, without the keys that callers put into bodies."""
    simulation = request.app[SIMULATION]
    # Bots live on while their files are summed up and the text is made; only in between all stands still.
    bots = list(simulation.bots.values())
    await asyncio.to_thread(lambda: [file.sha256 for bot in bots for file in (bot.recording, bot.audio) if file])
    ledger = _ledger(simulation)
    body = await asyncio.to_thread(lambda: dumps(ledger).encode())
    return web.Response(body=body, content_type="application/json")


def _ledger(simulation: Simulation) -> dict[str, Any]:
    ledger = simulation.ledger
    return {
        "requests": [vars(record) for record in ledger.requests],
        "bots": [_bot(bot, simulation) for bot in simulation.bots.values()],
        "deliveries": [vars(record) for record in ledger.deliveries],
        "syncs": [vars(record) for record in ledger.syncs],
        "faults": [vars(record) for record in ledger.faults],
        "orders": simulation.faults.history(),
    }


def _bot(bot: Bot, simulation: Simulation) -> dict[str, Any]:
    request = bot.request
    return {
        "id": str(bot.uuid),
        "event_uuid": bot.event_uuid,
        "double_of": bot.double_of and str(bot.double_of),
        "meeting_url": request.meeting_url,
        "bot_name": request.bot_name,
        "deduplication_key": request.deduplication_key,
        "extra": request.extra,
        "reserved": request.reserved,
        "webhook_url": simulation.webhook_url(bot),
        "script": bot.script.name,
        "created_at": bot.created_at,
        "joined_at": bot.joined_at,
        "leave_requested_at": bot.leave_requested_at,
        "left_at": bot.left_at,
        "ended_at": bot.ended_at,
        "end_reason": bot.end_reason,
        "error": bot.error,
        "duration": bot.duration,
        "content_deleted": bot.content_deleted,
        "recording": bot.recording and _file(bot.recording),
        "audio": bot.audio and _file(bot.audio),
        "timeline": [vars(moment) for moment in bot.timeline],
    }


def _file(file: MediaFile) -> dict[str, Any]:
    return {"content_type": CONTENT_TYPES[file.kind], "size": file.size, "sha256": file.sha256}
