"""Patterns for texts and addresses as people write them in a policy, and how they are matched."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field

T = TypeVar("T")

OneOrMore = Annotated[
    tuple[T, ...],
    BeforeValidator(lambda value: [value] if isinstance(value, str) else value),
    Field(min_length=1),
]
"""A list with at least one entry; a single entry needs no brackets."""

_ZERO_WIDTH_BLANK = "\u200b"
"""The only invisible character at which a word may end: editors put it where a line may break."""

_WITHOUT_WIDTH = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200c-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
"""All other invisible characters: soft hyphens, joiners, marks of direction, selectors of variants, tags."""

_MAX_SHOWN = 3


@lru_cache(maxsize=256)
def _tidy(text: str) -> str:
    """Kept for a while, because all patterns of a policy are compared with the same few texts."""
    if not text.isascii():
        text = _WITHOUT_WIDTH.sub("", unicodedata.normalize("NFKC", text))
    return " ".join(text.casefold().split())


def _not_blank(text: str) -> str:
    if not _tidy(text).strip(_ZERO_WIDTH_BLANK):
        raise ValueError("must not be empty")
    return text


def _domain(text: str) -> str:
    domain = text.strip().casefold().removeprefix("@")
    if not re.fullmatch(r"[^\s@/*?,;:]+", domain):
        raise ValueError(f"{text!r} is no mail domain; write it as acme.com")
    return domain


def _address(text: str) -> str:
    address = text.strip().casefold()
    if not re.fullmatch(r"[^\s@*?,;:]+@[^\s@/*?,;:]+", address):
        raise ValueError(f"{text!r} is no mail address; write it as anna@acme.com")
    return address


Pattern = Annotated[str, Field(max_length=200), AfterValidator(_not_blank)]
"""`*` stands for any characters, `?` for one; capitals do not matter."""

Domain = Annotated[str, Field(max_length=253), AfterValidator(_domain)]
"""A mail domain; its subdomains belong to it."""

MailAddress = Annotated[str, Field(max_length=320), AfterValidator(_address)]
"""A whole mail address, without wildcards."""


def matches_words(pattern: str, text: str) -> bool:
    """Whether a text has these whole words somewhere; where the pattern has wildcards, whether all of it is so.

    What has no width hides no word: a soft hyphen never ends one, a blank without width may.
    """
    if "*" in pattern or "?" in pattern:
        return _is_like(pattern, text)
    words, tidy = _tidy(pattern).replace(_ZERO_WIDTH_BLANK, ""), _tidy(text)
    may_break = _ZERO_WIDTH_BLANK in tidy
    # Most texts do not have the words, and long ones are searched for them much faster without an expression.
    return (may_break or words in tidy) and _expression(words, may_break=may_break).search(tidy) is not None


@lru_cache(maxsize=2048)
def _expression(words: str, *, may_break: bool) -> re.Pattern[str]:
    """What finds the words; where the text `may_break`, blanks without width may stand between any two letters."""
    if may_break:
        broken = (f"{_ZERO_WIDTH_BLANK}*".join(map(re.escape, word)) for word in words.split(" "))
        return re.compile(rf"(?<!\w){f'[ {_ZERO_WIDTH_BLANK}]+'.join(broken)}(?!\w)")
    return re.compile(rf"(?<!\w){re.escape(words)}(?!\w)")


def matches_address(patterns: Iterable[str], address: str) -> bool:
    return any(_is_like(pattern, address) for pattern in patterns)


def is_of(domains: Iterable[str], address: str) -> bool:
    """Whether a mail address belongs to one of the domains or to a subdomain of one."""
    host = address.strip().casefold().rpartition("@")[2] if "@" in address else ""
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


def _is_like(pattern: str, text: str) -> bool:
    # Square brackets are letters here: titles such as "[external] review" are common.
    wanted = _tidy(pattern).replace(_ZERO_WIDTH_BLANK, "").replace("[", "[[]")
    tidy = _tidy(text)
    if _ZERO_WIDTH_BLANK not in tidy:
        return fnmatchcase(tidy, wanted)
    return any(fnmatchcase(" ".join(tidy.replace(_ZERO_WIDTH_BLANK, by).split()), wanted) for by in ("", " "))


def either(values: Sequence[str]) -> str:
    """`a, b or c`; of many only the first few."""
    shown = [str(value) for value in values[:_MAX_SHOWN]]
    if len(values) > _MAX_SHOWN:
        shown.append(f"{len(values) - _MAX_SHOWN} more")
    return " or ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
