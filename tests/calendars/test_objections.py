"""Whose word counts among the calendars of one meeting, and people who opted out."""

from datetime import timedelta
from typing import Any

import pytest

from minutekeeper.calendars.decisions import NO_OVERRIDES, Decision, decide
from minutekeeper.calendars.event import meeting_id_for_event
from minutekeeper.calendars.objections import (
    CalendarRules,
    OptOuts,
    SharedDecision,
    SharedMeetings,
    VetoScope,
    Wish,
    decide_together,
)
from minutekeeper.calendars.policy import DEFAULT_POLICY, Policy
from tests.calendars.support import HOUR, NOW, an_event

GRETA = "greta@acme.com"
ID = meeting_id_for_event(an_event())
ALWAYS, NEVER = NO_OVERRIDES.with_event(ID, "always"), NO_OVERRIDES.with_event(ID, "never")
SKIP = Policy(otherwise="skip")
INVITED: dict[str, Any] = {"attendees": [{"email": "Greta@Acme.com "}]}
VETO = SharedMeetings(objecting={ID: {Wish.NEVER}})
HIDDEN = SharedMeetings(objecting={ID: {Wish.OPTED_OUT}})
OPTED_OUT = SharedMeetings(opted_out={GRETA})


def together(
    shared: SharedMeetings, policy: Policy = DEFAULT_POLICY, overrides: Any = NO_OVERRIDES, **fields: Any
) -> SharedDecision:
    event = an_event(**fields)
    return decide_together(decide(policy, overrides, event, NOW), event, shared, NOW)


def outcome(made: SharedDecision) -> tuple[bool, str, Wish | None]:
    return made.decision.record, made.decision.rule, made.wish


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (together(SharedMeetings()), (True, "otherwise", None)),
        (together(VETO), (False, "veto", Wish.RECORD)),
        (together(VETO, uid="told later", known_ids=[ID]), (False, "veto", Wish.RECORD)),
        (together(VETO, overrides=ALWAYS), (False, "veto", Wish.RECORD)),
        (together(VETO, overrides=NEVER), (False, "override", Wish.NEVER)),
        (together(VETO, SKIP), (False, "otherwise", None)),
        (together(VETO._replace(veto=VetoScope.OWN)), (True, "otherwise", None)),
        (together(VETO._replace(veto=VetoScope.OWN), overrides=NEVER), (False, "override", Wish.NEVER)),
        (together(HIDDEN._replace(veto=VetoScope.OWN)), (False, "opted_out", Wish.RECORD)),
        (together(HIDDEN, overrides=ALWAYS), (False, "opted_out", Wish.RECORD)),
        (together(OPTED_OUT), (True, "otherwise", None)),
        (together(OPTED_OUT, **INVITED), (False, "opted_out", Wish.OPTED_OUT)),
        (together(OPTED_OUT, overrides=ALWAYS, **INVITED), (False, "opted_out", Wish.OPTED_OUT)),
        (together(OPTED_OUT, SKIP, **INVITED), (False, "opted_out", Wish.OPTED_OUT)),
        (together(OPTED_OUT, overrides=NEVER, **INVITED), (False, "override", Wish.OPTED_OUT)),
        (together(OPTED_OUT, organizer_email=GRETA), (False, "opted_out", Wish.OPTED_OUT)),
        (together(OPTED_OUT._replace(owners=[GRETA])), (False, "opted_out", Wish.OPTED_OUT)),
        (together(OPTED_OUT._replace(owners=[GRETA]), SKIP, response="declined"), (False, "otherwise", None)),
        (together(OPTED_OUT, **INVITED, deleted=True), (False, "deleted", None)),
        (together(OPTED_OUT, **INVITED, meeting_url=""), (False, "no_link", Wish.OPTED_OUT)),
        (together(OPTED_OUT, **INVITED, provider_records=True), (False, "provider_records", Wish.OPTED_OUT)),
        (together(VETO, overrides=NEVER, start_time=NOW - 2 * HOUR), (False, "override", None)),
        (together(VETO, overrides=NEVER, deleted=True), (False, "override", None)),
    ],
)
def test_what_is_decided_and_what_the_other_calendars_hear(
    made: SharedDecision, expected: tuple[bool, str, Wish | None]
) -> None:
    assert outcome(made) == expected


def test_a_guest_who_declined_does_not_take_part() -> None:
    declined: dict[str, Any] = {"attendees": [{"email": GRETA, "response": "declined"}]}
    assert outcome(together(OPTED_OUT, **declined)) == (True, "otherwise", None)


def test_a_skipped_decision_has_no_bot_and_keeps_its_time() -> None:
    timed = Decision(record=True, rule="otherwise", reason="", start_time=NOW, end_time=NOW + HOUR)
    skipped = decide_together(timed, an_event(), VETO, NOW).decision
    assert (skipped.bot, skipped.start_time, skipped.end_time) == (None, NOW, NOW + HOUR)
    assert skipped.reason == 'Skipped: the user of another calendar chose "never" for this meeting.'


def test_no_name_of_a_person_is_in_a_reason() -> None:
    for shared in (OPTED_OUT, OPTED_OUT._replace(objecting=HIDDEN.objecting)):
        assert GRETA not in together(shared, **INVITED).decision.reason
    assert together(HIDDEN).decision.reason.startswith("Skipped: another calendar shows that a person")


def test_the_rules_of_a_calendar_hear_the_others_too() -> None:
    assert CalendarRules(DEFAULT_POLICY, NO_OVERRIDES).decide(an_event(), NOW).record
    assert not CalendarRules(DEFAULT_POLICY, NO_OVERRIDES, VETO).decide(an_event(), NOW).record


def test_an_opt_out_is_dated_by_its_first_time_and_can_be_taken_back() -> None:
    known = OptOuts().with_person(" Greta@Acme.com", NOW).with_person(GRETA, NOW + timedelta(days=1))
    assert known.people == {GRETA: NOW}
    assert known.without_person("GRETA@acme.com").people == {}
