"""Answers of the API made into models, and ids made into parts of its paths."""

from collections.abc import Callable, Collection
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, ValidationError

from providers.base import NotFoundError, UnavailableError
from providers.meetingbaas.decoding import decode_json

_Model = TypeVar("_Model", bound=BaseModel)
_Result = TypeVar("_Result")


def path_part(identifier: str, thing: str) -> str:
    """An id as one part of a path; what would lead to another address is no id of such a thing."""
    if not identifier.strip("."):
        raise NotFoundError(f"{identifier!r} is not the id of {thing}.")
    return quote(identifier, safe="")


def read(model: type[_Model], answer: bytes, secrets: Collection[str] = ()) -> _Model:
    """Texts for people come without the `secrets`. Raises UnavailableError for an answer of no known form."""
    return read_with(partial(model.model_validate, context=secrets), answer)


def read_with(validate: Callable[[Any], _Result], answer: bytes) -> _Result:
    """The same with any reader that raises ValueError for what it cannot read."""
    try:
        return validate(decode_json(answer))
    except ValueError as error:
        what = "of no known form" if isinstance(error, ValidationError) else f"no JSON: {error}"
        raise UnavailableError(f"Meeting BaaS gave an answer that is {what}.") from None
