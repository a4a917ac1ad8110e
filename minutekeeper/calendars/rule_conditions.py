"""What a rule asks of an event: all its conditions, each with the sentence that explanations say."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Literal, Self

from pydantic import Discriminator, Field, StrictBool, Tag, model_validator

from minutekeeper.calendars.event import Availability, CalendarEvent, Color, EventType, Response, Visibility
from minutekeeper.calendars.patterns import OneOrMore, Pattern, either, matches_words
from minutekeeper.calendars.people import organised_by_owner, owner_response
from minutekeeper.calendars.people_conditions import AttendeesCondition, OrganizerCondition
from minutekeeper.calendars.policy_context import ConditionResult, DaySpan, PolicyContext, StrictModel, is_within
from minutekeeper.calendars.time_conditions import OccurrenceCondition, WorkingHours
from minutekeeper.meetings.meeting_urls import Platform

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
    """Who organises it: `me`, the calendar's owner; `others`; or certain addresses and domains."""
    attendees: AttendeesCondition | None = None
    """Who takes part."""
    response: OneOrMore[Response] | None = None
    """What the calendar's owner answered."""
    recurring: StrictBool | None = None
    """Whether it is one of a series."""
    occurrence: (
        Annotated[
            Annotated[Literal["first"], Tag("<word>")] | Annotated[OccurrenceCondition, Tag("<object>")],
            Discriminator(lambda value: "<word>" if isinstance(value, str) else "<object>"),
        ]
        | None
    ) = None
    """Which of its series it is: `first`, or each so many."""
    title: OneOrMore[Pattern] | None = None
    """Words of the title, or patterns for all of it."""
    description: OneOrMore[Pattern] | None = None
    """Words of the description, or patterns for all of it."""
    location: OneOrMore[Pattern] | None = None
    """Words of the location, or patterns for all of it."""
    text: OneOrMore[Pattern] | None = None
    """Words of the title, the description or the location."""
    platform: OneOrMore[Platform] | None = None
    """Where the meeting takes place."""
    link: OneOrMore[Pattern] | None = None
    """Parts of the link, or patterns for all of it. Passwords are not looked at."""
    event_type: OneOrMore[EventType] | None = None
    """What kind of entry it is in the calendar."""
    visibility: OneOrMore[Visibility] | None = None
    """How private it is."""
    availability: OneOrMore[Availability] | None = None
    """How the owner's time is shown to others."""
    category: OneOrMore[Pattern] | None = None
    """Words of the name of one of its categories."""
    color: OneOrMore[Color] | None = None
    """The colour that it was given."""
    all_day: StrictBool | None = None
    """Whether it lasts all day. Only a rule that asks for such events records them."""
    working_hours: WorkingHours | None = None
    """Whether it starts in these hours."""
    date: OneOrMore[DaySpan] | None = None
    """The days on which it starts."""
    holiday: StrictBool | None = None
    """Whether it starts on one of the policy's holidays."""
    minimum_minutes: Minutes | None = None
    """How long it is planned to last at least."""
    maximum_minutes: Minutes | None = None
    """How long it is planned to last at most."""

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
        yield from self._of_words(event)
        yield from self._of_marks(event)
        yield from self._of_time(event, home)

    def _of_people(self, event: CalendarEvent, home: PolicyContext) -> Iterator[ConditionResult]:
        if isinstance(self.organizer, OrganizerCondition):
            yield self.organizer.finding(event.organizer_email)
        elif self.organizer is not None:
            wanted = self.organizer == "me"
            is_owner = organised_by_owner(event, home.my_emails)
            yield ConditionResult(is_owner is wanted, f"the owner {'is' if wanted else 'is not'} the organiser")
        if self.attendees is not None:
            yield from self.attendees.findings(event, home)
        if self.response is not None:
            answer = owner_response(event, home.my_emails)
            yield ConditionResult(answer in self.response, f"the owner's answer is {either(self.response)}")

    def _of_kind(self, event: CalendarEvent) -> Iterator[ConditionResult]:
        if self.recurring is not None:
            is_recurring = event.is_recurring or bool(event.recurring_event_id)
            text = f"it is {'one' if self.recurring else 'none'} of a series"
            yield ConditionResult(is_recurring is self.recurring, text)
        if isinstance(self.occurrence, OccurrenceCondition):
            yield ConditionResult(self.occurrence.holds_for(event.number), self.occurrence.describe())
        elif self.occurrence is not None:
            yield ConditionResult(event.number == 1, "it is the first of its series")
        if self.platform is not None:
            link = event.link
            yield ConditionResult(
                link is not None and link.platform in self.platform, f"it is on {either(self.platform)}"
            )
        if self.event_type is not None:
            yield ConditionResult(event.event_type in self.event_type, f"its type is {either(self.event_type)}")

    def _of_words(self, event: CalendarEvent) -> Iterator[ConditionResult]:
        if self.title is not None:
            yield _of_texts(self.title, (event.title,), "the title is")
        if self.description is not None:
            yield _of_texts(self.description, (event.description,), "the description is")
        if self.location is not None:
            yield _of_texts(self.location, (event.location,), "the location is")
        if self.text is not None:
            everything = (event.title, event.description, event.location)
            yield _of_texts(self.text, everything, "title, description or location are")
        if self.link is not None:
            link = event.link
            yield _of_texts(self.link, (link.public if link else "",), "the link is")
        if self.category is not None:
            yield _of_texts(self.category, event.categories, "a category is")

    def _of_marks(self, event: CalendarEvent) -> Iterator[ConditionResult]:
        if self.visibility is not None:
            text = f"its visibility is {either(self.visibility)}"
            yield ConditionResult(event.visibility in self.visibility, text)
        if self.availability is not None:
            text = f"the owner is shown as {either(self.availability)}"
            yield ConditionResult(event.availability in self.availability, text)
        if self.color is not None:
            yield ConditionResult(event.color in self.color, f"its colour is {either(self.color)}")

    def _of_time(self, event: CalendarEvent, home: PolicyContext) -> Iterator[ConditionResult]:
        if self.all_day is not None:
            text = "it lasts all day" if self.all_day else "it does not last all day"
            yield ConditionResult(event.all_day is self.all_day, text)
        if self.working_hours is not None:
            holds = self.working_hours.include(event.start_time, home.time_zone)
            yield ConditionResult(holds, self.working_hours.describe(home.time_zone))
        if self.date is not None:
            day = home.local(event.start_time).date()
            yield ConditionResult(is_within(self.date, day), f"it starts on {either(self.date)}, {home.time_zone}")
        if self.holiday is not None:
            day = home.local(event.start_time).date()
            text = f"it starts on {'a' if self.holiday else 'no'} holiday"
            yield ConditionResult(is_within(home.holidays, day) is self.holiday, text)
        minutes = event.length.total_seconds() / 60
        if self.minimum_minutes is not None:
            yield ConditionResult(
                minutes >= self.minimum_minutes, f"it lasts at least {_minutes(self.minimum_minutes)}"
            )
        if self.maximum_minutes is not None:
            yield ConditionResult(
                minutes <= self.maximum_minutes, f"it lasts at most {_minutes(self.maximum_minutes)}"
            )


def _of_texts(patterns: Sequence[str], texts: Iterable[str], subject: str) -> ConditionResult:
    holds = any(matches_words(pattern, text) for text in texts for pattern in patterns)
    return ConditionResult(holds, f"{subject} like {either(patterns)}")


def _minutes(count: int) -> str:
    return "1 minute" if count == 1 else f"{count} minutes"
