"""The JSON schemas of policy files and of the file of limits, by which editors complete and check them."""

import json
from typing import Any

from pydantic import BaseModel

from minutekeeper.calendars.limits_file import InstallationLimits
from minutekeeper.calendars.policy import Policy


def policy_schema() -> dict[str, Any]:
    """What a policy may say, with a sentence for every field. What contradicts itself only loading it finds."""
    return _schema(Policy, "Policy of a calendar in Minutekeeper")


def limits_schema() -> dict[str, Any]:
    """What the file of limits for the whole installation may say."""
    return _schema(InstallationLimits, "Limits of bots in Minutekeeper")


def rules_schema_text(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=2, sort_keys=True) + "\n"


def _schema(model: type[BaseModel], title: str) -> dict[str, Any]:
    definition = _as_written(model.model_json_schema())
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **definition, "title": title}


def _as_written(part: Any) -> Any:
    """Without what no author writes: null and the names of models. A list may be written as its only entry."""
    if isinstance(part, list):
        return [_as_written(each) for each in part]
    if not isinstance(part, dict):
        return part
    written = {name: _as_written(each) for name, each in part.items() if name != "title" or isinstance(each, dict)}
    if written.get("default", "") is None or isinstance(written.get("default"), dict):
        del written["default"]
    choices = written.get("anyOf")
    if isinstance(choices, list) and {"type": "null"} in choices:
        (choice,) = (each for each in choices if each != {"type": "null"})
        written = {name: each for name, each in written.items() if name != "anyOf"} | choice
    # A list of at least one entry has this mark of texts, because a text is taken for its only entry.
    if written.get("type") == "array" and written.pop("minLength", None):
        about = {name: written.pop(name) for name in ("default", "description") if name in written}
        return {"anyOf": [written["items"], written | {"minItems": 1}]} | about
    return written
