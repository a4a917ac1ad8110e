"""The rules of a policy and their conditions: what a rule asks of an event, and what follows from it."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Discriminator, Field, StrictBool, Tag, model_validator

from minutekeeper.calendars.event import CalendarEvent, Response
from minutekeeper.calendars.rule_conditions import (
    AttendeesCondition,
    ConditionResult,
    OneOrMore,
    OrganizerCondition,
    Pattern,
    PolicyContext,
    StrictModel,
    WorkingHours,
    either,
    matches_title,
)
from minutekeeper.meetings.fields import LanguageTag, ProviderName, RecordingMode, Vocabulary
from minutekeeper.meetings.meeting_urls import Platform
from minutekeeper.text import one_line

Minutes = Annotated[int, Field(strict=True, ge=0, le=7 * 24 * 60)]


class Conditions(StrictModel):
    """All that are given must hold; none given hold of every event."""

    organizer: (
        Annotated[
            Annotated[Literal["me", "others"], Tag("<word>")] | Annotated[OrganizerCondition, Tag("<object>")],
            Discriminator(lambda value: "<word>" if isinstance(value, str) else "<object>"),
        ]
        | None
    ) = None
    attendees: AttendeesCondition | None = None
    recurring: StrictBool | None = None
    title: OneOrMore[Pattern] | None = None
    platform: OneOrMore[Platform] | None = None
    response: OneOrMore[Response] | None = None
    working_hours: WorkingHours | None = None
    minimum_minutes: Minutes | None = None
    maximum_minutes: Minutes | None = None

    @model_validator(mode="after")
    def _can_hold(self) -> Self:
        shortest, longest = self.minimum_minutes, self.maximum_minutes
        if shortest is not None and longest is not None and shortest > longest:
            raise ValueError(f"minimum_minutes {shortest} is more than maximum_minutes {longest}")
        return self

    def findings(self, event: CalendarEvent, home: PolicyContext) -> Iterator[ConditionResult]:
        """One result for every condition that is given."""
        yield from self._of_people(event, home)
        yield from self._of_kind(event)
        yield from self._of_time(event, home)

    def _of_people(self, event: CalendarEvent, home: PolicyContext) -> Iterator[ConditionResult]:
        if isinstance(self.organizer, OrganizerCondition):
            yield self.organizer.finding(event.organizer_email)
        elif self.organizer is not None:
            owner = self.organizer == "me"
            yield ConditionResult(
                event.is_organizer is owner, f"the owner {'is' if owner else 'is not'} the organiser"
            )
        if self.attendees is not None:
            yield from self.attendees.findings(event.people, home, all_known=event.guests_known)
        if self.response is not None:
            yield ConditionResult(event.response in self.response, f"the owner's answer is {either(self.response)}")

    def _of_kind(self, event: CalendarEvent) -> Iterator[ConditionResult]:
        if self.recurring is not None:
            is_recurring = event.is_recurring or bool(event.recurring_event_id)
            text = f"it is {'one' if self.recurring else 'none'} of a series"
            yield ConditionResult(is_recurring is self.recurring, text)
        if self.title is not None:
            holds = any(matches_title(pattern, event.title) for pattern in self.title)
            yield ConditionResult(holds, f"the title is like {either(self.title)}")
        if self.platform is not None:
            link = event.link
            yield ConditionResult(
                link is not None and link.platform in self.platform, f"it is on {either(self.platform)}"
            )

    def _of_time(self, event: CalendarEvent, home: PolicyContext) -> Iterator[ConditionResult]:
        if self.working_hours is not None:
            holds = self.working_hours.include(event.start_time, home.time_zone)
            yield ConditionResult(holds, self.working_hours.describe(home.time_zone))
        minutes = event.length.total_seconds() / 60
        if self.minimum_minutes is not None:
            yield ConditionResult(
                minutes >= self.minimum_minutes, f"it lasts at least {_minutes(self.minimum_minutes)}"
            )
        if self.maximum_minutes is not None:
            yield ConditionResult(
                minutes <= self.maximum_minutes, f"it lasts at most {_minutes(self.maximum_minutes)}"
            )


def _minutes(count: int) -> str:
    return "1 minute" if count == 1 else f"{count} minutes"


Verdict = Literal["record", "skip"]

Seconds = Annotated[int, Field(strict=True, ge=1, le=7200)]
MinutesAfterEnd = Annotated[int, Field(strict=True, ge=0, le=1440)]


class BuiltinRule(StrEnum):
    """Rules that apply besides those of a policy. No rule of a policy may have one of these names."""

    OVERRIDE = "override"
    DELETED = "deleted"
    GONE = "gone"
    """The calendar does not know the event any more."""
    NO_LINK = "no_link"
    UNUSABLE_LINK = "unusable_link"
    ALL_DAY = "all_day"
    OVER = "over"
    PROVIDER = "provider_records"
    """The meeting-bot API sends a bot of ours by its own timer."""
    OTHERWISE = "otherwise"


def _own_name(text: str) -> str:
    name = one_line(text)
    if not name:
        raise ValueError("must not be empty")
    if name in set(BuiltinRule):
        raise ValueError(f"{name!r} stands for something else in explanations; choose another name")
    return name


class BotOverrides(StrictModel):
    """Options of the bot that a policy sets; the others stay as they are. Timeouts are in seconds.

    `leave_at_end` is in minutes.
    """

    provider: ProviderName | None = None
    name: str | None = Field(None, min_length=1, max_length=255)
    image: str | None = None
    entry_message: str | None = None
    recording_mode: RecordingMode | None = None
    transcription_language: LanguageTag | None = None
    transcription_vocabulary: Vocabulary | None = None
    waiting_room_timeout: Seconds | None = None
    noone_joined_timeout: Seconds | None = None
    silence_timeout: Seconds | None = None
    leave_at_end: MinutesAfterEnd | None = None


class Rule(StrictModel):
    """Decides the events for which all of `when` holds, and not all of `unless`."""

    name: Annotated[str, Field(max_length=100), AfterValidator(_own_name)]
    when: Conditions = Conditions()
    unless: Conditions | None = None
    then: Verdict
    bot: BotOverrides | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.unless == Conditions():
            raise ValueError("unless names no condition, so the rule would never hold")
        if self.bot is not None and self.then == "skip":
            raise ValueError("a rule that skips sends no bot, so it cannot say what the bot is like")
        return self

    def findings(self, event: CalendarEvent, home: PolicyContext) -> Iterator[ConditionResult]:
        """The results of all conditions; the rule holds if all of them hold."""
        yield from self.when.findings(event, home)
        if self.unless is not None:
            exception = list(self.unless.findings(event, home))
            text = " and ".join(each.text for each in exception)
            yield ConditionResult(not all(each.holds for each in exception), f"it is not the case that {text}")
