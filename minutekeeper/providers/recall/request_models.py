"""The body with which a bot is created, and how our options fit into it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from minutekeeper.meetings.dispatch import BotDispatch
from minutekeeper.meetings.fields import BotOptions, RecordingMode
from minutekeeper.meetings.meeting_urls import MeetingUrlError, Platform, parse_meeting_url

MAX_NAME = 100
_LEAST_TIMEOUT = 30
_LEAST_SILENCE = 10
_LONGEST_IN_LOBBY = {Platform.GOOGLE_MEET: 600, Platform.MICROSOFT_TEAMS: 1800}
"""Seconds after which the platform itself removes a bot that nobody let in."""
_EVERYONE_LEFT_SECONDS = 60
"""By default a bot leaves two seconds after the last participant, which a short disconnection is enough for."""
_PERMISSION_SECONDS = 300
"""By default a bot leaves 30 seconds after recording was denied, and hosts often allow it later."""

MEETING_CAPTIONS = "meeting_captions"
STREAMING = "recallai_streaming"
ASYNC = "recallai_async"


@dataclass(frozen=True, kw_only=True)
class RecallBotDefaults:
    """What every bot of a workspace has in common.

    `transcriber` is `recallai_streaming` or `meeting_captions`; media are deleted after `retention_hours`;
    `longest_seconds` is after how much recording a bot leaves.
    """

    transcriber: str = STREAMING
    retention_hours: int = 168
    longest_seconds: int = 18_000


@dataclass(frozen=True, kw_only=True)
class FittedBot:
    """The body of `POST /api/v1/bot/`, and what had to be changed for it, as sentences for people."""

    body: dict[str, Any]
    notes: tuple[str, ...]


def fitted_bot(
    order: BotDispatch, join_at: datetime | None, metadata: Mapping[str, str], defaults: RecallBotDefaults
) -> FittedBot:
    """Only fields that are documented, because unknown ones are refused. `join_at` None: at once."""
    notes: list[str] = []
    body: dict[str, Any] = {
        "meeting_url": order.meeting_url,
        "bot_name": _name(order.bot.name, notes),
        "metadata": dict(metadata),
        "recording_config": _recording_config(order, defaults, notes),
        "automatic_leave": _automatic_leave(order, defaults, notes),
    }
    if join_at is not None:
        body["join_at"] = join_at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if order.bot.entry_message:
        body["chat"] = {"on_bot_join": {"send_to": "everyone", "message": order.bot.entry_message}}
    if order.bot.image:
        notes.append("Recall.ai takes no links to pictures, so the bot has none.")
    return FittedBot(body=body, notes=tuple(notes))


def async_transcript(language: str) -> dict[str, Any]:
    """The body of `POST /api/v1/recording/{id}/create_transcript/`."""
    return {"provider": {ASYNC: {"language_code": language or "auto"}}}


def _name(name: str, notes: list[str]) -> str:
    if len(name) <= MAX_NAME:
        return name
    notes.append(f"Recall.ai takes names of at most {MAX_NAME} characters, so the bot's name was cut.")
    return name[: MAX_NAME - 1].rstrip() + "…"


def _recording_config(order: BotDispatch, defaults: RecallBotDefaults, notes: list[str]) -> dict[str, Any]:
    config: dict[str, Any] = {
        "retention": {"type": "timed", "hours": defaults.retention_hours},
        "video_mixed_layout": order.bot.recording_mode.value,
        # The sound can be made with the recording only, and not afterwards.
        "audio_mixed_mp3": {},
    }
    if order.bot.recording_mode is RecordingMode.AUDIO_ONLY:
        config["video_mixed_mp4"] = None
    if order.transcript:
        config["transcript"] = {"provider": {defaults.transcriber: _transcriber(order.bot, defaults, notes)}}
    return config


def _transcriber(bot: BotOptions, defaults: RecallBotDefaults, notes: list[str]) -> dict[str, Any]:
    if defaults.transcriber == MEETING_CAPTIONS:
        if bot.transcription_language or bot.transcription_vocabulary:
            notes.append(
                "Recall.ai takes the platform's own captions as the transcript, without a language or a vocabulary."
            )
        return {}
    language, _, region = bot.transcription_language.partition("-")
    if region:
        notes.append(f"Recall.ai knows languages without a region: {language.lower()} is transcribed.")
    parameters: dict[str, Any] = {"language_code": language.lower() or "auto"}
    if bot.transcription_vocabulary:
        parameters["key_terms"] = list(bot.transcription_vocabulary)
    return parameters


def _automatic_leave(order: BotDispatch, defaults: RecallBotDefaults, notes: list[str]) -> dict[str, Any]:
    bot, platform = order.bot, _platform(order.meeting_url)
    leave: dict[str, Any] = {
        "everyone_left_timeout": {"timeout": _EVERYONE_LEFT_SECONDS},
        "in_call_recording_timeout": defaults.longest_seconds,
        "recording_permission_denied_timeout": _PERMISSION_SECONDS,
    }
    if bot.waiting_room_timeout is not None:
        most = None if platform is None else _LONGEST_IN_LOBBY.get(platform)
        limits = (_LEAST_TIMEOUT, most)
        leave["waiting_room_timeout"] = _within(limits, bot.waiting_room_timeout, "in the waiting room", notes)
    if bot.noone_joined_timeout is not None:
        limits = (_LEAST_TIMEOUT, None)
        leave["noone_joined_timeout"] = _within(limits, bot.noone_joined_timeout, "alone in the call", notes)
    if bot.silence_timeout is not None:
        seconds = _within((_LEAST_SILENCE, None), bot.silence_timeout, "in silence", notes)
        leave["silence_detection"] = {"timeout": seconds}
    return leave


def _within(limits: tuple[int, int | None], seconds: int, where: str, notes: list[str]) -> int:
    least, most = limits
    fitting = max(seconds, least) if most is None else min(max(seconds, least), most)
    if fitting != seconds:
        notes.append(f"The bot waits for {fitting} s {where} instead of {seconds} s, as Recall.ai allows here.")
    return fitting


def _platform(meeting_url: str) -> Platform | None:
    try:
        return parse_meeting_url(meeting_url).platform
    except MeetingUrlError:
        return None
