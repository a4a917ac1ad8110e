"""A transcript cut into subtitles that can be read while they are shown."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from meetings.text import join_words, one_line
from meetings.transcript import UNKNOWN_SPEAKER, Segment, Transcript

# The common limits of subtitling: two lines of 42 columns, at most seven seconds, at least a glance.
_MAX_COLUMNS = 84
_MAX_SECONDS = 7.0
_MIN_MILLISECONDS = 500
# After a pause, or a sentence that fills a line, the next words are better off in a new subtitle.
_PAUSE_SECONDS = 1.5
_LINE_COLUMNS = 42
_SENTENCE_ENDS = (".", "!", "?", "\u2026", "\u3002", "\uff01", "\uff1f", "\u061f", "\u0964")
# A usual reading speed, for text that comes without any duration.
_CHARACTERS_PER_SECOND = 15.0


@dataclass(frozen=True, slots=True)
class Cue:
    """One subtitle: a single line of text without control characters. Times are whole milliseconds, start < end."""

    speaker: str
    start: int
    end: int
    text: str


class _Piece(NamedTuple):
    text: str
    start: float
    end: float


def cues(transcript: Transcript) -> list[Cue]:
    """All subtitles in the order of their starts; those of speakers who talk at the same time overlap."""
    unordered = (cue for segment in transcript.segments for cue in _segment_cues(segment))
    return sorted(unordered, key=lambda cue: cue.start)


def _segment_cues(segment: Segment) -> Iterator[Cue]:
    speaker = one_line(segment.speaker) or UNKNOWN_SPEAKER
    start = 0
    for group in _groups(_pieces(segment)):
        # A word that claims to lie before the one it follows must not change the order of speech.
        start = max(start, round(group[0].start * 1000))
        end = max(start + _MIN_MILLISECONDS, *(round(piece.end * 1000) for piece in group))
        yield Cue(speaker, start, end, join_words(piece.text for piece in group))


def _groups(pieces: Iterator[_Piece]) -> Iterator[list[_Piece]]:
    group: list[_Piece] = []
    for piece in pieces:
        if group and _starts_anew(group, piece):
            yield group
            group = []
        group.append(piece)
    if group:
        yield group


def _starts_anew(group: list[_Piece], piece: _Piece) -> bool:
    texts = [member.text for member in group]
    return (
        _columns(join_words([*texts, piece.text])) > _MAX_COLUMNS
        or piece.end - group[0].start > _MAX_SECONDS
        or piece.start - group[-1].end > _PAUSE_SECONDS
        or (texts[-1].endswith(_SENTENCE_ENDS) and _columns(join_words(texts)) >= _LINE_COLUMNS)
    )


def _pieces(segment: Segment) -> Iterator[_Piece]:
    moments = {moment for word in segment.words for moment in (word.start, word.end)}
    if len(moments) <= 1:
        text = join_words(word.text for word in segment.words) or segment.text
        yield from _spread(one_line(text), segment.start, segment.end)
        return
    for word in segment.words:
        text = one_line(word.text)
        if _columns(text) > _MAX_COLUMNS:
            yield from _spread(text, word.start, word.end)
        elif text:
            yield _Piece(text, word.start, word.end)


def _spread(text: str, start: float, end: float) -> Iterator[_Piece]:
    """Give each word of a text, or each part of one that is too long for a subtitle, its share of the time."""
    duration = end - start if end > start else len(text) / _CHARACTERS_PER_SECOND
    parts = [
        token[at : at + size]
        for token in text.split()
        for size in (_MAX_COLUMNS * len(token) // _columns(token),)
        for at in range(0, len(token), size)
    ]
    per_character = duration / max(1, sum(map(len, parts)))
    for part in parts:
        end = start + per_character * len(part)
        yield _Piece(part, start, end)
        start = end


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
