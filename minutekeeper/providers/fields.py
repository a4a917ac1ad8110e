"""Field types that parse the provider's values in all their forms."""

import json
import math
from collections.abc import Sequence
from datetime import UTC, datetime
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

from minutekeeper.providers.list_scanning import StoredItems
from minutekeeper.providers.redaction import redact

_MILLISECONDS_FROM = 1e11
"""As seconds this is the year 5138, as milliseconds it is 1973; no meeting is near either."""

_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
"""Times outside are invalid; inside, every instant can be converted to any zone and printed."""


def parse_time(value: Any) -> datetime | None:
    """The instant in UTC; None if the value is not a time.

    Understands RFC 3339 with any zone and up to nanoseconds, the same without a zone (UTC), epoch seconds or
    milliseconds as a number or its digits, and `{"secs_since_epoch": …, "nanos_since_epoch": …}`. Times at
    which no meeting can be are invalid.
    """
    try:
        instant = _read(value)
    except (ValueError, TypeError, KeyError, OverflowError, OSError):
        return None
    return instant if instant and _EARLIEST <= instant <= _LATEST else None


def _read(value: Any) -> datetime | None:
    if isinstance(value, dict):
        nanoseconds = value.get("nanos_since_epoch") or 0
        return _from_epoch(float(value["secs_since_epoch"]) + float(nanoseconds) / 1e9)
    if isinstance(value, str):
        text = value.strip()
        return _from_epoch(float(text)) if text.isdecimal() else _from_text(text)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _from_epoch(float(value))
    return None


def _from_epoch(number: float) -> datetime | None:
    if not math.isfinite(number) or number <= 0:
        return None
    return datetime.fromtimestamp(number / 1000 if number >= _MILLISECONDS_FROM else number, UTC)


def _from_text(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


_MAX_IDENTIFIER = 255
"""In characters.

Ids become part of workflow ids, search attributes and URLs, and not every database accepts NUL.
"""


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
    """The objects in a list; anything else is returned unchanged."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else value


def _objects_or_none(value: Any) -> Any:
    return value if isinstance(value, StoredItems) else objects(value) if isinstance(value, list) else []


Identifier = Annotated[str, BeforeValidator(_identifier)]
"""An opaque id; some forms have numbers."""

Identifiers = Annotated[tuple[str, ...], PlainValidator(_identifiers)]
"""A list of ids without duplicates; one that is invalid makes the whole list invalid."""


def _followable(url: str) -> str:
    return url if url.startswith(("https://", "http://")) else ""


Text = Annotated[str, BeforeValidator(_text)]

SecretText = Annotated[str, BeforeValidator(_text), Field(repr=False)]
"""A secret such as a signed URL; never shown."""

Link = Annotated[SecretText, AfterValidator(_followable)]
"""A signed URL that can be requested; anything else counts as missing."""

RedactedText = Annotated[str, BeforeValidator(_evidence)]
"""A text for people, from any type, shortened and redacted; the secrets are the validation context."""

Instant = Annotated[datetime | None, BeforeValidator(parse_time)]

Number = Annotated[float | None, BeforeValidator(_number)]

Flag = Annotated[bool, BeforeValidator(_flag)]

Objects = Annotated[Sequence[Any], PlainValidator(_objects_or_none)]
"""Objects, or StoredItems unchanged, because a large transcript is not copied."""


class LenientModel(BaseModel):
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
