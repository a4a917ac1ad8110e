"""Bodies of webhooks and callbacks about bots, in the wording of the description or of the pages."""

from datetime import datetime
from typing import Any

from devtools.simulator.meetingbaas_v2.artifacts import PROVIDER, is_deleted, links, speakers
from devtools.simulator.meetingbaas_v2.bots import ChatMessage, ScheduledBot, V2Bot
from devtools.simulator.meetingbaas_v2.models import Extra
from devtools.simulator.meetingbaas_v2.settings import Wording
from devtools.simulator.scripts import Step
from devtools.simulator.signing import UrlSigner
from devtools.simulator.state import now

STATUS_CHANGE, CHAT_MESSAGE = "bot.status_change", "bot.chat_message"
COMPLETED, FAILED = "bot.completed", "bot.failed"


def millis(moment: datetime | None) -> str | None:
    """An instant as JSON has it everywhere: UTC with milliseconds and Z."""
    return None if moment is None else moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def status_change(bot: V2Bot, step: Step, at: datetime, wording: Wording) -> dict[str, Any]:
    """`start_time` counts seconds here; `error_message` comes with some codes."""
    status: dict[str, Any] = {"code": step.code, "created_at": millis(at)}
    if step.code == "in_call_recording":
        status["start_time"] = int(at.timestamp())
    if text := step.fields.get("error_message"):
        status["error_message"] = str(text)
    data = {"bot_id": str(bot.uuid), "event_id": bot.event_id, "status": status}
    return _body(STATUS_CHANGE, data, bot.extra, wording)


def chat_message(bot: V2Bot, message: ChatMessage, wording: Wording) -> dict[str, Any]:
    data = {
        "bot_id": str(bot.uuid),
        "event_id": bot.event_id,
        "message_id": message.id,
        "sender_name": message.sender_name,
        "sender_id": message.sender_id,
        "text": message.text,
        "sent_at": millis(now()),
    }
    return _body(CHAT_MESSAGE, data, bot.extra, wording)


def final(bot: V2Bot, signer: UrlSigner, retained_seconds: float, wording: Wording) -> dict[str, Any]:
    """bot.completed or bot.failed, whichever the bot is, with fresh links."""
    return ended_as(bot, bot.status, signer, retained_seconds, wording)


def ended_as(
    bot: V2Bot, status: str, signer: UrlSigner, retained_seconds: float, wording: Wording
) -> dict[str, Any]:
    """The same for a bot that may not be over."""
    if status == "failed":
        return failed(bot, bot.error_code or "", bot.error_message or "", bot.extra, wording)
    people = speakers(bot)
    files = links(bot, signer, retained_seconds)
    chat = files.pop("chat_messages")
    data: dict[str, Any] = {
        "bot_id": str(bot.uuid),
        "event_id": bot.event_id,
        "participants": people,
        "speakers": people,
        "duration_seconds": bot.duration,
        "joined_at": millis(bot.joined_at),
        "exited_at": millis(bot.left_at),
        "data_deleted": is_deleted(bot, retained_seconds),
        **files,
        **transcriber(bot),
        "sent_at": millis(now()),
    }
    if wording == "pages":
        data["mp4"] = data.pop("video")
        data["chat_messages"] = chat
    return _body(COMPLETED, data, bot.extra, wording)


def failed(
    bot: V2Bot | ScheduledBot, code: str, text: str, extra: Extra | None, wording: Wording
) -> dict[str, Any]:
    data = {
        "bot_id": str(bot.uuid),
        "event_id": bot.event_id,
        "error_code": code,
        "error_message": text,
        "sent_at": millis(now()),
    }
    return _body(FAILED, data, extra, wording)


def transcriber(bot: V2Bot) -> dict[str, Any]:
    """Who transcribed, and under which ids."""
    if bot.transcript is None:
        return {"transcription_ids": None, "transcription_provider": None}
    return {"transcription_ids": [f"{PROVIDER}-{bot.uuid}"], "transcription_provider": PROVIDER}


def _body(event: str, data: dict[str, Any], extra: Extra | None, wording: Wording) -> dict[str, Any]:
    if wording == "pages":
        return {"event": event, "data": data | {"extra": extra}}
    return {"event": event, "data": data, "extra": extra}
