"""Explains why an event gets a bot or not: the rule that decided, and the facts it evaluated."""

from datetime import UTC, datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict
from temporalio.client import Client

from minutekeeper.calendars.actions import describe_actions
from minutekeeper.calendars.decisions import Decision, evaluate_rules
from minutekeeper.calendars.event import (
    Availability,
    CalendarEvent,
    Color,
    EventType,
    Response,
    Visibility,
    meeting_id_for_event,
)
from minutekeeper.calendars.limited_events import LimitContext
from minutekeeper.calendars.limits import LeftOut, LimitReached
from minutekeeper.calendars.objections import CalendarRules
from minutekeeper.calendars.occurrences import as_tracked
from minutekeeper.calendars.people import organised_by_owner, owner_response, participants, those_who_declined
from minutekeeper.calendars.policy import Policy
from minutekeeper.calendars.rules import BuiltinRule
from minutekeeper.calendars.tracked_events import TrackedEvent, TrackedEvents, entry_for
from minutekeeper.meetings.meeting_urls import public_url
from minutekeeper.providers.calendar_registry import CalendarProviders
from starter.calendars.events import EventMeeting, meetings_of
from starter.calendars.limits import limited
from starter.calendars.lookup import find_event, no_such_event
from starter.calendars.opinions import CalendarOpinion


class RuleVerdict(BaseModel):
    """A rule that was evaluated in its turn: whether it holds, and why."""

    model_config = ConfigDict(frozen=True)

    number: int
    name: str
    holds: bool
    why: str


class EventFacts(BaseModel):
    """The facts of an event that rules can evaluate."""

    model_config = ConfigDict(frozen=True)

    start_time: AwareDatetime
    minutes: float
    meeting_url: str
    platform: str
    organizer_email: str
    is_organizer: bool
    people: tuple[str, ...]
    declined: tuple[str, ...]
    guests_known: bool
    response: Response
    is_recurring: bool
    number: int
    event_type: EventType
    visibility: Visibility
    availability: Availability
    location: str
    categories: tuple[str, ...]
    color: Color | None
    all_day: bool
    deleted: bool


class EventExplanation(BaseModel):
    """Why an event is recorded or not.

    `facts` is None for an event that the provider no longer knows; then the last decision is shown.
    `is_carried_out` is False if the decision has changed since the last reconciliation; the next one applies it.
    `opted_out` are the people who take part and have opted out of recordings, `calendars` what every calendar wants
    that claims the meeting or objects to it.
    """

    model_config = ConfigDict(frozen=True)

    calendar_id: str
    event_id: str
    title: str
    start_time: AwareDatetime
    record: bool
    rule: str
    reason: str
    without_limits: str = ""
    """What was decided of an event before a limit left it out; empty otherwise."""
    limit: LimitReached | None = None
    is_carried_out: bool
    considered: tuple[RuleVerdict, ...] = ()
    actions: tuple[str, ...] = ()
    """What the policy wants of the meeting, one sentence each."""
    facts: EventFacts | None = None
    meeting: EventMeeting
    opted_out: tuple[str, ...] = ()
    calendars: tuple[CalendarOpinion, ...] = ()


async def explain_decision(  # noqa: PLR0913 - one argument for each thing that it works with
    temporal: Client,
    provider: CalendarProviders,
    tracked: TrackedEvents,
    rules: CalendarRules,
    *,
    limits: LimitContext,
    text: str,
) -> EventExplanation:
    """Decides with the same function as reconciling does.

    Raises EventNotFoundError, and ProviderError if the event cannot be read.
    """
    entry, event = await find_event(provider, tracked, text)
    meeting_id = entry.meeting_id if entry else meeting_id_for_event(event) if event else ""
    meeting = (await meetings_of(temporal, [meeting_id]))[meeting_id]
    if event is not None:
        (numbered,) = as_tracked([event], tracked)
        decision = rules.decide(numbered, datetime.now(UTC))
        decided = _with_limits(numbered, decision, tracked, limits)
        return _of_event(numbered, decision, (entry, decided), meeting, rules)
    if entry is not None:
        return _of_entry(tracked.calendar_id, entry, meeting)
    raise no_such_event(tracked.calendar_id, text)


def _with_limits(
    event: CalendarEvent, decision: Decision, tracked: TrackedEvents, limits: LimitContext
) -> TrackedEvent:
    """The event as the next reconcile tracks it, which may be left out by a limit."""
    now = datetime.now(UTC)
    snapshot = tracked.with_snapshot([entry_for(event, decision)], now, complete=False)
    return limited(snapshot, limits, now).events.entries[event.event_id]


def _of_event(
    event: CalendarEvent,
    decision: Decision,
    entries: tuple[TrackedEvent | None, TrackedEvent],
    meeting: EventMeeting,
    rules: CalendarRules,
) -> EventExplanation:
    """`entries` are the event as it is tracked, and as the next reconcile tracks it."""
    policy, (entry, decided) = rules.policy, entries
    left_out = decided.left_out
    return EventExplanation(
        calendar_id=event.calendar_id,
        event_id=event.event_id,
        title=event.title,
        start_time=decision.start_time or event.start_time,
        record=decision.record and left_out is None,
        rule=decided.rule if left_out else decision.rule,
        reason=decided.reason if left_out else decision.reason,
        without_limits=decision.reason if left_out else "",
        limit=left_out.limit if left_out else None,
        is_carried_out=entry is not None and _is_as_decided(entry, decision, left_out),
        considered=_evaluate_rules(policy, event, decision),
        actions=tuple(describe_actions(decision.bot, decision.wanted, decision.metadata, decision.importance)),
        facts=_facts(event, policy),
        meeting=meeting,
        opted_out=tuple(sorted(rules.shared.opted_out_of(event))),
    )


def _is_as_decided(entry: TrackedEvent, decision: Decision, left_out: LeftOut | None) -> bool:
    known = entry.desired
    before = (entry.record, entry.rule, known.bot, known.wanted, known.metadata)
    made = (False, BuiltinRule.LIMIT.value) if left_out else (decision.record, decision.rule)
    return before == (*made, decision.bot, decision.wanted, decision.metadata)


def _of_entry(calendar_id: str, entry: TrackedEvent, meeting: EventMeeting) -> EventExplanation:
    return EventExplanation(
        calendar_id=calendar_id,
        event_id=entry.event_id,
        title=entry.desired.title,
        start_time=entry.desired.start_time,
        record=entry.record,
        rule=entry.rule,
        reason=entry.reason,
        actions=tuple(
            describe_actions(entry.desired.bot, entry.desired.wanted, entry.desired.metadata, entry.importance)
        ),
        is_carried_out=entry.rule in {BuiltinRule.GONE, BuiltinRule.DELETED},
        meeting=meeting,
    )


def _evaluate_rules(policy: Policy, event: CalendarEvent, decision: Decision) -> tuple[RuleVerdict, ...]:
    """Empty if the decision was made before any rule was evaluated."""
    if decision.rule in set(BuiltinRule) - {BuiltinRule.OTHERWISE, BuiltinRule.ALL_DAY}:
        return ()
    return tuple(
        RuleVerdict(number=each.number, name=each.rule.name, holds=each.holds, why=each.why)
        for each in evaluate_rules(policy, event)
    )


def _facts(event: CalendarEvent, policy: Policy) -> EventFacts:
    event = policy.with_hours(event)
    link, own = event.link, policy.my_emails
    return EventFacts(
        start_time=event.start_time,
        minutes=event.length.total_seconds() / 60,
        meeting_url=link.public if link else public_url(event.meeting_url),
        platform=link.platform if link else "",
        organizer_email=event.organizer_email,
        is_organizer=organised_by_owner(event, own),
        people=tuple(sorted(each.name for each in participants(event, own))),
        declined=tuple(sorted(each.name for each in those_who_declined(event, own))),
        guests_known=event.guests_known,
        response=owner_response(event, own),
        is_recurring=event.is_recurring or bool(event.recurring_event_id),
        number=event.number,
        event_type=event.event_type,
        visibility=event.visibility,
        availability=event.availability,
        location=event.location,
        categories=event.categories,
        color=event.color,
        all_day=event.all_day,
        deleted=event.deleted,
    )
