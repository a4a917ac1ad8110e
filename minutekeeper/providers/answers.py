"""Parses API answers into models, and quotes ids in paths."""

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import quote

from pydantic import ValidationError

from minutekeeper.providers.base import NotFoundError, UnavailableError
from minutekeeper.providers.json_decoding import decode_json

_Result = TypeVar("_Result")


def path_part(identifier: str, thing: str) -> str:
    """An id as one part of a path; what would lead to another address is no id of such a thing."""
    if not identifier.strip("."):
        raise NotFoundError(f"{identifier!r} is not the id of {thing}.")
    return quote(identifier, safe="")


def parse_answer(service: str, validate: Callable[[Any], _Result], answer: bytes) -> _Result:
    """What `validate` makes of the JSON in an answer; it raises ValueError for what it cannot read.

    Raises UnavailableError for an answer of no known form; `service` is the name of the provider, for people.
    """
    try:
        return validate(decode_json(answer))
    except ValueError as error:
        what = "of no known form" if isinstance(error, ValidationError) else f"no JSON: {error}"
        raise UnavailableError(f"{service} gave an answer that is {what}.") from None
