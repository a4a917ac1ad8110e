"""Reads the transcripts of Meeting BaaS, from its webhooks and from its meeting data, into a Transcript."""

from collections.abc import Sequence
from typing import Any

from minutekeeper.providers.segment_reading import read_segments
from minutekeeper.transcripts.model import Transcript


def from_webhook(items: Sequence[Any]) -> Transcript:
    """Reads the `transcript` of a `complete` event: `{speaker, words: [{start, end, word}]}`.

    Later dates add `start_time`, `end_time`, `offset` and `lang`. Missing or invalid values are skipped.

    Raises:
        TranscriptError: if this is no list, or nothing in it looks like a segment.
    """
    return read_segments(items)


def from_meeting_data(items: Sequence[Any]) -> Transcript:
    """Reads the `transcripts` of meeting data.

    Its form is `{speaker, start_time, end_time, lang, words: [{text, start_time, end_time}]}`, where `end_time` and
    `lang` may be null. What is missing or senseless is passed over.

    Raises:
        TranscriptError: if this is no list, or nothing in it looks like a segment.
    """
    return read_segments(items)
