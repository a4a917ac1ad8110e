"""The answer of meeting_data: everything the service stores about one bot."""

from typing import Any

from devtools.simulator.bots import Bot
from devtools.simulator.payloads import media_urls
from devtools.simulator.simulation import Simulation
from devtools.simulator.state import stamp
from devtools.simulator.transcripts import stored


def meeting_data(bot: Bot, simulation: Simulation, *, with_transcripts: bool) -> dict[str, Any]:
    """URLs are signed anew each time; a bot at work has none yet and no `ended_at`."""
    urls = media_urls(bot, simulation.signer)
    transcripts = stored(bot.transcript or (), bot.number, bot.language) if with_transcripts else []
    bot_data = {"bot": _bot(bot, simulation), "transcripts": transcripts}
    if simulation.settings.shape != "newest":
        return {
            "mp4": urls["mp4"],
            "duration": bot.duration,
            "bot_data": bot_data,
            "content_deleted": bot.content_deleted,
        }
    return {
        **urls,
        "duration": bot.duration,
        "bot_data": bot_data | {"event_uuid": bot.event_uuid},
        "speaker_diarization_file": "",
        "speaker_diarization_file_network": "",
        "meeting_participants_file": "",
    }


def _bot(bot: Bot, simulation: Simulation) -> dict[str, Any]:
    request = bot.request
    transcriber, leave, streaming = request.transcriber, request.automatic_leave, request.streaming
    file = bot.recording
    return {
        "id": bot.number,
        "uuid": str(bot.uuid),
        "account_id": 1,
        "bot_param_id": bot.number,
        "event_id": None,
        "scheduled_bot_id": None,
        "bot_name": request.bot_name,
        "meeting_url": request.meeting_url,
        "created_at": stamp(bot.created_at),
        "bot_joined_at": stamp(bot.joined_at),
        "bot_exited_at": stamp(bot.left_at),
        "ended_at": stamp(bot.ended_at),
        "errors": bot.error,
        "extra": request.extra,
        "mp4_s3_path": file.path.removeprefix("/media/") if file and file.name in bot.files else "",
        "webhook_url": simulation.webhook_url(bot) or "",
        "reserved": request.reserved,
        "session_id": str(bot.uuid) if bot.joined_at and not bot.ended_at else None,
        "is_stopped": bot.leave_requested_at is not None,
        "deduplication_key": request.deduplication_key,
        "recording_mode": request.recording_mode or "speaker_view",
        "enter_message": request.entry_message,
        "bot_image": request.bot_image,
        "speech_to_text_provider": transcriber and transcriber.provider,
        "speech_to_text_api_key": transcriber and transcriber.api_key,
        "streaming_input": streaming and streaming.input,
        "streaming_output": streaming and streaming.output,
        "streaming_audio_frequency": streaming and streaming.audio_frequency,
        "waiting_room_timeout": leave and leave.waiting_room_timeout,
        "noone_joined_timeout": leave and leave.noone_joined_timeout,
        "silence_timeout": leave and leave.silence_timeout,
        "diarization_v2": False,
        "diarization_fails": None,
        "transcription_fails": None,
        "transcription_custom_parameters": request.transcription_custom_parameters,
        "user_reported_error": None,
        "zoom_sdk_id": request.zoom_sdk_id,
        "zoom_sdk_pwd": request.zoom_sdk_pwd,
        "zoom_access_token_url": request.zoom_access_token_url,
        "zoom_obf_token": request.zoom_obf_token,
        "zoom_obf_token_url": request.zoom_obf_token_url,
        "zoom_obf_token_user_id": request.zoom_obf_token_user_id,
    }
