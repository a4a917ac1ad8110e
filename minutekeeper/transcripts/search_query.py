"""What people type to find words in transcripts, as words; and the same words in a text.

Case and accents make no difference. Text in quotes is a phrase, everything else are words that must all occur.
Nothing that is typed is an operator. Scripts that set no blanks between words are searched by their characters,
because where a word ends cannot be known without a dictionary: `会議` finds both characters next to each other.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from minutekeeper.text import UNSPACED

MAX_QUERY_CHARACTERS = 200
MAX_QUERY_WORDS = 16

_SNIPPET_CHARACTERS = 220
_BEFORE_MATCH = 70
_SHORTEST_BEGINNING = 3
"""Characters of a last word from which on longer words match it too; fewer begin half of all words."""
_MAX_CLUSTER = 8
"""Accents of one letter that are taken with it; what has more is no word of any language."""

# `c++` and `c#` are words; of other signs nobody searches by one.
_WORD = re.compile(rf"{UNSPACED}|(?:(?!{UNSPACED})[^\W_][\u0300-\u036f]{{0,{_MAX_CLUSTER}}})+(?:\+\+|#)?")
_PLAIN_WORD = re.compile(r"[a-z0-9]+(?:\+\+|#)?")
_QUOTES = re.compile("[\u201c\u201d\u201e\u201f\u00ab\u00bb\uff02]")
_PART = re.compile(r'"([^"]*)"?|([^"]+)')
_LETTERS_WITHOUT_ACCENT = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "\u0131": "i", "æ": "ae", "œ": "oe"}
)


class SearchQueryError(Exception):
    """A query that names nothing to look for, or too much; the message says so."""


class MarkedText(NamedTuple):
    """A piece of a text; `is_match` if it is what was looked for."""

    text: str
    is_match: bool


class SearchQuery(NamedTuple):
    """Phrases that must all occur, in any order; a single word is a phrase of one.

    `is_open`: the last word was perhaps not typed to its end, so that longer words match it too.
    """

    phrases: tuple[tuple[str, ...], ...]
    is_open: bool

    @classmethod
    def parse(cls, text: str) -> "SearchQuery":
        """Reads what was typed. Raises SearchQueryError."""
        if len(text) > MAX_QUERY_CHARACTERS:
            raise SearchQueryError(f"A search has at most {MAX_QUERY_CHARACTERS} characters; this has {len(text)}.")
        phrases: list[tuple[str, ...]] = []
        is_open = False
        for part in _PART.finditer(_QUOTES.sub('"', text)):
            if part[2] is None:
                phrase = tuple(_words(part[1]))
                phrases += [phrase] if phrase else []
                is_open = is_open and not phrase
                continue
            # Characters of one typed word stay together: `会議` is a phrase, as `well-known` is.
            typed = [words for each in part[2].split() if (words := tuple(_words(each)))]
            phrases += typed
            is_open = is_open if not typed else not part[2][-1].isspace()
        if not phrases:
            raise SearchQueryError("Type a word to look for.")
        if (count := sum(map(len, phrases))) > MAX_QUERY_WORDS:
            raise SearchQueryError(f"A search has at most {MAX_QUERY_WORDS} words; this has {count}.")
        return cls(tuple(phrases), is_open and len(phrases[-1][-1]) >= _SHORTEST_BEGINNING)

    def marked(self, text: str) -> list[MarkedText]:
        """The text in pieces, with those marked that the query matches."""
        return _pieces(text, self._matches(text))

    def snippet(self, text: str) -> list[MarkedText]:
        """The part of a text around the first match, cut between words, with the matches marked."""
        matches = self._matches(text)
        first = matches[0][0] if matches else 0
        begin, end = _cut_before(text, first - _BEFORE_MATCH), _cut_after(text, first + _SNIPPET_CHARACTERS)
        inside = [(max(a, begin) - begin, min(b, end) - begin) for a, b in matches if a < end and b > begin]
        pieces = _pieces(text[begin:end], inside)
        before = [MarkedText("… ", is_match=False)] if begin else []
        after = [MarkedText(" …", is_match=False)] if end < len(text) else []
        return [*before, *pieces, *after]

    def _matches(self, text: str) -> list[tuple[int, int]]:
        """Where the text matches, in order and without overlaps."""
        found = [(word, at.start(), at.end()) for at in _WORD.finditer(text) if (word := _folded(at[0]))]
        spans = sorted(
            (found[at][1], _with_signs(text, found[at + len(phrase) - 1][2]))
            for number, phrase in enumerate(self.phrases)
            for at in range(len(found) - len(phrase) + 1)
            if self._holds(phrase, [each[0] for each in found[at : at + len(phrase)]], number)
        )
        joined: list[tuple[int, int]] = []
        for begin, end in spans:
            if joined and begin < joined[-1][1]:
                joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
            else:
                joined.append((begin, end))
        return joined

    def _holds(self, phrase: Sequence[str], words: Sequence[str], number: int) -> bool:
        is_open = self.is_open and number == len(self.phrases) - 1
        last = words[-1].startswith(phrase[-1]) if is_open else words[-1] == phrase[-1]
        return last and tuple(words[:-1]) == tuple(phrase[:-1])


def searchable(text: str) -> str:
    """The words of a text as they are compared, with a blank between them."""
    return " ".join(_words(text))


def _words(text: str) -> Iterable[str]:
    if text.isascii():
        return _PLAIN_WORD.findall(text.lower())
    return (word for at in _WORD.finditer(text) if (word := _folded(at[0])))


@lru_cache(maxsize=20_000)
def _folded(word: str) -> str:
    """A word without case and accents; empty for a sign that is no letter."""
    folded = unicodedata.normalize("NFKD", word.casefold().translate(_LETTERS_WITHOUT_ACCENT)).casefold()
    return "".join(each for each in folded if each.isalnum() or each in "+#")


def _with_signs(text: str, end: int) -> int:
    """The end of a word with its vowel signs, which many scripts write after or around a letter."""
    while end < len(text) and unicodedata.category(text[end]) in {"Mn", "Mc"}:
        end += 1
    return end


def _pieces(text: str, matches: Iterable[tuple[int, int]]) -> list[MarkedText]:
    pieces: list[MarkedText] = []
    done = 0
    for begin, end in matches:
        pieces += [MarkedText(text[done:begin], is_match=False), MarkedText(text[begin:end], is_match=True)]
        done = end
    pieces.append(MarkedText(text[done:], is_match=False))
    return [each for each in pieces if each.text]


def _cut_before(text: str, position: int) -> int:
    if position <= 0:
        return 0
    blank = text.find(" ", position, position + _BEFORE_MATCH // 2)
    return blank + 1 if blank >= 0 else position


def _cut_after(text: str, position: int) -> int:
    if position >= len(text):
        return len(text)
    blank = text.rfind(" ", position - _BEFORE_MATCH // 2, position)
    return blank if blank >= 0 else position
