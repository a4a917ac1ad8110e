"""Parses the API responses of Meeting BaaS into models."""

from collections.abc import Callable, Collection, Iterable
from functools import partial
from typing import Any, TypeVar

from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from minutekeeper.providers.answers import parse_answer
from minutekeeper.providers.base import UnavailableError
from minutekeeper.providers.list_scanning import Scanner, StoredItems, decoded
from minutekeeper.providers.meetingbaas.response_models import BotData, MeetingData
from minutekeeper.providers.response_bodies import Body

_MOST_BYTES_AS_OBJECTS = 16 * 1024 * 1024
"""Size limit of responses that need the generic parser, which creates objects for everything."""


def _names(fields: Iterable[str]) -> list[str]:
    return [name for field in fields for name in (field, to_camel(field))]


_MEETING_DATA = Scanner(_names(MeetingData.model_fields))
_BOT_DATA = Scanner(_names(BotData.model_fields))

_Model = TypeVar("_Model", bound=BaseModel)
_Result = TypeVar("_Result")


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
    return parse_answer("Meeting BaaS", validate, answer)
