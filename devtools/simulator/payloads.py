"""Webhook bodies as the service sent them in March 2025, April 2025 and sends them today."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from devtools.simulator.bots import Bot
from devtools.simulator.settings import Shape
from devtools.simulator.signing import UrlSigner
from devtools.simulator.transcripts import Segment

FINAL_CODES = frozenset({"complete", "failed", "transcription_complete"})


def status_change(bot: Bot, code: str, at: datetime, fields: Mapping[str, Any]) -> dict[str, Any]:
    status: dict[str, Any] = {
        "code": code,
        "created_at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }
    if code == "in_call_recording":
        # Milliseconds here, although everything else speaks of seconds: that is what the bots send.
        status["start_time"] = int(at.timestamp() * 1000)
    return {
        "event": "bot.status_change",
        "data": {"bot_id": str(bot.uuid), "status": status | dict(fields)},
    }


def final(bot: Bot, code: str, shape: Shape, signer: UrlSigner) -> dict[str, Any]:
    """The body of `complete`, `failed` or `transcription_complete`, with freshly signed URLs."""
    if code == "complete":
        data = _complete(bot, shape, signer)
    elif code == "failed":
        data = _failed(bot, shape)
    else:
        data = {}
    return {"event": code, "data": {"bot_id": str(bot.uuid)} | data}


def media_urls(bot: Bot, signer: UrlSigner) -> dict[str, str]:
    """Signed URLs of recording and audio, empty if there is no such file."""
    files = bot.files
    return {
        key: signer.sign(file.path) if file and file.name in files else ""
        for key, file in (("mp4", bot.recording), ("audio", bot.audio))
    }


def _complete(bot: Bot, shape: Shape, signer: UrlSigner) -> dict[str, Any]:
    urls = media_urls(bot, signer)
    data: dict[str, Any] = {"mp4": urls["mp4"], "speakers": bot.speakers}
    if bot.transcript is not None:
        data["transcript"] = [_segment(segment, shape) for segment in bot.transcript]
    if shape != "2025-03":
        data["event"] = "complete"
    if shape == "newest":
        data |= {"event_uuid": bot.event_uuid, "audio": urls["audio"], "extra": bot.request.extra}
    return data


def _segment(segment: Segment, shape: Shape) -> dict[str, Any]:
    words = [{"start": word.start, "end": word.end, "word": word.text} for word in segment.words]
    data: dict[str, Any] = {"speaker": segment.speaker, "words": words}
    if shape != "2025-03":
        data["offset"] = segment.start
    if shape == "newest":
        data |= {"start_time": segment.start, "end_time": segment.end}
    return data


def _failed(bot: Bot, shape: Shape) -> dict[str, Any]:
    data: dict[str, Any] = {"error": bot.error}
    if shape != "2025-03":
        data["message"] = bot.message
    if shape == "newest":
        data |= {"event_uuid": bot.event_uuid, "extra": bot.request.extra}
    return data
