"""A policy: ordered rules, read from JSON that people write."""

import json
from collections import Counter
from typing import Any, Literal, Self

from pydantic import ConfigDict, Field, ValidationError, model_validator

from minutekeeper.calendars import policy_errors
from minutekeeper.calendars.actions import ArtifactOverrides, BotOverrides
from minutekeeper.calendars.event import Response
from minutekeeper.calendars.limits import Limits
from minutekeeper.calendars.policy_context import PolicyContext
from minutekeeper.calendars.rule_conditions import Conditions
from minutekeeper.calendars.rules import Rule, Verdict
from minutekeeper.meetings.fields import Metadata

MAX_CHARACTERS = 64 * 1024
"""Longer policies are refused, because the policy is part of the input of every reconcile."""


class PolicyError(ValueError):
    """The text is no policy. `problems` has one line for each error, and so has the message."""

    def __init__(self, found: tuple[str, ...]) -> None:
        super().__init__("\n".join(found))
        self.problems = found


class Policy(PolicyContext):
    """Which events get a bot: the first rule that holds decides, and `otherwise` if none does.

    `bot`, `wanted` and `metadata` are for all meetings that the policy records; a rule's own ones go before them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", serialize_by_alias=True)

    schema_address: str | None = Field(None, alias="$schema", max_length=2000)
    """Where an editor finds the schema of this file; it is not looked at here."""
    version: Literal[1] = 1
    """The version of this format."""
    bot: BotOverrides | None = None
    """Options of all bots that this policy sends."""
    wanted: ArtifactOverrides | None = None
    """What is kept of all meetings that this policy records."""
    metadata: Metadata | None = None
    """Your own data of all these meetings, by which they can be found."""
    limits: Limits | None = None
    """How many bots the calendars of this user may have; the least important meetings are left out."""
    rules: tuple[Rule, ...] = ()
    """The rules, in order: the first that holds decides."""
    otherwise: Verdict = "record"
    """What is done where no rule holds."""

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        found = list(policy_errors.consistency_errors(self.model_dump(mode="json", exclude_none=True)))
        if found:
            raise ValueError("\n".join(found))
        return self


DEFAULT_POLICY = Policy(
    rules=(Rule(name="declined", when=Conditions(response=(Response.DECLINED,)), then="skip"),), otherwise="record"
)
"""Whatever has a link, unless the calendar's owner said no."""


def load_policy(text: str) -> Policy:
    """Read a policy.

    Raises:
        PolicyError: naming everything that is wrong with it at once.
    """
    if len(text) > MAX_CHARACTERS:
        raise PolicyError((f"it is longer than {MAX_CHARACTERS:,} characters",))
    data, found = parse_json(text)
    try:
        policy = Policy.model_validate(data)
    except ValidationError as error:
        found += [*policy_errors.validation_messages(error, Policy), *policy_errors.consistency_errors(data)]
    if found:
        raise PolicyError(tuple(dict.fromkeys(found)))
    return policy


def parse_json(text: str) -> tuple[Any, list[str]]:
    """What the text says, and which names it gives twice: because JSON silently drops the first of two.

    Raises PolicyError if it is not JSON.
    """
    twice: list[str] = []

    def noting_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        counts = Counter(name for name, _ in pairs)
        twice.extend(f"{name!r} is given twice in one place" for name, count in counts.items() if count > 1)
        return dict(pairs)

    try:
        return json.loads(text.removeprefix("\ufeff"), object_pairs_hook=noting_doubles), twice
    except json.JSONDecodeError as error:
        raise PolicyError((f"line {error.lineno}, column {error.colno}: not JSON: {error.msg}",)) from None
    except RecursionError:
        raise PolicyError(("it is nested too deeply",)) from None
