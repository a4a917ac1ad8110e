"""Validates input and settings, with error messages that name the field or variable."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ValidationError

from starter.errors import MeetingInputError

if TYPE_CHECKING:
    from minutekeeper.config import Settings

_Model = TypeVar("_Model", bound=BaseModel)

MAX_ID_BYTES = 255
"""PostgreSQL's visibility store holds no longer workflow ids; our servers refuse them by `limit.maxIDLength`."""

_SAME_NAMES: Mapping[str, str] = {}


def parse_input(
    model: type[_Model], fields: Mapping[str, object], option_names: Mapping[str, str] = _SAME_NAMES
) -> _Model:
    """Validates fields. Raises MeetingInputError for the first invalid one.

    Args:
        model: The model to create.
        fields: Values by field name.
        option_names: The names under which users gave the fields, for error messages.
    """
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        problem = first["msg"].removeprefix("Value error, ")
        raise MeetingInputError(_option_name(first["loc"], option_names), problem) from None


def _option_name(location: tuple[int | str, ...], option_names: Mapping[str, str]) -> str:
    """The option of a field, or of the list or object that holds it; else the field's own name."""
    paths = [".".join(map(str, location[:length])) for length in range(len(location), 0, -1)]
    return next((option_names[path] for path in paths if path in option_names), paths[0] if paths else "")


def check_id(field: str, text: str, *, max_bytes: int = MAX_ID_BYTES) -> None:
    """Raises MeetingInputError for a text that cannot be an id."""
    if not text.strip() or len(text.encode("utf-8", "replace")) > max_bytes:
        raise MeetingInputError(field, f"must have between 1 and {max_bytes} bytes, not only blanks")


def signing_settings(*, address: bool = False) -> "Settings":
    """The settings of commands that sign or verify, with `address` also of those that need the bridge's public URL.

    Raises MeetingInputError that names the variable.
    """
    from minutekeeper.startup_checks import address_problems, describe_problems, signing_problems  # noqa: PLC0415 - see `settings`

    found = settings()
    if problems := [*signing_problems(found), *(address_problems(found) if address else ())]:
        raise MeetingInputError("", describe_problems(problems).rstrip("\n"))
    return found


def settings() -> "Settings":
    """The settings of this process. Raises MeetingInputError that names the variable."""
    from minutekeeper.config_reader import SettingsError, read_settings  # noqa: PLC0415 - most commands need no settings

    try:
        return read_settings()
    except SettingsError as error:
        raise MeetingInputError("", str(error)) from None
