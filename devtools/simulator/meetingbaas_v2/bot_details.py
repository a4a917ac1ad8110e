"""Bots as the API shows them."""

from typing import Any

from devtools.simulator.meetingbaas_v2.account import Account
from devtools.simulator.meetingbaas_v2.artifacts import is_deleted, links, speakers
from devtools.simulator.meetingbaas_v2.bots import ScheduledBot, V2Bot
from devtools.simulator.meetingbaas_v2.models import BotRequest, platform_of
from devtools.simulator.meetingbaas_v2.payloads import millis, transcriber

_AFTER_CALL = frozenset({"call_ended", "recording_succeeded", "transcribing"})


def list_item(bot: V2Bot, account: Account) -> dict[str, Any]:
    return {
        "bot_id": str(bot.uuid),
        "bot_name": bot.request.bot_name,
        "meeting_url": bot.meeting_url,
        "meeting_platform": bot.platform,
        "extra": bot.extra,
        "duration": bot.duration if bot.left_at else None,
        "created_at": millis(bot.created_at),
        "ended_at": millis(bot.ended_at),
        "joined_at": millis(bot.joined_at),
        "exited_at": millis(bot.left_at),
        "status": bot.status,
        "error_code": bot.error_code,
        "error_message": bot.error_message,
        "tokens": account.costs.get(bot.uuid),
    }


def details(bot: V2Bot, account: Account) -> dict[str, Any]:
    """Links are signed anew each time. There is no id of a calendar event here, and no history."""
    people = speakers(bot) if bot.left_at else []
    return {
        "bot_id": str(bot.uuid),
        "bot_name": bot.request.bot_name,
        "meeting_url": bot.meeting_url,
        "meeting_platform": bot.platform,
        "recording_mode": bot.request.recording_mode,
        "status": bot.status,
        "created_at": millis(bot.created_at),
        "joined_at": millis(bot.joined_at),
        "exited_at": millis(bot.left_at),
        "duration_seconds": bot.duration if bot.left_at else None,
        "participants": people,
        "speakers": people,
        "artifacts_deleted": is_deleted(bot, account.retained_seconds),
        **links(bot, account.signer, account.retained_seconds),
        **transcriber(bot),
        "error_code": bot.error_code,
        "error_message": bot.error_message,
        "tokens": account.costs.get(bot.uuid),
        "extra": bot.extra,
        "zoom_config": _zoom(bot.request),
    }


def status(bot: V2Bot) -> dict[str, Any]:
    return {
        "bot_id": str(bot.uuid),
        "status": bot.status,
        "transcription_status": _transcription_status(bot),
        "updated_at": millis(bot.status_at),
    }


def scheduled_item(bot: ScheduledBot) -> dict[str, Any]:
    return {
        "bot_id": str(bot.uuid),
        "bot_name": bot.request.bot_name,
        "meeting_url": bot.meeting_url,
        "meeting_platform": platform_of(bot.meeting_url) or "meet",
        "join_at": millis(bot.join_at),
        "status": bot.status,
        "extra": bot.request.extra,
        "created_at": millis(bot.created_at),
        "updated_at": millis(bot.updated_at),
    }


def scheduled_details(bot: ScheduledBot) -> dict[str, Any]:
    """A callback's secret is shown, an own key of the transcriber is not."""
    request = bot.request
    image = request.bot_image
    timeouts, transcription, streaming = (
        request.timeout_config,
        request.transcription_config,
        request.streaming_config,
    )
    callback = request.callback
    return scheduled_item(bot) | {
        "bot_image": image[0] if isinstance(image, list) else image,
        "recording_mode": request.recording_mode,
        "cancelled_at": millis(bot.cancelled_at),
        "allow_multiple_bots": request.allow_multiple_bots,
        "entry_message": request.entry_message,
        "timeout_config": {
            "waiting_room_timeout": timeouts.waiting_room_timeout,
            "no_one_joined_timeout": timeouts.no_one_joined_timeout,
        },
        "transcription_config": {
            "enabled": True,
            "provider": transcription.provider if transcription else "gladia",
            "custom_params": transcription.custom_params if transcription else None,
        }
        if request.transcription_enabled
        else None,
        "streaming_config": {
            "enabled": True,
            "input_url": streaming.input_url,
            "output_url": streaming.output_url,
            "audio_frequency": streaming.audio_frequency,
        }
        if request.streaming_enabled and streaming
        else None,
        "callback_config": {
            "enabled": True,
            "url": callback.url,
            "secret": callback.secret,
            "method": callback.method,
        }
        if callback
        else None,
        "zoom_config": _zoom(request),
    }


def _transcription_status(bot: V2Bot) -> str:
    if not bot.request.transcription_enabled:
        return "not-applicable"
    if bot.transcript is not None:
        return "done"
    if bot.error_code == "TRANSCRIPTION_FAILED":
        return "error"
    if bot.status == "transcribing":
        return "processing"
    return "queued" if bot.status in _AFTER_CALL else "not-started"


def _zoom(request: BotRequest) -> dict[str, Any] | None:
    """Without the token itself."""
    shown = {"credential_id", "credential_user_id", "obf_token_url", "zak_token_url"}
    return request.zoom_config.model_dump(include=shown) if request.zoom_config else None
