"""Input from people and programs, turned into models with messages that name the field."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ValidationError

from starter.errors import MeetingInputError

if TYPE_CHECKING:
    from runtime.settings import Settings

_Model = TypeVar("_Model", bound=BaseModel)

MAX_ID_BYTES = 255
"""PostgreSQL's visibility store holds no longer workflow ids; `limit.maxIDLength` has our servers refuse them."""

_NO_NAMES: Mapping[str, str] = {}


def checked(model: type[_Model], fields: Mapping[str, object], given_as: Mapping[str, str] = _NO_NAMES) -> _Model:
    """The model with these fields; `given_as` maps its field names to those under which people gave them.

    Raises MeetingInputError for the first field that is wrong.
    """
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        problem = first["msg"].removeprefix("Value error, ")
        raise MeetingInputError(given_as.get(name, name), problem) from None


def check_id(field: str, text: str, *, max_bytes: int = MAX_ID_BYTES) -> None:
    """Raises MeetingInputError for what cannot be the id of anything."""
    if not text.strip() or len(text.encode("utf-8", "replace")) > max_bytes:
        raise MeetingInputError(field, f"must have between 1 and {max_bytes} bytes, and not blanks only")


def signing_settings(*, address: bool = False) -> "Settings":
    """The settings for what signs or verifies; also for what makes a public `address`.

    Raises MeetingInputError that names the variable.
    """
    from runtime.startup import address_problems, signing_problems, told  # noqa: PLC0415 - as below

    found = settings()
    if problems := [*signing_problems(found), *(address_problems(found) if address else ())]:
        raise MeetingInputError("", told(problems).rstrip("\n"))
    return found


def settings() -> "Settings":
    """The settings of this process. Raises MeetingInputError that names the variable."""
    from runtime.read_settings import SettingsError, read_settings  # noqa: PLC0415 - most commands need none

    try:
        return read_settings()
    except SettingsError as error:
        raise MeetingInputError("", str(error)) from None
