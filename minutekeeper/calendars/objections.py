"""What keeps a meeting from being recorded beside a calendar's policy: vetoes, and people who opted out. Pure."""

from collections.abc import Collection, Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from pydantic import AwareDatetime, BaseModel, ConfigDict

from minutekeeper.calendars.decisions import Decision, Overrides, decide
from minutekeeper.calendars.event import CalendarEvent, Response, is_past
from minutekeeper.calendars.people import owner_response, participants
from minutekeeper.calendars.policy import Policy
from minutekeeper.calendars.rules import BuiltinRule


class VetoScope(StrEnum):
    """For whom the override `never` of one user speaks."""

    ANY = "any"
    """For the meeting: one `never` is enough."""
    OWN = "own"
    """For the user's own calendar: other calendars may have the meeting recorded."""


class Wish(StrEnum):
    """What a calendar says of a meeting that not all calendars agree about."""

    NEVER = "never"
    """Its user chose `never`."""
    OPTED_OUT = "opted_out"
    """It shows that a person takes part who has opted out of recordings."""
    RECORD = "record"
    """It would have the meeting recorded, if no other calendar objected."""


OBJECTING = frozenset({Wish.NEVER, Wish.OPTED_OUT})
"""The wishes that a meeting is not recorded."""

OPTED_OUT_REASON = "Skipped: a person who takes part has opted out of recordings."


class CalendarWord(BaseModel):
    """The wish of one calendar about a meeting, and the event that it has for it."""

    model_config = ConfigDict(frozen=True)

    calendar_id: str
    event_id: str
    wish: Wish
    owner: str = ""


class OptOuts(BaseModel):
    """The people who have opted out of recordings, by mail address, and since when."""

    model_config = ConfigDict(frozen=True)

    version: int = 0
    people: Mapping[str, AwareDatetime] = {}

    def with_person(self, email: str, now: datetime) -> "OptOuts":
        name = normalised_email(email)
        return self.model_copy(update={"people": {name: now} | dict(self.people)})

    def without_person(self, email: str) -> "OptOuts":
        name = normalised_email(email)
        return self.model_copy(update={"people": {each: at for each, at in self.people.items() if each != name}})


def normalised_email(email: str) -> str:
    """The form in which addresses are compared."""
    return email.strip().casefold()


class SharedMeetings(NamedTuple):
    """What other calendars say of meetings that one calendar has as well.

    `objecting` are the wishes of other calendars by meeting id, as far as they are not to record. `owners` are the
    addresses of the calendar's own user.
    """

    opted_out: Collection[str] = ()
    objecting: Mapping[str, Collection[Wish]] = {}
    owners: Collection[str] = ()
    veto: VetoScope = VetoScope.ANY

    def opted_out_of(self, event: CalendarEvent) -> frozenset[str]:
        """The people who take part in an event and have opted out of recordings."""
        if not self.opted_out:
            return frozenset()
        names = {name for person in participants(event, self.owners) for name in person.names}
        if owner_response(event, self.owners) is not Response.DECLINED:
            # Guest lists need not name the owner of the calendar.
            names |= {normalised_email(each) for each in (*self.owners, *event.own_emails)}
        return frozenset(names.intersection(self.opted_out))


NOTHING_SHARED = SharedMeetings()


class SharedDecision(NamedTuple):
    """The decision about an event when all calendars are heard.

    `wish` is what its calendar has to say to the others; None if they need not know. That a person has opted out
    comes before a `never`, because it always speaks for the meeting.
    """

    decision: Decision
    wish: Wish | None


PERSONAL_RULES = frozenset({BuiltinRule.OVERRIDE, BuiltinRule.VETO, BuiltinRule.OPTED_OUT})
"""What people decided themselves: it holds at once, also for a meeting that is being recorded."""


def decide_together(
    decision: Decision, event: CalendarEvent, shared: SharedMeetings, now: datetime
) -> SharedDecision:
    """The decision about an event after vetoes and people who opted out; no rule and no `always` beats these."""
    is_never = not decision.record and decision.rule == BuiltinRule.OVERRIDE
    objecting = {wish for each in event.meeting_ids for wish in shared.objecting.get(each, ())}
    opted_out = bool(shared.opted_out_of(event))
    made = decision
    if not is_never and _is_by_policy(decision):
        if opted_out:
            made = _skip(decision, BuiltinRule.OPTED_OUT, OPTED_OUT_REASON)
        elif decision.record and Wish.OPTED_OUT in objecting:
            reason = "Skipped: another calendar shows that a person takes part who has opted out of recordings."
            made = _skip(decision, BuiltinRule.OPTED_OUT, reason)
        elif decision.record and Wish.NEVER in objecting and shared.veto is VetoScope.ANY:
            reason = 'Skipped: the user of another calendar chose "never" for this meeting.'
            made = _skip(decision, BuiltinRule.VETO, reason)
    if event.deleted or is_past(decision.end_time or event.expected_end, now):
        return SharedDecision(made, None)
    if is_never or opted_out:
        return SharedDecision(made, Wish.OPTED_OUT if opted_out else Wish.NEVER)
    return SharedDecision(made, Wish.RECORD if decision.record and not made.record else None)


def _is_by_policy(decision: Decision) -> bool:
    """Whether a bot is possible, so that a policy or a person decided."""
    names = set(BuiltinRule) - {BuiltinRule.OTHERWISE, BuiltinRule.ALL_DAY}
    return decision.record or decision.rule not in names


def _skip(decision: Decision, rule: BuiltinRule, reason: str) -> Decision:
    return Decision(
        record=False,
        rule=rule,
        reason=reason,
        start_time=decision.start_time,
        end_time=decision.end_time,
    )


class CalendarRules(NamedTuple):
    """Everything by which the events of one calendar are decided."""

    policy: Policy
    overrides: Overrides
    shared: SharedMeetings = NOTHING_SHARED

    def decide(self, event: CalendarEvent, now: datetime) -> Decision:
        """The decision about an event at an instant, when all calendars are heard."""
        return decide_together(decide(self.policy, self.overrides, event, now), event, self.shared, now).decision
