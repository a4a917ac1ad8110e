"""Patterns of a policy: words and wildcards, and no regular expressions, because those can take for ever."""

import re
import unicodedata
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field

T = TypeVar("T")

OneOrMore = Annotated[
    tuple[T, ...],
    BeforeValidator(lambda value: [value] if isinstance(value, str) else value),
    Field(min_length=1),
]
"""A list with at least one entry; a single entry needs no brackets."""


def _tidy(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    return text


def _domain(text: str) -> str:
    domain = text.strip().casefold().removeprefix("@")
    if not re.fullmatch(r"[^\s@/*?,;:]+", domain):
        raise ValueError(f"{text!r} is no mail domain; write it as acme.com")
    return domain


Pattern = Annotated[str, Field(max_length=200), AfterValidator(_not_blank)]
"""`*` stands for any characters, `?` for one; capitals do not matter."""

Domain = Annotated[str, Field(max_length=253), AfterValidator(_domain)]
"""A mail domain; its subdomains belong to it."""


def matches_title(pattern: str, title: str) -> bool:
    """Whether a title has these whole words somewhere; where the pattern has wildcards, whether all of it is so."""
    if "*" in pattern or "?" in pattern:
        return _is_like(pattern, title)
    return re.search(rf"(?<!\w){re.escape(_tidy(pattern))}(?!\w)", _tidy(title)) is not None


def matches_address(patterns: Iterable[str], address: str) -> bool:
    return any(_is_like(pattern, address) for pattern in patterns)


def is_of(domains: Iterable[str], address: str) -> bool:
    """Whether a mail address belongs to one of the domains or to a subdomain of one."""
    host = address.strip().casefold().rpartition("@")[2] if "@" in address else ""
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


def _is_like(pattern: str, text: str) -> bool:
    # Square brackets are letters here: titles such as "[external] review" are common.
    return fnmatchcase(_tidy(text), _tidy(pattern).replace("[", "[[]"))
