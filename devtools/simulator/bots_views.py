"""The bot half of the API."""

from aiohttp import web

from devtools.simulator import listing
from devtools.simulator.bot_details import meeting_data
from devtools.simulator.bots import DuplicateBotError
from devtools.simulator.keys import SIMULATION, find_bot
from devtools.simulator.models import (
    BotRequest,
    ListQuery,
    MeetingDataQuery,
    RetranscribeRequest,
    RetryWebhookQuery,
)
from devtools.simulator.responses import not_found, read_body, read_query, refusal
from devtools.simulator.state import stamp


async def send_bot(request: web.Request) -> web.Response:
    simulation = request.app[SIMULATION]
    body = await read_body(request, BotRequest)
    try:
        bot = simulation.send_bot(body)
    except DuplicateBotError:
        return refusal(simulation.settings.duplicate_status, simulation.settings.duplicate_error)
    return web.json_response({"bot_id": str(bot.uuid)})


async def remove_bot(request: web.Request) -> web.Response:
    simulation = request.app[SIMULATION]
    bot = find_bot(request, request.match_info["uuid"])
    if bot.left_at and simulation.settings.delete_ended_status == 409:
        return refusal(409, "BotAlreadyEnded")
    if bot.left_at is None:
        simulation.leave(bot)
    return web.json_response({"ok": True})


async def show_meeting_data(request: web.Request) -> web.Response:
    simulation = request.app[SIMULATION]
    query = read_query(request, MeetingDataQuery)
    bot = find_bot(request, query.bot_id)
    if bot.ended_at is None and simulation.settings.running_meeting_data_status == 404:
        raise not_found()
    return web.json_response(meeting_data(bot, simulation, with_transcripts=query.include_transcripts))


async def list_bots(request: web.Request) -> web.Response:
    simulation = request.app[SIMULATION]
    try:
        bots, cursor = listing.page(reversed(simulation.bots.values()), read_query(request, ListQuery))
    except ValueError as error:
        raise web.HTTPBadRequest(text=f"The query does not fit: {error}") from None
    return web.json_response(listing.answer(bots, cursor, simulation.settings.shape))


async def delete_data(request: web.Request) -> web.Response:
    simulation = request.app[SIMULATION]
    granted = simulation.delete_data_limit.take()
    headers = simulation.delete_data_limit.headers(simulation.settings.rate_limit_reset)
    if not granted:
        return web.Response(status=429, headers=headers)
    try:
        bot = find_bot(request, request.match_info["uuid"])
    except web.HTTPNotFound:
        return web.Response(status=404, headers=headers)
    status = "deleted"
    if bot.content_deleted:
        status = "alreadyDeleted"
    elif bot.ended_at is None or (not bot.files and bot.transcript is None):
        status = "noDataFound"
    else:
        bot.content_deleted, bot.transcript = True, None
    return web.json_response({"ok": True, "status": status}, headers=headers)


async def retranscribe(request: web.Request) -> web.Response:
    simulation = request.app[SIMULATION]
    body = await read_body(request, RetranscribeRequest)
    bot = find_bot(request, body.bot_uuid)
    if bot.recording is None or bot.content_deleted:
        raise not_found("RecordingNotFound")
    simulation.retranscribe(bot, body.webhook_url)
    return web.Response(status=simulation.settings.retranscribe_status)


async def retry_webhook(request: web.Request) -> web.Response:
    query = read_query(request, RetryWebhookQuery)
    bot = find_bot(request, query.bot_uuid)
    if bot.final_code is None:
        return refusal(409, "BotNotEnded")
    request.app[SIMULATION].resend_final(bot, bot.final_code, query.webhook_url)
    return web.Response()


async def list_screenshots(request: web.Request) -> web.Response:
    simulation = request.app[SIMULATION]
    bot = find_bot(request, request.match_info["uuid"])
    shots = [file for file in bot.files.values() if file == bot.screenshot]
    return web.json_response(
        [{"date": stamp(bot.screenshot_at), "url": simulation.signer.sign(file.path)} for file in shots]
    )


async def no_such_read(_request: web.Request) -> web.Response:
    """There is no way to read one bot by its path, which many expect; the answer to them is 404."""
    raise web.HTTPNotFound
