"""Reads the segments of a provider's transcript, in any spelling of their fields, into a Transcript."""

import math
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from minutekeeper.text import Spoken, join_words, one_line, stand_apart
from minutekeeper.transcripts.model import MAX_SECONDS, UNKNOWN_SPEAKER, Segment, Transcript, Word

# Speech recognition cuts a speaker's turn at every short pause; within these limits the cut has no meaning.
_MERGE_GAP_SECONDS = 1.0
_MERGE_LENGTH_SECONDS = 60.0

_BLANKS_ARE_MEANT = 0.25

_TEXT_NAMES = ("word", "text")
_START_NAMES = ("start", "start_time")
_END_NAMES = ("end", "end_time")


class TranscriptError(ValueError):
    """What should be a transcript has no known form; the message says what was found instead."""


def read_segments(items: Any) -> Transcript:
    """Reads segments of `{speaker, words: [{word or text, start, end}]}` or `{speaker, text, start, end}`.

    One reader for all sources: releases have mixed their field names, and none has two meanings. Missing or invalid
    values are skipped.

    Raises:
        TranscriptError: if this is no list, or nothing in it looks like a segment.
    """
    if not isinstance(items, Sequence) or isinstance(items, str | bytes):
        raise TranscriptError(f"A transcript is a list of segments, but this is {type(items).__name__}.")
    # Iterated several times instead of being stored, because items from a file are created anew each time.
    filled = sum(bool(item) for item in items)
    if filled and not any(_looks_like_segment(item) for item in items):
        raise TranscriptError(
            f"None of the {filled} items of this transcript is a segment with a speaker and words or a text."
        )
    says_blanks = _says_blanks(item for item in items if isinstance(item, dict))
    found = (_segment(item, says_blanks=says_blanks) for item in items if isinstance(item, dict))
    in_order = sorted((segment for segment in found if segment), key=lambda segment: segment.start)
    segments = tuple(_merged(in_order))
    languages = Counter(segment.language for segment in segments if segment.language)
    return Transcript(
        segments=segments,
        speakers=tuple(dict.fromkeys(segment.speaker for segment in segments)),
        language=max(languages, key=languages.__getitem__, default=None),
    )


def _looks_like_segment(item: Any) -> bool:
    if not isinstance(item, dict) or not item.keys() & {"speaker", "words", "text"}:
        return False
    words = item.get("words")
    return not words or (
        isinstance(words, list)
        and any(isinstance(word, dict) and not word.keys().isdisjoint(_TEXT_NAMES) for word in words)
    )


def _says_blanks(items: Iterable[dict[str, Any]]) -> bool:
    """Whether the words include the blanks between them, as some recognisers' do; a single one is no sign."""
    gaps = blanks = firsts = opened = 0
    for item in items:
        texts = [text for each in _word_items(item) if (text := _raw_text(each))]
        between = list(pairwise(texts))
        gaps += len(between)
        blanks += sum(before[-1].isspace() or after[0].isspace() for before, after in between)
        if between:
            firsts += 1
            opened += texts[0][0].isspace()
    return gaps > 0 and (blanks >= gaps * _BLANKS_ARE_MEANT or opened * 2 > firsts)


def _segment(item: dict[str, Any], *, says_blanks: bool) -> Segment | None:
    begin = _seconds(item, *_START_NAMES)
    start = begin if begin is not None else _seconds(item, "offset") or 0.0
    words = tuple(_words(item, start, says_blanks=says_blanks))
    text = join_words(word.spoken for word in words) or _text(item, "text")
    if not text:
        return None
    if words:
        first = min(word.start for word in words)
        start = first if begin is None else min(begin, first)
    return Segment(
        speaker=_speaker(item.get("speaker")),
        start=start,
        end=max([start, _seconds(item, *_END_NAMES) or 0.0, *(word.end for word in words)]),
        text=text,
        words=words,
        language=_text(item, "lang", "language") or None,
    )


def _words(segment: dict[str, Any], start: float, *, says_blanks: bool) -> Iterator[Word]:
    """Words in the order given; one without a time of its own follows where the one before ended."""
    before, has_blank = "", False
    for item in _word_items(segment):
        raw = _raw_text(item)
        has_blank = raw[:1].isspace() or has_blank
        text = one_line(raw)
        if not text:
            continue
        own_start = _seconds(item, *_START_NAMES)
        start = start if own_start is None else own_start
        end = max(start, _seconds(item, *_END_NAMES) or 0.0)
        is_odd = says_blanks and before and has_blank != stand_apart(before, text)
        # Most words of a conversation come again and again.
        yield Word(sys.intern(text), start, end, has_blank if is_odd else None)
        start, before, has_blank = end, text, raw[-1:].isspace()


def _word_items(segment: dict[str, Any]) -> Iterator[dict[str, Any]]:
    items = segment.get("words")
    return (item for item in items if isinstance(item, dict)) if isinstance(items, list) else iter(())


def _raw_text(item: dict[str, Any]) -> str:
    """What was said, with the blanks around it; these alone if there is nothing else."""
    given = [value for name in _TEXT_NAMES if isinstance(value := item.get(name), str) and value]
    return next((text for text in given if one_line(text)), given[0] if given else "")


def _merged(segments: list[Segment]) -> Iterator[Segment]:
    """Drops what was sent twice and joins what one speaker said in one go. Empties the list."""
    seen: set[Segment] = set()
    at = -1.0
    current: Segment | None = None
    segments.reverse()
    while segments:
        segment = segments.pop()
        if segment.start != at:
            at, seen = segment.start, set()
        # Without times, "yes" and "yes" may well be two answers.
        if segment in seen and segment.end > segment.start:
            continue
        seen.add(segment)
        if current is None:
            current = segment
        elif _continues(current, segment):
            current = replace(
                current,
                end=segment.end,
                text=join_words([Spoken(current.text), Spoken(segment.text)]),
                words=current.words + segment.words,
            )
        else:
            yield current
            current = segment
    if current is not None:
        yield current


def _continues(before: Segment, after: Segment) -> bool:
    # Only words keep their times when two segments become one.
    return (
        bool(before.words and after.words)
        and (before.speaker, before.language) == (after.speaker, after.language)
        and before.end <= after.start <= before.end + _MERGE_GAP_SECONDS
        and after.end - before.start <= _MERGE_LENGTH_SECONDS
    )


def _speaker(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"speaker {value}"
    return (one_line(value) if isinstance(value, str) else "") or UNKNOWN_SPEAKER


def _text(item: dict[str, Any], *names: str) -> str:
    return next(
        (text for name in names if isinstance(value := item.get(name), str) and (text := one_line(value))), ""
    )


def _seconds(item: dict[str, Any], *names: str) -> float | None:
    """The first of these fields that holds a usable time; times before the recording count as its start."""
    for name in names:
        value = item.get(name)
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            continue
        try:
            seconds = float(value)
        except (ValueError, OverflowError):
            continue
        if math.isfinite(seconds) and seconds <= MAX_SECONDS:
            return max(0.0, seconds)
    return None
