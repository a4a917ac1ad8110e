"""A policy is read from JSON, and everything that is wrong with it is said at once."""

import json
from typing import Any

import pytest

from minutekeeper.calendars.actions import BotOverrides
from minutekeeper.calendars.policy import DEFAULT_POLICY, MAX_CHARACTERS, Policy, PolicyError, load_policy
from minutekeeper.calendars.rules import BuiltinRule
from minutekeeper.meetings.fields import BotOptions
from tests.calendars.support import a_policy, through_temporal

FULL = {
    "$schema": "./policy.schema.json",
    "version": 1,
    "my_domains": ["Acme.com", "@acme.de"],
    "my_emails": ["Anna@acme.com"],
    "time_zone": "Europe/Berlin",
    "holidays": ["12-25"],
    "all_day_start": "08:15",
    "bot": {"name": "Notes", "recording_mode": "audio_only"},
    "rules": [
        {
            "name": "everything",
            "when": {
                "organizer": {"emails": ["a@b.c"], "domains": ["d.e"]},
                "attendees": {
                    "external": True,
                    "internal_only": False,
                    "any_domain": ["x.y"],
                    "any_email": ["*@x.y"],
                    "at_least": 2,
                    "at_most": 9,
                    "external_at_least": 1,
                    "accepted_at_most": 8,
                    "optional_at_least": 0,
                    "all_known": True,
                },
                "recurring": True,
                "occurrence": {"every": 3, "from": 2},
                "title": ["one", "two*"],
                "text": ["#record"],
                "platform": ["zoom"],
                "link": ["acme.zoom.us"],
                "event_type": ["default"],
                "visibility": ["public"],
                "availability": ["busy"],
                "category": ["customer"],
                "color": ["basil"],
                "all_day": False,
                "date": ["2026-12-01..2026-12-31"],
                "holiday": False,
                "response": ["accepted"],
                "working_hours": {"days": ["mon"], "from": "09:00", "to": "17:30", "time_zone": "UTC"},
                "minimum_minutes": 10,
                "maximum_minutes": 90,
            },
            "unless": {"organizer": "others"},
            "then": "record",
            "bot": {"entry_message": "Hello", "silence_timeout": 600},
        }
    ],
    "otherwise": "skip",
}


def problems(policy: Any) -> list[str]:
    with pytest.raises(PolicyError) as error:
        load_policy(policy if isinstance(policy, str) else json.dumps(policy))
    assert str(error.value).splitlines() == list(error.value.problems)
    return list(error.value.problems)


def with_rule(**fields: Any) -> dict[str, Any]:
    return {"rules": [{"name": "r", "then": "record"} | fields]}


def test_a_policy_comes_back_as_it_was_written() -> None:
    policy = load_policy(json.dumps(FULL))
    assert policy.my_domains == ("acme.com", "acme.de")
    assert policy.my_emails == ("anna@acme.com",)
    assert load_policy(policy.model_dump_json()) == policy
    assert load_policy(policy.model_dump_json(exclude_none=True)) == policy
    assert through_temporal(policy) == policy


def test_an_empty_policy_records_whatever_can_be_recorded() -> None:
    assert load_policy("{}") == Policy(rules=(), otherwise="record")
    assert load_policy("\ufeff{}") == load_policy("{}")


def test_the_default_policy_can_be_written_down() -> None:
    assert load_policy(DEFAULT_POLICY.model_dump_json(exclude_none=True)) == DEFAULT_POLICY


def test_one_thing_alone_needs_no_brackets() -> None:
    alone = a_policy({"name": "r", "when": {"title": "x", "platform": "zoom"}, "then": "skip"})
    listed = a_policy({"name": "r", "when": {"title": ["x"], "platform": ["zoom"]}, "then": "skip"})
    assert alone == listed


def test_all_problems_are_told_at_once() -> None:
    found = problems(
        {
            "rules": [
                {"name": "a", "then": "recrod", "when": {"atendees": {}, "working_hours": {"form": "09:00"}}},
                {"name": "a", "then": "skip", "when": {"attendees": {"external": True}}},
                {"then": "skip", "bot": {"nam": "x"}, "unless": {"attendees": {"at_lest": 3}}},
            ],
            "otherwis": "skip",
        }
    )
    assert found == [
        "rules[0].when.working_hours.from: is missing",
        "rules[0].when.working_hours.to: is missing",
        "rules[0].when.working_hours.form: unknown; did you mean from?",
        "rules[0].when.atendees: unknown; did you mean attendees?",
        "rules[0].then: must be 'record' or 'skip', not \"recrod\"",
        "rules[2].name: is missing",
        "rules[2].unless.attendees.at_lest: unknown; did you mean at_least?",
        "rules[2].bot.nam: unknown; did you mean name?",
        "otherwis: unknown; did you mean otherwise?",
        "rules: 'a' is the name of 2 rules",
        "rules[1].when.attendees.external: list your own mail domains in my_domains first",
    ]


@pytest.mark.parametrize(
    ("policy", "problem"),
    [
        ("{", "line 1, column 2: not JSON: Expecting property name enclosed in double quotes"),
        ("", "line 1, column 1: not JSON: Expecting value"),
        ("[" * 60_000, "it is nested too deeply"),
        (" " * (MAX_CHARACTERS + 1), "it is longer than 65,536 characters"),
        ('{"rules": [], "rules": []}', "'rules' is given twice in one place"),
        ("[]", "all of it must be an object in braces"),
        ("null", "all of it must be an object in braces"),
        ({"version": 2}, "version: must be 1, not 2"),
        ({"rules": {}}, "rules: must be a list"),
        ({"rules": [5]}, "rules[0]: must be an object in braces, not 5"),
        ({"rules": None}, "rules: must be a list, not null"),
        (
            {"my_domains": ["anna@acme.com"]},
            "my_domains[0]: 'anna@acme.com' is no mail domain; write it as acme.com",
        ),
        ({"time_zone": "europe/berln"}, "time_zone: 'europe/berln' is no time zone; did you mean Europe/Berlin?"),
        ({"time_zone": "Europe"}, "time_zone: 'Europe' is no time zone"),
        ({"time_zone": "../../etc/passwd"}, "time_zone: '../../etc/passwd' is no time zone"),
        ({"time_zone": 1}, "time_zone: must be a text in quotes, not 1"),
        ({"bot": {"name": ""}}, "bot.name: must not be empty"),
        ({"bot": {"silence_timeout": 0}}, "bot.silence_timeout: must be at least 1, not 0"),
        (
            {"bot": {"recording_mode": "x"}},
            "bot.recording_mode: must be 'speaker_view', 'gallery_view' or 'audio_only'",
        ),
        (with_rule(name=" \n"), "rules[0].name: must not be empty"),
        (with_rule(name="x" * 101), "rules[0].name: is longer than 100 characters"),
        (with_rule(name="otherwise"), "rules[0].name: 'otherwise' stands for something else"),
        (with_rule(unless={}), "rules[0]: unless names no condition, so the rule would never hold"),
        (with_rule(then="skip", bot={"name": "x"}), "rules[0]: a rule that skips sends no bot"),
        (with_rule(when=[]), "rules[0].when: must be an object in braces"),
        (
            with_rule(when={"organizer": "mee"}),
            "rules[0].when.organizer: must be 'me' or 'others', or an object such as",
        ),
        (with_rule(when={"organizer": {}}), "rules[0].when.organizer: name emails, domains or both"),
        (
            with_rule(when={"organizer": {"mail": "x"}}),
            "rules[0].when.organizer.mail: unknown; did you mean emails?",
        ),
        (with_rule(when={"attendees": {}}), "rules[0].when.attendees: name at least one of external"),
        (with_rule(when={"attendees": {"at_least": "3"}}), 'attendees.at_least: must be a whole number, not "3"'),
        (
            with_rule(when={"attendees": {"at_least": 3, "at_most": 2}}),
            "attendees: at_least 3 is more than at_most 2",
        ),
        (with_rule(when={"recurring": "yes"}), 'rules[0].when.recurring: must be true or false, not "yes"'),
        (with_rule(when={"title": []}), "rules[0].when.title: must name at least one"),
        (with_rule(when={"title": [" "]}), "rules[0].when.title[0]: must not be empty"),
        (with_rule(when={"title": "x" * 201}), "rules[0].when.title[0]: is longer than 200 characters"),
        (with_rule(when={"platform": "teams"}), "platform[0]: must be 'google_meet', 'zoom' or 'microsoft_teams'"),
        (with_rule(when={"minimum_minutes": -1}), "minimum_minutes: must be at least 0, not -1"),
        (with_rule(when={"minimum_minutes": 1.5}), "minimum_minutes: must be a whole number, not 1.5"),
        (
            with_rule(when={"minimum_minutes": 9, "maximum_minutes": 8}),
            "rules[0].when: minimum_minutes 9 is more than maximum_minutes 8",
        ),
        (with_rule(when={"wombat": 1}), "rules[0].when.wombat: unknown; known here are organizer, attendees"),
        (
            with_rule(when={"working_hours": {"from": "9:00", "to": "18:00"}}),
            "working_hours.from: '9:00' is no time of day; write it as 09:00",
        ),
        (
            with_rule(when={"working_hours": {"from": "18:00", "to": "09:00"}}),
            "working_hours: to 09:00 must be later than from 18:00; hours over midnight need two rules",
        ),
        (
            with_rule(when={"working_hours": {"from": "09:00", "to": "18:00", "days": ["monday"]}}),
            "working_hours.days[0]: must be 'mon', 'tue', 'wed'",
        ),
    ],
)
def test_each_problem_names_its_place_and_its_cure(policy: Any, problem: str) -> None:
    found = problems(policy)
    assert len(found) == 1
    assert problem in found[0]


def test_what_contradicts_itself_is_told() -> None:
    contradiction = {"attendees": {"external": True, "internal_only": True}}
    found = problems(with_rule(when=contradiction) | {"my_domains": ["acme.com"]})
    assert found == ["rules[0].when.attendees: external and internal_only cannot both be true"]


def test_a_policy_that_was_not_read_from_text_is_checked_too() -> None:
    rule = {"name": "r", "when": {"attendees": {"internal_only": True}}, "then": "skip"}
    with pytest.raises(ValueError, match="list your own mail domains in my_domains first"):
        Policy.model_validate({"rules": [rule]})


def test_no_rule_can_bear_the_name_of_a_fixed_one() -> None:
    for name in BuiltinRule:
        assert problems(with_rule(name=name.value))


def test_a_policy_can_set_every_option_of_the_bot() -> None:
    assert set(BotOverrides.model_fields) == set(BotOptions.model_fields)


def test_of_a_bad_name_only_the_beginning_is_repeated() -> None:
    (found,) = problems({"x\n" * 500: 1})
    assert len(found) < 300


@pytest.mark.parametrize("name", ["<", "<x>", ""])
def test_a_name_that_looks_like_none_is_told_as_well(name: str) -> None:
    with pytest.raises(PolicyError, match="unknown; known here are"):
        load_policy(json.dumps({name: 1}))
