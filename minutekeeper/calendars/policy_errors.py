"""Describes what is wrong with a policy: where, what, and what was probably meant."""

import difflib
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from minutekeeper.calendars.actions import ArtifactOverrides, BotOverrides
from minutekeeper.calendars.limits import Limits
from minutekeeper.calendars.people_conditions import AttendeesCondition, OrganizerCondition
from minutekeeper.calendars.rule_conditions import Conditions
from minutekeeper.calendars.rules import Rule
from minutekeeper.calendars.time_conditions import OccurrenceCondition, WorkingHours
from minutekeeper.meetings.fields import MAX_METADATA
from minutekeeper.text import one_line

_MODELS: dict[str, type[BaseModel]] = {
    "rules": Rule,
    "when": Conditions,
    "unless": Conditions,
    "organizer": OrganizerCondition,
    "attendees": AttendeesCondition,
    "working_hours": WorkingHours,
    "occurrence": OccurrenceCondition,
    "bot": BotOverrides,
    "wanted": ArtifactOverrides,
    "limits": Limits,
    "installation": Limits,
    "per_user": Limits,
}
"""What is expected at a place of a policy, by the last name of its path."""

_PLACES: dict[type[BaseModel], str] = {
    Rule: "a rule, beside `when`",
    Conditions: "`when` of a rule",
    OrganizerCondition: "`organizer`",
    AttendeesCondition: "`attendees`",
    WorkingHours: "`working_hours`",
    OccurrenceCondition: "`occurrence`",
    BotOverrides: "`bot`",
    ArtifactOverrides: "`wanted`",
    Limits: "`limits`",
}

_SYNONYMS = {
    "priority": "importance",
    "weekday": "working_hours",
    "weekdays": "working_hours",
    "hourly": "per_hour",
    "daily": "per_day",
    "monthly": "hours_per_month",
}
"""Words by which people look for a name."""

_FORMS = {
    "organizer": ('{"emails": ["anna@acme.com"]}', '"me" or "others"'),
    "occurrence": ('{"every": 2}', '"first"'),
}
"""What is written as an object, such as this one, or as one of these words."""

_MESSAGES = {
    "missing": "is missing",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "string_type": "must be a text in quotes",
    "tuple_type": "must be a list",
    "model_type": "must be an object in braces",
    "too_short": "must name at least one",
    "string_too_short": "must not be empty",
    "string_too_long": "is longer than {max_length} characters",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be {expected}",
    "enum": "must be {expected}",
    "value_error": "{error}",
}

_ABOUT_DOMAINS = ("external", "internal_only", "external_at_least", "external_at_most")

_OF_THE_INSTALLATION = ("installation", "per_user")

_MAX_LENGTH = 60
_CLOSE = 0.65


def validation_messages(error: ValidationError, root: type[BaseModel]) -> Iterator[str]:
    """One line for every problem that pydantic found."""
    for each in error.errors(include_url=False):
        lines = _message(each, root).splitlines()
        place = _place(each["loc"])
        yield from (f"{place}: {line}" for line in lines) if place else lines


def consistency_errors(data: Any) -> Iterator[str]:
    """What is inconsistent in a policy whose parts are valid by themselves. Takes any JSON."""
    policy = data if isinstance(data, dict) else {}
    rules = policy.get("rules")
    rules = [rule if isinstance(rule, dict) else {} for rule in rules] if isinstance(rules, list | tuple) else []
    names = Counter(one_line(name) for rule in rules if isinstance(name := rule.get("name"), str))
    yield from (f"rules: {name!r} is the name of {count} rules" for name, count in names.items() if count > 1)
    yield from _about_kept({"then": policy.get("otherwise", "record")}, policy)
    for number, rule in enumerate(rules):
        yield from (f"rules[{number}].{each}" for each in _about_kept(rule, policy))
        for part in ("when", "unless"):
            for path, advice in _lacking(policy, rule.get(part)):
                yield f"rules[{number}].{part}.{path}: {advice}"


def _about_kept(rule: dict[str, Any], policy: dict[str, Any]) -> Iterator[str]:
    """What cannot be of all that a rule and its policy say about what is kept and by what it is found."""
    if rule.get("then") != "record":
        return
    wanted, metadata = (
        {**_mapping(policy.get(name)), **_mapping(rule.get(name))} for name in ("wanted", "metadata")
    )
    if wanted.get("recording") is False and wanted.get("transcript") is False:
        yield "wanted: neither recording nor transcript is kept, so no bot is needed; say skip instead"
    if len(metadata) > MAX_METADATA:
        yield f"metadata: {len(metadata)} keys are too many, those of the policy included: at most {MAX_METADATA}"


def _mapping(value: Any) -> dict[str, Any]:
    given = value if isinstance(value, dict) else {}
    return {name: each for name, each in given.items() if each is not None}


def _lacking(policy: dict[str, Any], conditions: Any) -> Iterator[tuple[str, str]]:
    """Conditions that need something of the whole policy, which it does not say."""
    given = conditions if isinstance(conditions, dict) else {}
    attendees = given.get("attendees")
    asked = attendees if isinstance(attendees, dict) and not policy.get("my_domains") else {}
    for name in _ABOUT_DOMAINS:
        if asked.get(name) is not None:
            yield f"attendees.{name}", "list your own mail domains in my_domains first"
    if given.get("holiday") is not None and not policy.get("holidays"):
        yield "holiday", "list the days in holidays first"


def _place(location: tuple[int | str, ...]) -> str:
    # Names in angle brackets are ours: they tell the forms of a value apart.
    parts = [part for part in location if not str(part).startswith("<")]
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{one_line(part)[:_MAX_LENGTH]}" for part in parts)
    return path.removeprefix(".")


def _message(error: ErrorDetails, root: type[BaseModel]) -> str:
    if error["type"] == "extra_forbidden":
        *places, name = error["loc"]
        names = [part for part in places if isinstance(part, str) and not part.startswith("<")]
        return _unknown(str(name), _MODELS.get(names[-1], root) if names else root, root)
    template = _MESSAGES.get(error["type"])
    if template is None:
        return error["msg"]
    if not error["loc"] and error["type"] == "model_type":
        return "all of it must be an object in braces"
    message = template.format(**error.get("ctx", {}))
    *_, name, form = ("", "", *map(str, error["loc"]))
    if form.startswith("<") and name in _FORMS:
        example, words = _FORMS[name]
        more = f"or an object such as {example}" if form == "<word>" else f"such as {example}, or {words}"
        message = f"{message}, {more}"
    given = error["input"]
    named = error["type"] in {"missing", "value_error", "too_short", "string_too_short", "string_too_long"}
    return (
        message if named or isinstance(given, dict | list) else f"{message}, not {json.dumps(given)[:_MAX_LENGTH]}"
    )


def _unknown(name: str, model: type[BaseModel], root: type[BaseModel]) -> str:
    known = [field.alias or each for each, field in model.model_fields.items()]
    wanted = _SYNONYMS.get(name.casefold(), name.casefold())
    near = difflib.get_close_matches(wanted, known, n=1, cutoff=_CLOSE)
    near = near or [each for each in known if wanted in each.split("_")]
    if not near and (places := _places_of(wanted, root)):
        return f"unknown here; {wanted} belongs to {' or '.join(places)}"
    near = near or difflib.get_close_matches(wanted, known, n=1)
    return f"unknown; did you mean {near[0]}?" if near else f"unknown; known here are {', '.join(known)}"


def _places_of(name: str, root: type[BaseModel]) -> list[str]:
    """Where a name is known, if that is another place than where it was found."""
    if name in _OF_THE_INSTALLATION and name not in root.model_fields:
        return ["the file that MINUTEKEEPER_LIMITS names"]
    if name in root.model_fields:
        return ["the policy itself, beside `rules`" if "rules" in root.model_fields else "the file itself"]
    places = [place for model, place in _PLACES.items() if name in model.model_fields]
    if "rules" not in root.model_fields and _PLACES[Limits] in places:
        return [f"`{each}`" for each in _OF_THE_INSTALLATION]
    return places
