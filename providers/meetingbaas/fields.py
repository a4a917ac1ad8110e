"""Field types that take what the provider of any year sends: a value of the wrong kind counts as not given."""

import json
import math
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationInfo,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic.aliases import AliasChoices, AliasGenerator

from providers.meetingbaas.redaction import redact
from providers.meetingbaas.scanning import StoredItems
from providers.meetingbaas.times import parse_time

_MAX_IDENTIFIER = 255
"""Characters; ids go into workflow ids, search attributes and URLs, and not every database takes a NUL."""


def _identifier(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    text = value.strip() if isinstance(value, str) else ""
    return text if len(text) <= _MAX_IDENTIFIER and text.isprintable() else ""


def _identifiers(value: Any) -> tuple[str, ...]:
    found = [_identifier(each) for each in value] if isinstance(value, list) else []
    return tuple(dict.fromkeys(found)) if all(found) else ()


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _evidence(value: Any, info: ValidationInfo) -> str:
    if not value:
        return ""
    return redact(value if isinstance(value, str) else _as_json(value), info.context or ())


def _as_json(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return "(nests too deeply)"


def _number(value: Any) -> float | None:
    try:
        number = float(value) if isinstance(value, str | int | float) else math.nan
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _flag(value: Any) -> bool:
    if isinstance(value, str):
        return value.strip().lower() not in {"", "0", "false", "no", "null"}
    return isinstance(value, int | float) and value > 0


def objects(value: Any) -> Any:
    """The objects of a list; what is no list stays what it is."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else value


def _objects_or_none(value: Any) -> Any:
    return value if isinstance(value, StoredItems) else objects(value) if isinstance(value, list) else []


Identifier = Annotated[str, BeforeValidator(_identifier)]
"""An opaque id; the oldest shapes have numbers."""


Identifiers = Annotated[tuple[str, ...], PlainValidator(_identifiers)]
"""A list of them, each once; one that cannot be read makes it no list at all."""


def _followable(url: str) -> str:
    return url if url.startswith(("https://", "http://")) else ""


Text = Annotated[str, BeforeValidator(_text)]

SecretText = Annotated[str, BeforeValidator(_text), Field(repr=False)]
"""A signed URL or the like: never shown."""

Link = Annotated[SecretText, AfterValidator(_followable)]
"""A signed URL that can be followed; anything else counts as none."""

Evidence = Annotated[str, BeforeValidator(_evidence)]
"""Something for people to read, of whatever type, shortened and without secrets: the context of the validation."""

Instant = Annotated[datetime | None, BeforeValidator(parse_time)]

Number = Annotated[float | None, BeforeValidator(_number)]

Flag = Annotated[bool, BeforeValidator(_flag)]

Objects = Annotated[Sequence[Any], PlainValidator(_objects_or_none)]
"""Objects, or StoredItems as they are: a transcript is large, and is not copied."""


class Tolerant(BaseModel):
    """An object of the provider: snake case or camel case, null the same as absent, unknown keys ignored."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,
        alias_generator=AliasGenerator(validation_alias=lambda name: AliasChoices(name, to_camel(name))),
    )

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {key: item for key, item in value.items() if item is not None}
