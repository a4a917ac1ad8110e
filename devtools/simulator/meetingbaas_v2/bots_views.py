"""The bots of the API that are made at once."""

from uuid import uuid4

from aiohttp import web
from pydantic import TypeAdapter

from devtools.simulator.meetingbaas_v2 import envelope
from devtools.simulator.meetingbaas_v2.account import wrong_status
from devtools.simulator.meetingbaas_v2.artifacts import is_deleted, path_of, screenshots, speakers
from devtools.simulator.meetingbaas_v2.batches import answer_batch, read_batch
from devtools.simulator.meetingbaas_v2.bot_details import details, list_item, status
from devtools.simulator.meetingbaas_v2.bots import IN_CALL, ChatMessage, V2Bot
from devtools.simulator.meetingbaas_v2.envelope import ApiError, read_body, read_query
from devtools.simulator.meetingbaas_v2.keys import ACCOUNT, find_bot, find_scheduled, named
from devtools.simulator.meetingbaas_v2.models import (
    BotRequest,
    CallbackConfig,
    ChatMessageRequest,
    ConfigRequest,
    RecordingControlRequest,
)
from devtools.simulator.meetingbaas_v2.paging import Place, cut
from devtools.simulator.meetingbaas_v2.queries import BotQuery, PageQuery, extra_fits, is_part
from devtools.simulator.state import now

_CALLBACK: TypeAdapter[CallbackConfig | None] = TypeAdapter(CallbackConfig | None)
_CONTROL = TypeAdapter(RecordingControlRequest)


async def create_bot(request: web.Request) -> web.Response:
    bot = request.app[ACCOUNT].create(await read_body(request, BotRequest))
    return envelope.success({"bot_id": str(bot.uuid)}, status=201)


async def create_bots(request: web.Request) -> web.Response:
    account = request.app[ACCOUNT]
    return answer_batch(
        read_batch(await request.read()),
        BotRequest,
        lambda body: account.create(body).uuid,
        account.settings.wording,
    )


async def list_bots(request: web.Request) -> web.Response:
    account, query = request.app[ACCOUNT], read_query(request, BotQuery)
    fitting = [bot for bot in account.bots.values() if _fits(bot, query)]
    taken, following, previous = cut(fitting, _place, query.limit, query.cursor, newest_first=True)
    return envelope.page([list_item(bot, account) for bot in taken], following, previous)


async def show_bot(request: web.Request) -> web.Response:
    return envelope.success(details(find_bot(request), request.app[ACCOUNT]))


async def show_status(request: web.Request) -> web.Response:
    return envelope.success(status(find_bot(request)))


async def list_screenshots(request: web.Request) -> web.Response:
    account, bot, query = request.app[ACCOUNT], find_bot(request), read_query(request, PageQuery)
    names = screenshots(bot) if bot.has_screenshots and not is_deleted(bot, account.retained_seconds) else []
    numbered = list(enumerate(names, 1))
    taken, following, previous = cut(
        numbered, lambda each: (bot.created_at, f"{each[0]:09}"), query.limit, query.cursor, newest_first=False
    )
    entries = [
        {"screenshot_id": number, "url": account.signer.sign(path_of(bot.uuid, name))} for number, name in taken
    ]
    return envelope.page(entries, following, previous)


async def leave(request: web.Request) -> web.Response:
    """Also for a bot that was not made yet, which is then cancelled."""
    account = request.app[ACCOUNT]
    if bot := account.bots.get(named(request)):
        account.leave(bot)
    else:
        scheduled = find_scheduled(request)
        if scheduled.status != "scheduled":
            raise wrong_status(scheduled)
        account.cancel(scheduled)
    return envelope.message("Bot leave request sent successfully.")


async def send_chat_message(request: web.Request) -> web.Response:
    bot, body = find_bot(request), await read_body(request, ChatMessageRequest)
    if bot.status not in IN_CALL:
        raise wrong_status(bot)
    if request.app[ACCOUNT].chat_disabled_in(bot.meeting_url):
        raise ApiError(422, "CHAT_DISABLED", "Chat is disabled in this meeting")
    _write(bot, body.message)
    return envelope.message("Chat message sent successfully.")


async def pause_recording(request: web.Request) -> web.Response:
    return await _control(request, ("in_call_recording", "recording_resumed"), "recording_paused")


async def resume_recording(request: web.Request) -> web.Response:
    return await _control(request, ("recording_paused",), "recording_resumed")


async def delete_data(request: web.Request) -> web.Response:
    bot = _ended(request)
    bot.content_deleted, bot.transcript, bot.chat = True, None, []
    return envelope.message("Bot data deleted successfully.")


async def resend_webhook(request: web.Request) -> web.Response:
    request.app[ACCOUNT].tell_end(_ended(request))
    return envelope.message("Final webhook resent successfully.")


async def retry_callback(request: web.Request) -> web.Response:
    """To another address if the body names one; not for bots without a transcript, as the text has it."""
    bot, body = _ended(request), await request.read()
    callback = envelope.parse(body.strip() or b"null", _CALLBACK) or bot.request.callback
    if callback is None:
        raise ApiError(409, "CALLBACK_NOT_CONFIGURED", f"No callback is configured for bot '{bot.uuid}'")
    if not bot.request.transcription_enabled:
        raise wrong_status(bot)
    request.app[ACCOUNT].call_back(bot, callback)
    return envelope.message("Callback retried successfully.")


async def update_config(request: web.Request) -> web.Response:
    """A shallow merge; null clears."""
    bot, body = find_bot(request), await read_body(request, ConfigRequest)
    bot.extra = None if body.extra is None else (bot.extra or {}) | body.extra
    return envelope.message("Bot configuration updated successfully.")


async def _control(request: web.Request, before: tuple[str, ...], after: str) -> web.Response:
    account, bot, body = request.app[ACCOUNT], find_bot(request), await request.read()
    order = envelope.parse(body.strip() or b"{}", _CONTROL)
    if bot.status not in before:
        raise wrong_status(bot)
    account.control_recording(bot, after)
    if order.chat_message:
        _write(bot, order.chat_message)
    return envelope.message(f"Bot recording {after.removeprefix('recording_')} successfully.")


def _write(bot: V2Bot, text: str) -> None:
    """Let the bot write, of which no webhook tells."""
    bot.chat.append(ChatMessage(str(uuid4()), bot.request.bot_name, None, text, now()))


def _ended(request: web.Request) -> V2Bot:
    bot = find_bot(request)
    if not bot.is_over:
        raise wrong_status(bot)
    return bot


def _place(bot: V2Bot) -> Place:
    return bot.created_at, str(bot.uuid)


def _fits(bot: V2Bot, query: BotQuery) -> bool:
    return (
        is_part(query.bot_name, bot.request.bot_name)
        and is_part(query.bot_id, str(bot.uuid))
        and is_part(query.meeting_url, bot.meeting_url)
        and (not query.meeting_platform or bot.platform in query.meeting_platform)
        and (not query.status or bot.status in query.status)
        and (query.created_after is None or bot.created_at >= query.created_after)
        and (query.created_before is None or bot.created_at <= query.created_before)
        and (query.ended_after is None or (bot.ended_at is not None and bot.ended_at >= query.ended_after))
        and extra_fits(query.extra, bot.extra)
        and (not query.participant_name or any(is_part(query.participant_name, p["name"]) for p in speakers(bot)))
    )
