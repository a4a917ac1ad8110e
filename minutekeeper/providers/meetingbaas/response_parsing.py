"""Parses API responses into models, and quotes ids in paths."""

from collections.abc import Callable, Collection, Iterable
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, ValidationError
from pydantic.alias_generators import to_camel

from minutekeeper.providers.base import NotFoundError, UnavailableError
from minutekeeper.providers.meetingbaas.json_decoding import decode_json
from minutekeeper.providers.meetingbaas.list_scanning import Scanner, StoredItems, decoded
from minutekeeper.providers.meetingbaas.response_bodies import Body
from minutekeeper.providers.meetingbaas.response_models import BotData, MeetingData

_MOST_BYTES_AS_OBJECTS = 16 * 1024 * 1024
"""Size limit of responses that need the generic parser, which creates objects for everything."""


def _names(fields: Iterable[str]) -> list[str]:
    return [name for field in fields for name in (field, to_camel(field))]


_MEETING_DATA = Scanner(_names(MeetingData.model_fields))
_BOT_DATA = Scanner(_names(BotData.model_fields))

_Model = TypeVar("_Model", bound=BaseModel)
_Result = TypeVar("_Result")


def path_part(identifier: str, thing: str) -> str:
    """An id as one part of a path; what would lead to another address is no id of such a thing."""
    if not identifier.strip("."):
        raise NotFoundError(f"{identifier!r} is not the id of {thing}.")
    return quote(identifier, safe="")


def parse_response(model: type[_Model], answer: bytes, secrets: Collection[str] = ()) -> _Model:
    """Texts for people come without the `secrets`. Raises UnavailableError for an answer of no known form."""
    return parse_response_with(partial(model.model_validate, context=secrets), answer)


def read_meeting_data(answer: Body, secrets: Collection[str] = ()) -> MeetingData:
    """The same for meeting_data: the transcript of a large one stays where it is. Raises UnavailableError."""
    if isinstance(answer, bytes):
        return parse_response(MeetingData, answer, secrets)
    try:
        document = _scanned(memoryview(answer))
    except (TypeError, ValueError):
        if len(answer) > _MOST_BYTES_AS_OBJECTS:
            raise UnavailableError("Meeting BaaS gave a large answer of no known form.") from None
        return parse_response(MeetingData, bytes(answer), secrets)
    return MeetingData.model_validate(document, context=secrets)


def _scanned(answer: memoryview) -> dict[str, Any]:
    members = _MEETING_DATA.scan(answer)
    found = [members.pop(name) for name in _names(["bot_data"]) if name in members]
    document = decoded(members)
    if found:
        inner = _BOT_DATA.scan(found[0])
        transcripts = inner.pop("transcripts", None)
        document["bot_data"] = decoded(inner)
        if transcripts is not None and bytes(transcripts[:1]) == b"[":
            document["bot_data"]["transcripts"] = StoredItems(transcripts)
    return document


def parse_response_with(validate: Callable[[Any], _Result], answer: bytes) -> _Result:
    """The same with any reader that raises ValueError for what it cannot read."""
    try:
        return validate(decode_json(answer))
    except ValueError as error:
        what = "of no known form" if isinstance(error, ValidationError) else f"no JSON: {error}"
        raise UnavailableError(f"Meeting BaaS gave an answer that is {what}.") from None
