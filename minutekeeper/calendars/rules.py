"""The rules of a policy: what follows from an event for which their conditions hold."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from minutekeeper.calendars.actions import ArtifactOverrides, BotOverrides
from minutekeeper.calendars.event import CalendarEvent
from minutekeeper.calendars.policy_context import ConditionResult, PolicyContext, StrictModel
from minutekeeper.calendars.rule_conditions import Conditions
from minutekeeper.meetings.fields import Metadata
from minutekeeper.text import one_line

Verdict = Literal["record", "skip"]

Importance = Annotated[int, Field(strict=True, ge=1, le=9)]


class BuiltinRule(StrEnum):
    """Rules that apply besides those of a policy. No rule of a policy may have one of these names."""

    OVERRIDE = "override"
    VETO = "veto"
    """The user of another calendar chose `never` for the same meeting."""
    OPTED_OUT = "opted_out"
    """A person who takes part has opted out of recordings."""
    DELETED = "deleted"
    GONE = "gone"
    """The calendar does not know the event any more."""
    NO_MEETING = "no_meeting"
    """It is an entry of another kind, such as a birthday."""
    NO_LINK = "no_link"
    UNUSABLE_LINK = "unusable_link"
    ALL_DAY = "all_day"
    OVER = "over"
    PROVIDER = "provider_records"
    """The meeting-bot API sends a bot of ours by its own timer."""
    LIMIT = "limit"
    """It would be recorded, and a limit has no room for it."""
    OTHERWISE = "otherwise"


def _own_name(text: str) -> str:
    name = one_line(text)
    if not name:
        raise ValueError("must not be empty")
    if name in set(BuiltinRule):
        raise ValueError(f"{name!r} stands for something else in explanations; choose another name")
    return name


class Rule(StrictModel):
    """Decides the events for which all of `when` holds, and not all of `unless`."""

    name: Annotated[str, Field(max_length=100), AfterValidator(_own_name)]
    when: Conditions = Conditions()
    unless: Conditions | None = None
    then: Verdict
    bot: BotOverrides | None = None
    wanted: ArtifactOverrides | None = None
    metadata: Metadata | None = None
    importance: Importance | None = None
    """Which meetings get a bot where there are limits: 9 before 1, and 5 if it is not given."""

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.unless == Conditions():
            raise ValueError("unless names no condition, so the rule would never hold")
        if self.bot is not None and self.then == "skip":
            raise ValueError("a rule that skips sends no bot, so it cannot say what the bot is like")
        if (self.wanted or self.metadata) is not None and self.then == "skip":
            raise ValueError("a rule that skips has no meeting, so it can say neither wanted nor metadata")
        if self.importance is not None and self.then == "skip":
            raise ValueError("a rule that skips has no meeting, so it has no importance")
        return self

    def findings(self, event: CalendarEvent, home: PolicyContext) -> Iterator[ConditionResult]:
        """The results of all conditions; the rule holds if all of them hold."""
        if event.all_day and self.then == "record" and self.when.all_day is None:
            yield ConditionResult(holds=False, text="it does not last all day (the rule does not say all_day)")
        yield from self.when.findings(event, home)
        if self.unless is not None:
            exception = list(self.unless.findings(event, home))
            text = " and ".join(each.text for each in exception)
            yield ConditionResult(not all(each.holds for each in exception), f"it is not the case that {text}")
