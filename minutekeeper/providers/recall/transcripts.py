"""Reads the transcript files of Recall.ai, also those of older versions of its API."""

from collections.abc import Mapping
from typing import Any

from minutekeeper.providers.base import UnavailableError
from minutekeeper.providers.json_decoding import decode_json, reject_json_bombs
from minutekeeper.providers.segment_reading import TranscriptError, read_segments
from minutekeeper.transcripts.model import Transcript


def read_transcript(body: bytes) -> Transcript:
    """The transcript in a file: `{participant: {id, name}, words: [{text, start_timestamp: {relative}}]}`.

    Nearly everything may be null or missing; times may also be bare numbers, and the speaker a name. Raises
    UnavailableError for what is no transcript.
    """
    try:
        reject_json_bombs(body)
        document = decode_json(body)
    except ValueError as error:
        raise UnavailableError(f"The file behind Recall.ai's link is no JSON: {error}.") from None
    if not isinstance(document, list):
        raise UnavailableError("The file behind Recall.ai's link is no transcript, because it is no list.")
    try:
        return read_segments([_segment(each) for each in document])
    except TranscriptError as error:
        raise UnavailableError(f"The file behind Recall.ai's link is no transcript: {error}") from None


def _segment(item: Any) -> Any:
    if not isinstance(item, dict) or item.keys().isdisjoint({"participant", "speaker", "words", "text"}):
        return item
    words = item.get("words")
    segment = {
        "speaker": _speaker(item),
        "lang": item.get("language_code") or item.get("language"),
        "words": [_word(each) for each in words if isinstance(each, dict)] if isinstance(words, list) else [],
    }
    return segment | ({"text": item["text"]} if isinstance(item.get("text"), str) else {})


def _speaker(item: Mapping[str, Any]) -> Any:
    """The name of who spoke, else the number by which this meeting knows them."""
    participant = item.get("participant")
    if not isinstance(participant, dict):
        return item.get("speaker") or item.get("speaker_id")
    name = participant.get("name")
    return name if isinstance(name, str) and name.strip() else participant.get("id")


def _word(item: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "text": item.get("text"),
        "start": _relative(item.get("start_timestamp")),
        "end": _relative(item.get("end_timestamp")),
    }


def _relative(timestamp: Any) -> Any:
    """Seconds after the beginning of the recording; None where they are not said."""
    return timestamp.get("relative") if isinstance(timestamp, dict) else timestamp
