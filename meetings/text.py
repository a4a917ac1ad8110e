"""Spoken words as readable text, in any script."""

import re
from collections.abc import Iterable

_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]")
_SURROGATES = re.compile(r"[\ud800-\udfff]")

# Scripts written without blanks between words: Thai and Lao, Burmese, Khmer, kana, Han, and their punctuation.
_UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff01-\uff60"
    r"\U00020000-\U0003ffff]"
)
# Punctuation of several scripts, by code point because many of the signs look alike.
_CLINGS_BEFORE = re.compile(
    r"[.,;:!?\u2026%)\]}\u201d\u060c\u061b\u061f\u0964\u3001\u3002\uff0c\uff0e\uff01\uff1f\uff1a\uff1b\uff09\u300d\u300f]"
    r"|['\u2019](?:s|t|re|ve|ll|d|m)\Z",
    re.IGNORECASE,
)
_CLINGS_AFTER = re.compile(r"[(\[{\u201c\u00bf\u00a1\uff08\u300c\u300e]")


def one_line(text: str) -> str:
    """The text without line breaks, doubled blanks and control characters; half characters become U+FFFD."""
    return " ".join(_SURROGATES.sub("\ufffd", _CONTROLS.sub("", text)).split())


def join_words(words: Iterable[str]) -> str:
    """Set blanks between words, but not around punctuation that clings to one, nor inside Chinese and its like."""
    parts: list[str] = []
    for word in words:
        if parts and not _belong_together(parts[-1], word):
            parts.append(" ")
        parts.append(word)
    return "".join(parts)


def _belong_together(before: str, after: str) -> bool:
    last = before[-1:]
    return bool(
        _CLINGS_BEFORE.match(after)
        or _CLINGS_AFTER.match(last)
        or (_UNSPACED.match(last) and _UNSPACED.match(after))
    )
