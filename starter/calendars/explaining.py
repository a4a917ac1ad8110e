"""Why an event gets a bot or gets none: the rule that decided, and what it looked at."""

from datetime import UTC, datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict
from temporalio.client import Client

from meetings.calendars.book import TrackedEvents
from meetings.calendars.decision import Decision, considered, decide
from meetings.calendars.entry import TrackedEvent
from meetings.calendars.event import CalendarEvent, Response
from meetings.calendars.identity import meeting_id_for_event
from meetings.calendars.overrides import Overrides
from meetings.calendars.policy import Policy
from meetings.calendars.rules import BuiltinRule
from meetings.urls import public_url
from providers.calendars import CalendarProvider
from starter.calendars.events import MeetingOfEvent, meetings_of
from starter.calendars.naming import find_event, no_such_event


class ConsideredRule(BaseModel):
    """A rule that was looked at in its turn: whether it holds, and what made it hold or not."""

    model_config = ConfigDict(frozen=True)

    number: int
    name: str
    holds: bool
    why: str


class EventFacts(BaseModel):
    """What rules can look at."""

    model_config = ConfigDict(frozen=True)

    start_time: AwareDatetime
    minutes: float
    meeting_url: str
    platform: str
    organizer_email: str
    is_organizer: bool
    people: tuple[str, ...]
    guests_known: bool
    response: Response
    is_recurring: bool
    all_day: bool
    deleted: bool


class Explanation(BaseModel):
    """`facts` is None for an event that the provider no longer knows: then the book says what was decided last.

    `is_carried_out` is False where this decision is not the one of the last look: the next one will follow it.
    """

    model_config = ConfigDict(frozen=True)

    calendar_id: str
    event_id: str
    title: str
    start_time: AwareDatetime
    record: bool
    rule: str
    reason: str
    is_carried_out: bool
    considered: tuple[ConsideredRule, ...] = ()
    facts: EventFacts | None = None
    meeting: MeetingOfEvent


async def explain(
    temporal: Client, provider: CalendarProvider, book: TrackedEvents, rules: tuple[Policy, Overrides], text: str
) -> Explanation:
    """By the same function that decides when the calendar is read.

    Raises EventNotFoundError, and ProviderError where the event cannot be read.
    """
    entry, event = await find_event(provider, book, text)
    meeting_id = entry.meeting_id if entry else meeting_id_for_event(event) if event else ""
    meeting = (await meetings_of(temporal, [meeting_id]))[meeting_id]
    if event is not None:
        return _of_event(event, entry, meeting, rules)
    if entry is not None:
        return _of_entry(book.calendar_id, entry, meeting)
    raise no_such_event(book.calendar_id, text)


def _of_event(
    event: CalendarEvent, entry: TrackedEvent | None, meeting: MeetingOfEvent, rules: tuple[Policy, Overrides]
) -> Explanation:
    policy, overrides = rules
    decision = decide(policy, overrides, event, datetime.now(UTC))
    return Explanation(
        calendar_id=event.calendar_id,
        event_id=event.event_id,
        title=event.title,
        start_time=event.start_time,
        record=decision.record,
        rule=decision.rule,
        reason=decision.reason,
        is_carried_out=entry is not None and (entry.record, entry.rule) == (decision.record, decision.rule),
        considered=_considered(policy, event, decision),
        facts=_facts(event),
        meeting=meeting,
    )


def _of_entry(calendar_id: str, entry: TrackedEvent, meeting: MeetingOfEvent) -> Explanation:
    return Explanation(
        calendar_id=calendar_id,
        event_id=entry.event_id,
        title=entry.desired.title,
        start_time=entry.desired.start_time,
        record=entry.record,
        rule=entry.rule,
        reason=entry.reason,
        is_carried_out=entry.rule in {BuiltinRule.GONE, BuiltinRule.DELETED},
        meeting=meeting,
    )


def _considered(policy: Policy, event: CalendarEvent, decision: Decision) -> tuple[ConsideredRule, ...]:
    """Nothing where something else decided before any rule was asked."""
    if decision.rule in set(BuiltinRule) - {BuiltinRule.OTHERWISE}:
        return ()
    return tuple(
        ConsideredRule(number=each.number, name=each.rule.name, holds=each.holds, why=each.why)
        for each in considered(policy, event)
    )


def _facts(event: CalendarEvent) -> EventFacts:
    link = event.link
    return EventFacts(
        start_time=event.start_time,
        minutes=event.length.total_seconds() / 60,
        meeting_url=link.public if link else public_url(event.meeting_url),
        platform=link.platform if link else "",
        organizer_email=event.organizer_email,
        is_organizer=event.is_organizer,
        people=tuple(sorted(event.people)),
        guests_known=event.guests_known,
        response=event.response,
        is_recurring=event.is_recurring or bool(event.recurring_event_id),
        all_day=event.all_day,
        deleted=event.deleted,
    )
