"""Input from outside turned into models; what is wrong with it, in one sentence for people."""

from collections.abc import Sequence
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

_Model = TypeVar("_Model", bound=BaseModel)

_MAX_PROBLEMS = 3
_MAX_SHOWN = 40
_AN_INSTANT = "must be an instant with a zone, such as 2026-12-01T10:00:00Z"
_RIGHT = {
    "missing": "is missing",
    "string_type": "must be text",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "model_type": "must be a JSON object",
    "model_attributes_type": "must be a JSON object",
    "dict_type": "must be a JSON object",
    "tuple_type": "must be a list",
    "list_type": "must be a list",
}
_KINDS = {
    type(None): "null",
    bool: "a truth value",
    str: "text",
    int: "a number",
    float: "a number",
    list: "a list",
}


class InvalidInputError(ValueError):
    """An input that cannot be read; the message names the field, what is wrong and what is right."""


def read(model: type[_Model], inputs: Sequence[object], default: _Model | None = None) -> _Model:
    """The model that the inputs of a call hold: exactly one JSON object, or nothing where there is a `default`.

    Raises InvalidInputError.
    """
    given = inputs[0] if inputs else None
    if len(inputs) > 1:
        raise InvalidInputError(f"{len(inputs)} inputs were given: give one, {_shape_of(model)}")
    if given is None and default is not None:
        return default
    if not inputs:
        raise InvalidInputError(f"the input is missing: give one, {_shape_of(model)}")
    if not isinstance(given, dict):
        what = _KINDS.get(type(given), "no JSON")
        raise InvalidInputError(f"the input is {what}: give one, {_shape_of(model)}")
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise InvalidInputError(in_words(error)) from None


def in_words(error: ValidationError) -> str:
    """The first problems of an input, each with the name of its field."""
    found = error.errors(include_url=False)
    problems = [": ".join(filter(None, problem_of(each))) for each in found[:_MAX_PROBLEMS]]
    more = len(found) - len(problems)
    return "; ".join([*problems, *([f"and {more} more"] if more else [])])


def problem_of(details: ErrorDetails) -> tuple[str, str]:
    """The name of a field, dotted where it lies deeper, and what is wrong with it."""
    kind, message, given = details["type"], details["msg"], details["input"]
    field = ".".join(str(part) for part in details["loc"])[:_MAX_SHOWN]
    if kind == "value_error":
        return field, message.removeprefix("Value error, ")
    if kind == "missing":
        return field, _RIGHT[kind]
    if kind.startswith(("datetime", "timezone")):
        right = _AN_INSTANT
    else:
        right = _RIGHT.get(kind) or message.replace("Input should be a valid", "must be a").replace(
            "Input should", "must"
        ).replace("String should", "must").replace("must be a integer", "must be a whole number")
    return field, f"{right}, not {_shown(given)}"


def _shape_of(model: type[BaseModel]) -> str:
    required = [name for name, field in model.model_fields.items() if field.is_required()]
    return f"a JSON object with {' and '.join(required)}" if required else "a JSON object"


def _shown(given: object) -> str:
    if given is None or isinstance(given, bool):
        return {None: "null", True: "true", False: "false"}[given]
    if isinstance(given, dict):
        return "an object"
    if isinstance(given, list | tuple):
        return "a list"
    text = repr(given)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}… ({len(text):,} characters)"
