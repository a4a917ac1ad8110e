"""Who decides, in which order, and what is said about it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minutekeeper.calendars.decisions import NO_OVERRIDES, Decision, Override, Overrides, decide, evaluate_rules
from minutekeeper.calendars.event import meeting_id_for_event
from minutekeeper.calendars.policy import DEFAULT_POLICY, Policy
from minutekeeper.calendars.rules import BuiltinRule
from minutekeeper.calendars.tracked_events import entry_for
from minutekeeper.meetings.fields import BotOptions, RecordingMode
from tests.calendars.support import DAY, HOUR, NOW, START, a_policy, an_event, decided

ALL = {"name": "all", "then": "record"}
E1 = meeting_id_for_event(an_event())
ALWAYS, NEVER = Overrides(events={E1: "always"}), Overrides(events={E1: "never"})

IMPOSSIBLE = [
    ({"deleted": True}, "deleted", "Not recorded: the event was deleted or cancelled."),
    ({"meeting_url": " "}, "no_link", "Not recorded: the event has no link to a meeting."),
    (
        {"meeting_url": "https://acme.webex.com/x"},
        "unusable_link",
        "Not recorded: its link is none of Google Meet,",
    ),
    ({"event_type": "out_of_office"}, "no_meeting", "Not recorded: it is no meeting, its type is out_of_office."),
    ({"event_type": "focus_time"}, "no_meeting", "Not recorded: it is no meeting, its type is focus_time."),
    ({"event_type": "working_location"}, "no_meeting", "Not recorded: it is no meeting"),
    ({"event_type": "birthday"}, "no_meeting", "Not recorded: it is no meeting, its type is birthday."),
    ({"start_time": NOW - 2 * HOUR, "end_time": NOW - HOUR}, "over", "Not recorded: it is over."),
    ({"start_time": NOW - HOUR, "end_time": NOW + timedelta(minutes=1)}, "over", "Not recorded: it is over."),
]


def decision(policy: Policy, overrides: Overrides = NO_OVERRIDES, now: datetime = NOW, **fields: Any) -> Decision:
    return decide(policy, overrides, an_event(**fields), now)


@pytest.mark.parametrize(("fields", "rule", "reason"), IMPOSSIBLE)
@pytest.mark.parametrize("overrides", [NO_OVERRIDES, ALWAYS])
def test_what_is_impossible_no_rule_and_no_word_can_change(
    fields: dict[str, Any], rule: str, reason: str, overrides: Overrides
) -> None:
    made = decision(a_policy(ALL), overrides, **fields)
    assert (made.record, made.rule, made.bot) == (False, rule, None)
    assert made.reason.startswith(reason)


@pytest.mark.parametrize(("fields", "rule", "reason"), IMPOSSIBLE)
def test_never_goes_before_everything(fields: dict[str, Any], rule: str, reason: str) -> None:  # noqa: ARG001 - one table for two tests
    made = decision(a_policy(ALL), NEVER, **fields)
    assert made == Decision(record=False, rule="override", reason='Skipped: a user chose "never" for this event.')


def test_what_the_provider_records_by_itself_gets_no_second_bot_whatever_is_said() -> None:
    for overrides in (NO_OVERRIDES, ALWAYS):
        made = decision(a_policy(ALL), overrides, provider_records=True)
        assert (made.record, made.rule) == (False, "provider_records")
    assert decision(a_policy(ALL), provider_records=True, deleted=True).rule == "deleted"


def test_always_goes_before_the_rules() -> None:
    made = decision(a_policy({"name": "none", "then": "skip"}, bot={"name": "Notes"}), ALWAYS)
    assert made.reason == 'Recorded: a user chose "always" for this event.'
    assert (made.record, made.bot) == (True, BotOptions(name="Notes"))


def test_what_runs_is_still_recorded_until_its_last_minute() -> None:
    end = NOW + timedelta(seconds=61)
    assert decision(DEFAULT_POLICY, start_time=NOW - HOUR, end_time=end).record


def test_the_word_for_an_event_goes_before_that_for_its_series() -> None:
    overrides = Overrides(events={E1: "always"}, series={"s1": "never"})
    instance, sibling = an_event(recurring_event_id="s1"), an_event(event_id="e2", recurring_event_id="s1")
    assert overrides.for_event(instance) == Override("always", "event")
    assert overrides.for_event(sibling) == Override("never", "series")
    assert decided(sibling, overrides=overrides).reason == 'Skipped: a user chose "never" for this series.'
    assert overrides.for_event(an_event(event_id="e3")) is None


def test_words_can_be_given_and_taken_back() -> None:
    given = NO_OVERRIDES.with_event("e1", "never").with_series("s1", "always").with_event("e2", "always")
    assert given == Overrides(events={"e1": "never", "e2": "always"}, series={"s1": "always"})
    assert given.with_event("e1", None).with_event("e2", None).with_series("s1", None) == NO_OVERRIDES
    assert NO_OVERRIDES.with_event("e1", None) == NO_OVERRIDES
    assert Overrides.model_validate_json(given.model_dump_json(exclude_unset=True)) == given


def test_an_empty_series_id_is_no_series() -> None:
    assert Overrides(series={"": "never"}, events={"": "never"}).for_event(an_event()) is None


@pytest.mark.parametrize("response", ["accepted", "tentative", "needs_action", "unknown"])
def test_by_default_everything_with_a_link_is_recorded(response: str) -> None:
    made = decision(DEFAULT_POLICY, response=response)
    assert made.reason == 'Recorded: no rule holds, and otherwise the policy says "record".'
    assert (made.record, made.rule, made.bot) == (True, "otherwise", None)


def test_by_default_what_the_owner_declined_is_not_recorded() -> None:
    made = decision(DEFAULT_POLICY, response="declined")
    reason = 'Skipped by rule 1, "declined": the owner\'s answer is declined.'
    assert made == Decision(record=False, rule="declined", reason=reason)


def test_the_reason_names_the_rule_and_all_that_made_it_hold() -> None:
    policy = a_policy(
        {"name": "short", "when": {"maximum_minutes": 10}, "then": "skip"},
        {
            "name": "customers",
            "when": {"attendees": {"external": True, "at_least": 2}, "title": ["demo", "*call*"]},
            "unless": {"response": "declined", "organizer": "others"},
            "then": "record",
        },
        my_domains=["acme.com"],
    )
    event = an_event(title="Demo", attendees=[{"email": "a@acme.com"}, {"email": "b@customer.com"}])
    assert decided(event, policy).reason == (
        'Recorded by rule 2, "customers": a guest is external and at least 2 take part and the title '
        "is like demo or *call* and it is not the case that the owner is not the organiser and the owner's answer "
        "is declined."
    )
    short, customers = evaluate_rules(policy, event)
    assert (short.number, short.holds, short.why) == (1, False, "it lasts at most 10 minutes")
    assert (customers.number, customers.holds, customers.rule) == (2, True, policy.rules[1])


def test_a_reason_is_never_long() -> None:
    when = {"title": [str(n) * 200 for n in range(9)] + ["weekly"]}
    made = decision(a_policy({"name": "x" * 100, "when": when, "then": "skip"}))
    assert len(made.reason) == 300
    assert made.reason.endswith("…")


def test_the_bot_of_a_rule_goes_before_that_of_the_policy() -> None:
    rule = {"name": "quiet", "then": "record", "bot": {"recording_mode": "audio_only", "name": "Ears"}}
    policy = a_policy(rule, bot={"name": "Notes", "entry_message": "Hello"})
    expected = BotOptions(name="Ears", entry_message="Hello", recording_mode=RecordingMode.AUDIO_ONLY)
    made = decision(policy)
    assert made.bot == expected
    assert made.bot.model_fields_set == {"name", "entry_message", "recording_mode"}


@pytest.mark.parametrize(("otherwise", "record"), [("record", True), ("skip", False)])
def test_the_last_word_is_the_policys(otherwise: str, *, record: bool) -> None:
    made = decision(a_policy(otherwise=otherwise, bot={"name": "Notes"}))
    assert (made.record, made.rule, made.bot is not None) == (record, BuiltinRule.OTHERWISE, record)


rules = st.lists(
    st.tuples(
        st.sampled_from(
            [{}, {"recurring": True}, {"title": "weekly"}, {"organizer": "me"}, {"minimum_minutes": 90}]
        ),
        st.sampled_from(["record", "skip"]),
    ),
    max_size=6,
)
events = st.builds(
    an_event,
    title=st.sampled_from(["Weekly", "Other"]),
    is_recurring=st.booleans(),
    is_organizer=st.booleans(),
    start_time=st.just(START),
    end_time=st.sampled_from([START + HOUR, START + 2 * HOUR]),
    event_id=st.sampled_from(["e1", "e2"]),
    deleted=st.booleans(),
)


@given(rules, events, st.sampled_from([NO_OVERRIDES, ALWAYS, NEVER]))
def test_the_first_rule_that_holds_decides_and_always_the_same(
    drawn: list[tuple[dict[str, Any], str]], event: Any, overrides: Overrides
) -> None:
    written = [{"name": f"r{n}", "when": when, "then": then} for n, (when, then) in enumerate(drawn)]
    policy = a_policy(*written, otherwise="skip")
    made = decide(policy, overrides, event, NOW)
    assert made == decide(policy, overrides, event, NOW)
    if overrides.for_event(event) or event.deleted:
        assert made.rule in {"override", "deleted"}
        return
    alone = [decide(a_policy(rule, otherwise="skip"), overrides, event, NOW) for rule in written]
    holding = [rule for rule, own in zip(written, alone, strict=True) if own.rule == rule["name"]]
    assert made.rule == (holding[0]["name"] if holding else "otherwise")
    assert made.record == (bool(holding) and holding[0]["then"] == "record")


@given(rules, events, st.integers(1, 10))
def test_rules_behind_the_one_that_decides_change_nothing(
    drawn: list[tuple[dict[str, Any], str]], event: Any, more: int
) -> None:
    first = [{"name": f"r{n}", "when": when, "then": then} for n, (when, then) in enumerate(drawn)]
    last = {"name": "last", "then": "record"}
    behind = [{"name": f"behind{n}", "then": "skip"} for n in range(more)]
    short, long = a_policy(*first, last), a_policy(*first, last, *behind)
    assert decide(short, NO_OVERRIDES, event, NOW) == decide(long, NO_OVERRIDES, event, NOW)


def test_only_the_clock_can_change_a_decision_and_only_when_the_event_is_over() -> None:
    times = [START - 30 * DAY, START - HOUR, START, START + timedelta(minutes=58), START + HOUR]
    made = [decision(DEFAULT_POLICY, now=now) for now in times]
    assert [each.rule for each in made] == ["otherwise"] * 4 + ["over"]
    assert len(set(map(repr, made[:4]))) == 1


@pytest.mark.parametrize("event_type", ["default", "from_mail", "other"])
def test_any_other_entry_may_be_a_meeting(event_type: str) -> None:
    assert decision(DEFAULT_POLICY, event_type=event_type).record


DECEMBER = datetime(2026, 12, 1, tzinfo=UTC)
WHOLE_DAY: dict[str, Any] = {"all_day": True, "start_time": DECEMBER, "end_time": DECEMBER + DAY}
HACKATHON = {"name": "hackathon", "when": {"all_day": True, "title": "hackathon"}, "then": "record"}


def test_what_lasts_all_day_is_recorded_only_where_a_rule_asks_for_it() -> None:
    policy = a_policy(ALL, HACKATHON, time_zone="Europe/Berlin")
    other = decision(policy, **WHOLE_DAY)
    assert (other.record, other.rule) == (False, "all_day")
    assert other.reason == "Not recorded: it lasts all day, and no rule asks for such events."
    first, _ = evaluate_rules(policy, an_event(**WHOLE_DAY))
    assert first.why == "it does not last all day (the rule does not say all_day)"
    wanted = decision(policy, **WHOLE_DAY, title="Our hackathon")
    assert (wanted.record, wanted.rule) == (True, "hackathon")
    declined = {"name": "declined", "when": {"response": "declined"}, "then": "skip"}
    assert decision(a_policy(declined), **WHOLE_DAY, response="declined").rule == "declined"


def test_a_person_may_want_an_event_that_lasts_all_day() -> None:
    assert decision(DEFAULT_POLICY, ALWAYS, **WHOLE_DAY).record


@pytest.mark.parametrize(
    ("fields", "start", "end"),
    [
        ({}, "2026-12-01T09:00+00:00", "2026-12-02T00:00+00:00"),
        ({"time_zone": "Europe/Berlin"}, "2026-12-01T08:00+00:00", "2026-12-01T23:00+00:00"),
        ({"time_zone": "America/Los_Angeles"}, "2026-12-01T17:00+00:00", "2026-12-02T08:00+00:00"),
        ({"all_day_start": "13:30"}, "2026-12-01T13:30+00:00", "2026-12-02T00:00+00:00"),
    ],
)
@pytest.mark.parametrize("shift", [-11, -1, 0, 8])
def test_the_bot_of_an_event_that_lasts_all_day_comes_by_the_policys_clock(
    fields: dict[str, Any], start: str, end: str, shift: int
) -> None:
    """Midnight may be that of any zone."""
    day = {"all_day": True, "start_time": DECEMBER + shift * HOUR, "end_time": DECEMBER + DAY + shift * HOUR}
    event = an_event(**day, title="Hackathon")
    made = decide(a_policy(HACKATHON, **fields), NO_OVERRIDES, event, NOW)
    times = datetime.fromisoformat(start), datetime.fromisoformat(end)
    assert (made.start_time, made.end_time) == times
    desired = entry_for(event, made).desired
    assert (desired.start_time, desired.end_time) == times


@pytest.mark.parametrize(
    ("time_zone", "hours"), [("Pacific/Auckland", 13), ("Pacific/Kiritimati", 14), ("Pacific/Pago_Pago", -11)]
)
def test_the_day_of_an_event_is_that_of_its_own_zone(time_zone: str, hours: int) -> None:
    midnight = DECEMBER - hours * HOUR
    day = {"all_day": True, "start_time": midnight, "end_time": midnight + DAY, "time_zone": time_zone}
    made = decide(a_policy(HACKATHON), NO_OVERRIDES, an_event(**day, title="Hackathon"), NOW)
    assert (made.start_time, made.end_time) == (DECEMBER + 9 * HOUR, DECEMBER + DAY)


def test_of_an_event_of_several_days_only_the_first_morning_counts() -> None:
    days: dict[str, Any] = WHOLE_DAY | {"end_time": DECEMBER + 3 * DAY, "title": "Hackathon"}
    made = decision(a_policy(HACKATHON), **days)
    assert (made.start_time, made.end_time) == (DECEMBER + 9 * HOUR, DECEMBER + 3 * DAY)
    endless = decision(a_policy(HACKATHON), **days | {"end_time": None})
    assert endless.end_time == DECEMBER + DAY


def test_an_event_that_lasts_all_day_is_over_when_the_day_is_by_the_policys_clock() -> None:
    policy = a_policy(HACKATHON, time_zone="America/Los_Angeles")
    event = an_event(**WHOLE_DAY, title="Hackathon")
    assert decide(policy, NO_OVERRIDES, event, DECEMBER + 31 * HOUR).record
    assert decide(policy, NO_OVERRIDES, event, DECEMBER + 32 * HOUR).rule == "over"


def test_the_hours_of_an_event_that_lasts_all_day_count_for_its_conditions() -> None:
    hours = {"working_hours": {"from": "09:00", "to": "09:01", "time_zone": "Europe/Berlin"}, "all_day": True}
    policy = a_policy({"name": "r", "when": hours, "then": "record"}, time_zone="Europe/Berlin", otherwise="skip")
    assert decide(policy, NO_OVERRIDES, an_event(**WHOLE_DAY), NOW).record
