"""Joins the transcripts of several recordings of one meeting."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from minutekeeper.transcripts.model import MAX_SECONDS, Segment, Transcript, Word


def join_transcripts(parts: Sequence[tuple[Transcript, float]]) -> Transcript:
    """One transcript of all; each comes with where its recording begins, in seconds after the first one's start."""
    shifted = [segment for transcript, offset in parts for segment in _shifted(transcript.segments, offset)]
    segments = tuple(sorted(shifted, key=lambda segment: segment.start))
    return Transcript(
        segments=segments,
        speakers=tuple(dict.fromkeys(segment.speaker for segment in segments)),
        language=next((transcript.language for transcript, _ in parts if transcript.language), None),
        recording_starts=tuple(_later(0.0, offset) for _, offset in parts),
    )


def _shifted(segments: Iterable[Segment], offset: float) -> Iterable[Segment]:
    if not offset:
        return segments
    return (
        replace(
            segment,
            start=_later(segment.start, offset),
            end=_later(segment.end, offset),
            words=tuple(_shifted_word(word, offset) for word in segment.words),
        )
        for segment in segments
    )


def _shifted_word(word: Word, offset: float) -> Word:
    return replace(word, start=_later(word.start, offset), end=_later(word.end, offset))


def _later(seconds: float, offset: float) -> float:
    return min(max(seconds + offset, 0.0), MAX_SECONDS)
