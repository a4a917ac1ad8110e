"""The files behind the links: pictures and sound of any size, and JSON about what was said."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from devtools.simulator.file_answers import StoredFile
from devtools.simulator.media import MediaFile
from devtools.simulator.recall.settings import RecallSettings
from devtools.simulator.recall.state import Artifact, Recording
from devtools.simulator.state import stamp
from devtools.simulator.transcripts import Segment, Word, conversation

_FIRST_PARTICIPANT = 100


@dataclass(frozen=True)
class JsonFile:
    """A file of JSON, which is made whole."""

    data: bytes

    @property
    def size(self) -> int:
        return len(self.data)

    @property
    def etag(self) -> str:
        return f'"{self.sha256[:32]}"'

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @property
    def content_type(self) -> str:
        return "application/json"

    def chunks(self, start: int, stop: int) -> Iterator[bytes]:
        yield self.data[start:stop]


def files_of(artifact: Artifact, settings: RecallSettings, *, nobody_speaks: bool) -> dict[str, StoredFile]:
    """What can be downloaded of the artifact once it is done, by the name of the link in its `data`."""
    recording = artifact.recording
    size = recording.bot.script.recording_size
    segments = () if nobody_speaks else conversation(recording.seconds)
    match artifact.kind:
        case "video_mixed":
            size = settings.recording_size if size is None else size
            return {"download_url": MediaFile(artifact.uuid, "mp4", size)}
        case "audio_mixed":
            size = settings.audio_size if size is None else size
            return {"download_url": MediaFile(artifact.uuid, "mp3", size)}
        case "transcript":
            spoken = _json(_transcript(segments, recording.created_at))
            return {"download_url": spoken, "provider_data_download_url": _json({"utterances": len(segments)})}
        case "participant_events":
            return {
                "participant_events_download_url": _json(_events(segments, recording)),
                "speaker_timeline_download_url": _json(_timeline(segments, recording.created_at)),
                "participants_download_url": _json([_participant(name, segments) for name in _names(segments)]),
            }
    return {}


def _json(value: Any) -> JsonFile:
    return JsonFile(json.dumps(value).encode())


def _names(segments: tuple[Segment, ...]) -> list[str]:
    return sorted({segment.speaker for segment in segments})


def _participant(name: str, segments: tuple[Segment, ...]) -> dict[str, Any]:
    number = _names(segments).index(name)
    return {
        "id": _FIRST_PARTICIPANT + number,
        "name": name,
        "is_host": number == 0,
        "platform": "desktop",
        "extra_data": None,
        "email": None,
    }


def _instant(start: datetime, seconds: float) -> Mapping[str, Any]:
    return {"relative": seconds, "absolute": stamp(start + timedelta(seconds=seconds))}


def _transcript(segments: tuple[Segment, ...], start: datetime) -> list[dict[str, Any]]:
    def word(one: Word) -> dict[str, Any]:
        return {
            "text": one.text,
            "start_timestamp": _instant(start, one.start),
            "end_timestamp": _instant(start, one.end),
        }

    return [
        {
            "participant": _participant(segment.speaker, segments),
            "language_code": "en",
            "words": [word(one) for one in segment.words],
        }
        for segment in segments
    ]


def _timeline(segments: tuple[Segment, ...], start: datetime) -> list[dict[str, Any]]:
    return [
        {
            "participant": _participant(segment.speaker, segments),
            "start_timestamp": _instant(start, segment.start),
            "end_timestamp": _instant(start, segment.end),
        }
        for segment in segments
    ]


def _events(segments: tuple[Segment, ...], recording: Recording) -> list[dict[str, Any]]:
    ends = {"join": 0.0, "leave": recording.seconds}
    return [
        {
            "action": action,
            "participant": _participant(name, segments),
            "timestamp": _instant(recording.created_at, seconds),
            "data": None,
        }
        for action, seconds in ends.items()
        for name in _names(segments)
    ]
