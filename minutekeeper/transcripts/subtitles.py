"""A transcript cut into subtitles that can be read while they are shown."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import NamedTuple

from minutekeeper.text import Spoken, balanced, join_words, one_line
from minutekeeper.transcripts.model import UNKNOWN_SPEAKER, Segment, Transcript

# The common limits of subtitling: two lines of 42 columns, at most seven seconds, at least a glance.
_MAX_COLUMNS = 84
_MAX_SECONDS = 7.0
_MAX_MILLISECONDS = round(_MAX_SECONDS * 1000)
_MIN_MILLISECONDS = 500
# After a pause, or a sentence that fills a line, the next words are better off in a new subtitle.
_PAUSE_SECONDS = 1.5
_LINE_COLUMNS = 42
_SENTENCE_ENDS = (".", "!", "?", "\u2026", "\u3002", "\uff01", "\uff1f", "\u061f", "\u0964")
# A usual reading speed, for text that comes without any duration.
_CHARACTERS_PER_SECOND = 15.0


@dataclass(frozen=True, slots=True)
class Subtitle:
    """One subtitle: a single line of text without control characters. Times are whole milliseconds, start < end."""

    speaker: str
    start: int
    end: int
    text: str


class _TimedText(NamedTuple):
    text: str
    start: float
    end: float
    after_blank: bool | None = None

    @property
    def spoken(self) -> Spoken:
        return Spoken(self.text, self.after_blank)


def make_subtitles(transcript: Transcript) -> list[Subtitle]:
    """All subtitles in the order of their starts; only those of different speakers overlap."""
    by_speaker: dict[str, list[Subtitle]] = {}
    for segment in transcript.segments:
        for cue in _segment_subtitles(segment):
            by_speaker.setdefault(cue.speaker, []).append(cue)
    apart = (cue for own in by_speaker.values() for cue in _one_after_the_other(own))
    return sorted(apart, key=lambda cue: cue.start)


def _one_after_the_other(own: list[Subtitle]) -> Iterator[Subtitle]:
    """The subtitles of one speaker: each ends where the next begins, and of two that begin together one waits."""
    in_order = sorted(own, key=lambda cue: cue.start)
    free = 0
    for cue, following in zip_longest(in_order, in_order[1:]):
        start = max(cue.start, free)
        end = start + cue.end - cue.start
        if following is not None and following.start > start:
            end = min(end, following.start)
        free = end
        yield replace(cue, start=start, end=end)


def _segment_subtitles(segment: Segment) -> Iterator[Subtitle]:
    speaker = one_line(segment.speaker) or UNKNOWN_SPEAKER
    start = 0
    for group in _groups(_timed_texts(segment)):
        # A word that claims to lie before the one it follows must not change the order of speech.
        start = max(start, round(group[0].start * 1000))
        end = max(start + _MIN_MILLISECONDS, *(round(piece.end * 1000) for piece in group))
        end = min(end, start + _MAX_MILLISECONDS)
        yield Subtitle(speaker, start, end, balanced(join_words(piece.spoken for piece in group)))


def _groups(pieces: Iterator[_TimedText]) -> Iterator[list[_TimedText]]:
    group: list[_TimedText] = []
    for piece in pieces:
        if group and _starts_anew(group, piece):
            yield group
            group = []
        group.append(piece)
    if group:
        yield group


def _starts_anew(group: list[_TimedText], piece: _TimedText) -> bool:
    words = [member.spoken for member in group]
    return (
        _columns(join_words([*words, piece.spoken])) > _MAX_COLUMNS
        or piece.end - group[0].start > _MAX_SECONDS
        or piece.start - group[-1].end > _PAUSE_SECONDS
        or (words[-1].text.endswith(_SENTENCE_ENDS) and _columns(join_words(words)) >= _LINE_COLUMNS)
    )


def _timed_texts(segment: Segment) -> Iterator[_TimedText]:
    moments = {moment for word in segment.words for moment in (word.start, word.end)}
    if len(moments) <= 1:
        text = join_words(word.spoken for word in segment.words) or segment.text
        yield from _spread(one_line(text), segment.start, segment.end)
        return
    for word in segment.words:
        text = one_line(word.text)
        if _columns(text) > _MAX_COLUMNS:
            yield from _spread(text, word.start, word.end)
        elif text:
            yield _TimedText(text, word.start, word.end, word.after_blank)


def _spread(text: str, start: float, end: float) -> Iterator[_TimedText]:
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
        yield _TimedText(part, start, end)
        start = end


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
