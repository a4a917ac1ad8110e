"""The files of a bot: what they are called, what is in them, and links to them."""

import hashlib
import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any
from uuid import UUID

from devtools.simulator.file_answers import StoredFile
from devtools.simulator.media import MediaFile, screenshot
from devtools.simulator.meetingbaas_v2.bots import ChatMessage, V2Bot
from devtools.simulator.meetingbaas_v2.flac import FlacFile
from devtools.simulator.signing import UrlSigner
from devtools.simulator.state import now, stamp
from devtools.simulator.transcripts import Segment

VIDEO, AUDIO, TRANSCRIPTION = "video.mp4", "output.flac", "output_transcription.json"
RAW_TRANSCRIPTION, DIARIZATION, CHAT = "raw_transcription.json", "diarization.jsonl", "chat_messages.json"
_FIELDS = {
    "video": VIDEO,
    "audio": AUDIO,
    "diarization": DIARIZATION,
    "raw_transcription": RAW_TRANSCRIPTION,
    "transcription": TRANSCRIPTION,
    "chat_messages": CHAT,
}
_MOST_VIDEOS = 4096
PROVIDER, LANGUAGE, _CONFIDENCE = "gladia", "en", 0.95


class TextFile:
    """A file that is kept as a whole."""

    def __init__(self, text: str, content_type: str) -> None:
        self._content = text.encode()
        self.content_type = content_type
        self.size = len(self._content)
        self.etag = f'"{hashlib.sha256(self._content).hexdigest()[:32]}"'

    def chunks(self, start: int, stop: int) -> Iterator[bytes]:
        """The bytes from `start` up to but not including `stop`."""
        yield self._content[start:stop]


def available(bot: V2Bot, retained_seconds: float) -> list[str]:
    """The names of what can be fetched now; nothing that is older than is kept, in real seconds, 0 for good."""
    if is_deleted(bot, retained_seconds):
        return []
    names: list[str] = []
    if bot.files_ready and bot.recording_size:
        names += [AUDIO, DIARIZATION] if bot.request.recording_mode == "audio_only" else [VIDEO, AUDIO, DIARIZATION]
    if bot.files_ready and bot.transcript is not None:
        names += [TRANSCRIPTION, RAW_TRANSCRIPTION]
    if bot.files_ready and bot.chat:
        names.append(CHAT)
    return names + (screenshots(bot) if bot.has_screenshots else [])


def screenshots(bot: V2Bot) -> list[str]:
    return [f"screenshot-{number}.png" for number in range(1, bot.screenshots + 1)]


def open_file(bot: V2Bot, name: str) -> StoredFile:
    """One of those that are available."""
    match name:
        case "video.mp4":
            return video_of(bot)
        case "output.flac":
            return FlacFile(bot.uuid, bot.audio_size)
        case "diarization.jsonl":
            return TextFile("".join(json.dumps(line) + "\n" for line in _diarization(bot)), "application/jsonl")
    if name.endswith(".json"):
        return TextFile(json.dumps(_content(bot, name)), "application/json")
    return screenshot(bot.uuid)


def video_of(bot: V2Bot) -> MediaFile:
    """The recording, whose hash is made only once."""
    return _video(bot.uuid, bot.recording_size)


def is_deleted(bot: V2Bot, retained_seconds: float) -> bool:
    """Whether the files are gone, by order or by age."""
    if bot.content_deleted or not retained_seconds or bot.ended_at is None:
        return bot.content_deleted
    return (now() - bot.ended_at).total_seconds() > retained_seconds


def path_of(bot: UUID, name: str) -> str:
    return f"/media/{bot}/{name}"


def links(bot: V2Bot, signer: UrlSigner, retained_seconds: float) -> dict[str, str | None]:
    """For each field of an answer a fresh link to its file, or None."""
    names = available(bot, retained_seconds)
    return {
        field: signer.sign(path_of(bot.uuid, name)) if name in names else None for field, name in _FIELDS.items()
    }


def speakers(bot: V2Bot) -> list[dict[str, Any]]:
    """Those who spoke, as far as a transcript or a recording tells; `participants` are the same people."""
    names = sorted({segment.speaker for segment in bot.heard})
    return [{"name": name, "id": number} for number, name in enumerate(names, 1)]


@lru_cache(maxsize=_MOST_VIDEOS)
def _video(bot: UUID, size: int) -> MediaFile:
    return MediaFile(bot, "mp4", size)


def _content(bot: V2Bot, name: str) -> Any:
    if name == CHAT:
        return [_message(message) for message in bot.chat]
    write = _transcription if name == TRANSCRIPTION else _raw_transcription
    return write(bot, bot.transcript or ())


def _diarization(bot: V2Bot) -> Iterator[dict[str, Any]]:
    """Teams has no ids, Zoom languages besides."""
    ids = {each["name"]: each["id"] for each in speakers(bot)}
    for segment in bot.heard:
        line: dict[str, Any] = {
            "speaker": segment.speaker,
            "start_time": segment.start,
            "end_time": segment.end,
        }
        if bot.platform != "teams":
            line["user_id"] = ids[segment.speaker]
        yield line | ({"lang": LANGUAGE} if bot.platform == "zoom" else {})


def _transcription(bot: V2Bot, segments: tuple[Segment, ...]) -> dict[str, Any]:
    utterances = [_utterance(segment) | {"speaker": segment.speaker} for segment in segments]
    result = {
        "utterances": utterances,
        "languages": [LANGUAGE] if utterances else [],
        "total_utterances": len(utterances),
        "total_duration": float(bot.duration),
    }
    return {"bot_id": str(bot.uuid), "provider": PROVIDER, "result": result, "created_at": stamp(bot.left_at)}


def _raw_transcription(bot: V2Bot, segments: tuple[Segment, ...]) -> dict[str, Any]:
    """One chunk; speakers are numbers, and there is a summary as nobody asked for none."""
    numbers = {name: number for number, name in enumerate(sorted({each.speaker for each in segments}))}
    utterances = [_utterance(segment) | {"speaker": numbers[segment.speaker]} for segment in segments]
    chunk = {
        "metadata": {
            "audio_duration": float(bot.duration),
            "number_of_distinct_channels": 1,
            "billing_time": float(bot.duration),
            "transcription_time": 1.0,
        },
        "transcription": {
            "full_transcript": " ".join(each["text"] for each in utterances),
            "languages": [LANGUAGE] if utterances else [],
            "utterances": utterances,
        },
    }
    return {"bot_id": str(bot.uuid), "transcriptions": [chunk], "created_at": stamp(bot.left_at)}


def _utterance(segment: Segment) -> dict[str, Any]:
    words = [
        {"word": word.text, "start": word.start, "end": word.end, "confidence": _CONFIDENCE}
        for word in segment.words
    ]
    return {
        "text": " ".join(word.text for word in segment.words),
        "language": LANGUAGE,
        "start": segment.start,
        "end": segment.end,
        "confidence": _CONFIDENCE,
        "channel": 0,
        "words": words,
    }


def _message(message: ChatMessage) -> dict[str, Any]:
    return {
        "message_id": message.id,
        "sender_name": message.sender_name,
        "sender_id": message.sender_id,
        "text": message.text,
        "timestamp": stamp(message.at),
    }
