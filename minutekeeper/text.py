"""Words as readable text, in any script."""

import html
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]")
_LINK_DETAILS = re.compile(r"(https?://[^\s?#\"'<>]+)[?#][^\s\"'<>]*")
_SURROGATES = re.compile(r"[\ud800-\udfff]")

# Scripts written without blanks between words: Thai and Lao, Burmese, Khmer, kana, Han, and their punctuation.
UNSPACED = (
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff01-\uff60"
    r"\U00020000-\U0003ffff]"
)
"""A pattern for one character of them."""
_UNSPACED = re.compile(UNSPACED)
# Punctuation of several scripts, by code point because many of the signs look alike.
_JOINED_BEFORE = re.compile(
    r"[.,;:!?\u2026%)\]}\u201d\u060c\u061b\u061f\u0964\u3001\u3002\uff0c\uff0e\uff01\uff1f\uff1a\uff1b\uff09\u300d\u300f]"
    r"|['\u2019](?:s|t|re|ve|ll|d|m)\Z",
    re.IGNORECASE,
)
_JOINED_AFTER = re.compile(r"[(\[{\u201c\u00bf\u00a1\uff08\u300c\u300e]")


_EMBEDDINGS = "\u202a\u202b\u202d\u202e"
_ISOLATES = "\u2066\u2067\u2068"
_DIRECTIONS = re.compile(f"[{_EMBEDDINGS}{_ISOLATES}\u202c\u2069]")


_MAX_MARKUP = 100_000
_UNSEEN = re.compile(r"<(?:!--|(style|script|head)\b)", re.IGNORECASE)
_ENDS = {
    "": re.compile("-->"),
    **{name: re.compile(rf"</{name}\b[^<>]*>", re.IGNORECASE) for name in ("style", "script", "head")},
}
_INLINE_TAG = re.compile(
    r"</?(?:a|abbr|b|big|em|font|i|mark|s|small|span|strong|sub|sup|u|wbr)\b[^<>]*>", re.IGNORECASE
)
_TAG = re.compile(r"</?[a-z!][^<>]*>", re.IGNORECASE)


class Spoken(NamedTuple):
    """A word without blanks of its own, and whether one stands before it: None if its source does not say."""

    text: str
    after_blank: bool | None = None


def one_line(text: str) -> str:
    """The text on one line, without doubled blanks, control characters and directions that would leak out of it.

    Half characters become U+FFFD.
    """
    return " ".join(balanced(_SURROGATES.sub("\ufffd", _CONTROLS.sub("", text))).split())


def without_link_details(text: str) -> str:
    """The text without the queries of links in it, which may be signatures."""
    return _LINK_DETAILS.sub(r"\1", text)


def plain_text(text: str) -> str:
    """What a reader sees of a text that may be HTML, on one line: words stay whole where only the look changes."""
    text = text[:_MAX_MARKUP]
    if "<" in text:
        text = _TAG.sub(" ", _INLINE_TAG.sub("", " ".join(_seen(text))))
    return one_line(html.unescape(text) if "&" in text else text)


def _seen(text: str) -> Iterator[str]:
    """The parts outside of comments, styles and scripts."""
    position = 0
    while begin := _UNSEEN.search(text, position):
        yield text[position : begin.start()]
        end = _ENDS[(begin[1] or "").lower()].search(text, begin.end())
        if end is None:
            return
        position = end.end()
    yield text[position:]


def balanced(text: str) -> str:
    """The text without those marks of direction that have no counterpart: they would turn round what stands near.

    The marks that affect nothing but themselves (LRM, RLM, ALM) stay.
    """
    if not _DIRECTIONS.search(text):
        return text
    open_marks: list[int] = []
    kept: set[int] = set()
    for mark in _DIRECTIONS.finditer(text):
        match mark[0]:
            case "\u202c":  # the end of an embedding
                if open_marks and text[open_marks[-1]] in _EMBEDDINGS:
                    kept |= {open_marks.pop(), mark.start()}
            case "\u2069":  # the end of an isolate, and of all embeddings in it
                if any(text[each] in _ISOLATES for each in open_marks):
                    while text[open_marks[-1]] in _EMBEDDINGS:
                        open_marks.pop()
                    kept |= {open_marks.pop(), mark.start()}
            case _:
                open_marks.append(mark.start())
    return _DIRECTIONS.sub(lambda mark: mark[0] if mark.start() in kept else "", text)


def truncate_utf8(text: str, limit_bytes: int) -> str:
    """The text, or its beginning and an ellipsis if it is longer than the limit; the ellipsis comes on top."""
    data = text.encode()
    if len(data) <= limit_bytes:
        return text
    return balanced(data[:limit_bytes].decode(errors="ignore")) + "…"


def join_words(words: Iterable[Spoken]) -> str:
    """Sets blanks where the source has them.

    Where it does not say, they stand between words, but not around punctuation that clings to one, nor inside
    Chinese and its like.
    """
    parts: list[str] = []
    for word in words:
        if parts and (stand_apart(parts[-1], word.text) if word.after_blank is None else word.after_blank):
            parts.append(" ")
        parts.append(word.text)
    return "".join(parts)


def stand_apart(before: str, after: str) -> bool:
    """Whether a blank stands between two words, as far as their letters tell."""
    last = before[-1:]
    return not (
        _JOINED_BEFORE.match(after)
        or _JOINED_AFTER.match(last)
        or (_UNSPACED.match(last) and _UNSPACED.match(after))
    )
