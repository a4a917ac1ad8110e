"""What people read of each condition, and where the numbers and names of a policy end."""

from typing import Any

import pytest

from minutekeeper.calendars.policy import Policy, PolicyError, load_policy
from minutekeeper.calendars.rules import BuiltinRule
from tests.calendars.support import DAY, START, a_policy, an_event, decided

ANNA, BOB, OPTIONAL = {"email": "anna@acme.com"}, {"email": "bob@customer.com"}, {"optional": True}
KINDS = ("", "external_", "accepted_", "optional_")
HIDDEN = " (not all guests are known: the guest list is hidden or cut off)"


def explained(when: dict[str, Any], part: str = "when", **fields: Any) -> str:
    """The reason of a decision by one rule, without what is the same for all."""
    rule = {"name": "r", part: when, "then": "record"}
    policy = a_policy(rule, my_domains=["acme.com"], holidays=["2026-12-01"], otherwise="skip")
    reason = decided(an_event(**fields), policy).reason
    return reason.removeprefix('Recorded by rule 1, "r": ').removesuffix(".")


@pytest.mark.parametrize(
    ("when", "fields", "text"),
    [
        ({}, {}, "it holds of every event"),
        ({"organizer": "me"}, {"is_organizer": True}, "the owner is the organiser"),
        ({"organizer": "others"}, {}, "the owner is not the organiser"),
        (
            {"organizer": {"emails": "b*@customer.com", "domains": "acme.com"}},
            {"organizer_email": "bob@customer.com"},
            "the organiser is of b*@customer.com or acme.com",
        ),
        ({"response": "accepted"}, {"response": "accepted"}, "the owner's answer is accepted"),
        ({"attendees": {"external": True}}, {"attendees": [BOB]}, "a guest is external"),
        ({"attendees": {"external": False}}, {"attendees": [ANNA]}, "no guest is external"),
        (
            {"attendees": {"external": True}},
            {"attendees": [BOB], "guests_known": False},
            "a guest is external",
        ),
        ({"attendees": {"internal_only": True}}, {"attendees": [ANNA]}, "only people from inside take part"),
        ({"attendees": {"internal_only": False}}, {"attendees": [BOB]}, "not only people from inside take part"),
        (
            {"attendees": {"internal_only": False}},
            {"attendees": [ANNA], "guests_known": False},
            f"not only people from inside take part{HIDDEN}",
        ),
        (
            {"attendees": {"any_domain": ["customer.com", "x.com"]}},
            {"attendees": [BOB]},
            "a guest is from customer.com or x.com",
        ),
        ({"attendees": {"any_email": "bob@*"}}, {"attendees": [BOB]}, "a guest matches bob@*"),
        ({"attendees": {"at_least": 1}}, {"attendees": [BOB]}, "at least 1 take part"),
        ({"attendees": {"at_most": 1}}, {"attendees": [BOB]}, "at most 1 take part"),
        ({"attendees": {"external_at_least": 1}}, {"attendees": [BOB]}, "at least 1 from outside take part"),
        ({"attendees": {"external_at_most": 1}}, {"attendees": [BOB]}, "at most 1 from outside take part"),
        ({"attendees": {"accepted_at_least": 0}}, {}, "at least 0 have accepted"),
        ({"attendees": {"accepted_at_most": 1}}, {"attendees": [BOB]}, "at most 1 have accepted"),
        ({"attendees": {"optional_at_least": 1}}, {"attendees": [BOB | OPTIONAL]}, "at least 1 are optional"),
        ({"attendees": {"optional_at_most": 1}}, {"attendees": [BOB]}, "at most 1 are optional"),
        ({"attendees": {"all_known": True}}, {}, "all guests are known"),
        ({"attendees": {"all_known": False}}, {"guests_known": False}, "not all guests are known"),
        ({"recurring": True}, {"is_recurring": True}, "it is one of a series"),
        ({"recurring": False}, {}, "it is none of a series"),
        ({"occurrence": "first"}, {"number": 1}, "it is the first of its series"),
        ({"occurrence": {"every": 3}}, {"number": 4}, "it is number 1, 4, 7 … of its series"),
        ({"title": ["weekly", "x"]}, {}, "the title is like weekly or x"),
        ({"description": "x"}, {"notes": "x"}, "the description is like x"),
        ({"location": "x"}, {"location": "x"}, "the location is like x"),
        ({"text": "x"}, {"location": "x"}, "title, description or location are like x"),
        ({"link": "meet.google.com"}, {}, "the link is like meet.google.com"),
        ({"category": "x"}, {"categories": ["x"]}, "a category is like x"),
        ({"platform": "google_meet"}, {}, "it is on google_meet"),
        ({"event_type": ["default", "other"]}, {}, "its type is default or other"),
        ({"visibility": "private"}, {"visibility": "private"}, "its visibility is private"),
        ({"availability": "free"}, {"availability": "free"}, "the owner is shown as free"),
        ({"color": "tomato"}, {"color": "tomato"}, "its colour is tomato"),
        ({"all_day": True}, {"all_day": True}, "it lasts all day"),
        ({"all_day": False}, {}, "it does not last all day"),
        ({"date": "12-01"}, {}, "it starts on 12-01, UTC"),
        ({"holiday": True}, {}, "it starts on a holiday"),
        ({"holiday": False}, {"start_time": START + DAY}, "it starts on no holiday"),
        ({"minimum_minutes": 60}, {}, "it lasts at least 60 minutes"),
        ({"minimum_minutes": 1}, {}, "it lasts at least 1 minute"),
        ({"maximum_minutes": 60}, {}, "it lasts at most 60 minutes"),
        ({"recurring": False, "platform": "google_meet"}, {}, "it is none of a series and it is on google_meet"),
    ],
)
def test_a_condition_that_holds_is_told(when: dict[str, Any], fields: dict[str, Any], text: str) -> None:
    assert explained(when, **fields) == text


def test_an_exception_that_does_not_hold_is_told() -> None:
    text = explained({"recurring": True, "minimum_minutes": 1}, "unless")
    assert text == "it is not the case that it is one of a series and it lasts at least 1 minute"


def problem(**fields: Any) -> str:
    rule = {"name": "r", "then": "record"} | fields
    with pytest.raises(PolicyError) as caught:
        a_policy(rule, my_domains=["acme.com"])
    return str(caught.value)


def accepted(**fields: Any) -> Policy:
    return a_policy({"name": "r", "then": "record"} | fields, my_domains=["acme.com"])


@pytest.mark.parametrize(
    ("path", "least", "most"),
    [
        (("when", "minimum_minutes"), 0, 7 * 24 * 60),
        (("when", "maximum_minutes"), 0, 7 * 24 * 60),
        *((("when", "attendees", f"{kind}at_least"), 0, 100_000) for kind in KINDS),
        *((("when", "attendees", f"{kind}at_most"), 0, 100_000) for kind in KINDS),
        (("when", "occurrence", "every"), 2, 1000),
        (("bot", "waiting_room_timeout"), 1, 7200),
        (("bot", "noone_joined_timeout"), 1, 7200),
        (("bot", "silence_timeout"), 1, 7200),
        (("bot", "leave_at_end"), 0, 1440),
    ],
)
def test_a_number_is_bounded(path: tuple[str, ...], least: int, most: int) -> None:
    def nested(value: Any) -> dict[str, Any]:
        for name in reversed(path):
            value = {name: value}
        return dict(value)

    for value in (least, most):
        accepted(**nested(value))
    assert f"must be at least {least}, not {least - 1}" in problem(**nested(least - 1))
    assert f"must be at most {most}, not {most + 1}" in problem(**nested(most + 1))
    assert "must be a whole number" in problem(**nested("1"))


def test_the_names_of_rules_and_bots_are_bounded() -> None:
    for name in ("x", "x" * 100):
        accepted(name=name)
    assert "must not be empty" in problem(name="\n ")
    assert "is longer than 100 characters" in problem(name="x" * 101)
    for name in ("x", "x" * 255):
        accepted(bot={"name": name})
    assert "must not be empty" in problem(bot={"name": ""})
    assert "is longer than 255 characters" in problem(bot={"name": "x" * 256})


@pytest.mark.parametrize("name", BuiltinRule)
def test_no_rule_has_the_name_of_one_that_always_applies(name: BuiltinRule) -> None:
    assert f"'{name}' stands for something else in explanations; choose another name" in problem(name=name)


def test_the_rules_that_always_apply_are_words_of_the_interface() -> None:
    assert [*BuiltinRule] == [
        *(
            "override",
            "veto",
            "opted_out",
            "deleted",
            "gone",
            "no_meeting",
            "no_link",
            "unusable_link",
            "all_day",
            "over",
        ),
        *("provider_records", "limit", "otherwise"),
    ]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"unless": {}}, "unless names no condition, so the rule would never hold"),
        (
            {"then": "skip", "bot": {"name": "x"}},
            "a rule that skips sends no bot, so it cannot say what the bot is like",
        ),
        (
            {"when": {"minimum_minutes": 2, "maximum_minutes": 1}},
            "minimum_minutes 2 is more than maximum_minutes 1",
        ),
        *(
            (
                {"when": {"attendees": {f"{kind}at_least": 2, f"{kind}at_most": 1}}},
                f"{kind}at_least 2 is more than {kind}at_most 1",
            )
            for kind in KINDS
        ),
        (
            {"when": {"attendees": {"external": True, "internal_only": True}}},
            "external and internal_only cannot both be true",
        ),
        (
            {"when": {"attendees": {}}},
            "name at least one of external, internal_only, external_at_least, external_at_most, any_domain",
        ),
        ({"when": {"organizer": {}}}, "name emails, domains or both"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(fields: dict[str, Any], says: str) -> None:
    assert says in problem(**fields)


def test_equal_bounds_can_hold() -> None:
    accepted(when={"minimum_minutes": 1, "maximum_minutes": 1, "attendees": {"at_least": 1, "at_most": 1}})


def test_an_empty_policy_asks_for_nothing() -> None:
    assert load_policy("{}").rules == ()
