"""The page about policies: its examples load, its table of decisions is true, and it leaves nothing out."""

import json
import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel

from minutekeeper.calendars.actions import ArtifactOverrides, BotOverrides, describe_actions
from minutekeeper.calendars.event import Availability, Color, EventType, Response, Visibility
from minutekeeper.calendars.limited_events import LimitContext, limit_events, own_bookings, wanted_bookings
from minutekeeper.calendars.limits import Limits
from minutekeeper.calendars.limits_file import InstallationLimits, load_limits
from minutekeeper.calendars.people_conditions import AttendeesCondition, OrganizerCondition
from minutekeeper.calendars.policy import DEFAULT_POLICY, Policy, PolicyError, load_policy
from minutekeeper.calendars.rule_conditions import Conditions
from minutekeeper.calendars.rules import BuiltinRule, Rule
from minutekeeper.calendars.time_conditions import OccurrenceCondition, WorkingHours
from minutekeeper.calendars.tracked_events import TrackedEvents
from minutekeeper.meetings.meeting_urls import Platform
from starter.calendars.policy_schema import limits_schema, policy_schema
from tests.calendars.support import an_entry, an_event, decided

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "policy.md").read_text()
BLOCKS = re.findall(r"(<!-- (?:faulty|limits-file) -->\n)?```json\n(.*?)```", PAGE, re.DOTALL)
EXAMPLES = [text for apart, text in BLOCKS if not apart]
((FAULTY,), (LIMITS_FILE,)) = (
    [text for apart, text in BLOCKS if kind in apart] for kind in ("faulty", "limits-file")
)
LIMITED_TABLE = PAGE.partition("<!-- limited -->\n")[2].partition("<!-- /limited -->")[0]
LIMITED = [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in LIMITED_TABLE.splitlines()[2:]]
TABLE = PAGE.partition("<!-- decisions -->\n")[2].partition("<!-- /decisions -->")[0]
ROWS = [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in TABLE.splitlines()[2:]]
WISH_TABLE = PAGE.partition("<!-- wishes -->\n")[2].partition("<!-- /wishes -->")[0]
WISHES = [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in WISH_TABLE.splitlines()[2:]]
(EVERYTHING,) = [text for text in EXAMPLES if '"version": 1' in text]
(WISHED,) = [text for text in EXAMPLES if '"said no"' in text]


@pytest.mark.parametrize("text", EXAMPLES)
def test_every_example_is_a_policy(text: str) -> None:
    load_policy(text)


def test_the_first_example_is_the_default() -> None:
    assert load_policy(EXAMPLES[0]) == DEFAULT_POLICY


def test_one_example_uses_every_condition() -> None:
    policy = load_policy(EVERYTHING)
    rule = policy.rules[0]
    assert policy.model_fields_set | {"bot", "wanted", "metadata"} == set(Policy.model_fields)
    parts: list[BaseModel | str | None] = [
        rule,
        rule.when,
        rule.bot,
        rule.wanted,
        rule.when.attendees,
        rule.when.organizer,
        rule.when.working_hours,
        rule.when.occurrence,
        policy.limits,
    ]
    for part in parts:
        assert isinstance(part, BaseModel)
        assert part.model_fields_set == set(type(part).model_fields)


def test_the_page_shows_what_is_wanted_of_a_meeting() -> None:
    about = PAGE.partition("<!-- actions -->")[2]
    (policy, *_), (said, *_) = (re.findall(rf"```{kind}\n(.*?)```", about, re.DOTALL) for kind in ("json", "text"))
    event = an_event(
        title="Interview Q3",
        organizer_email="ben@acme.com",
        organizer_name="Ben",
        own_emails=["anna@acme.com"],
        attendees=[{"email": "anna@acme.com", "name": "Anna"}],
    )
    made = decided(event, load_policy(policy))
    assert [*describe_actions(made.bot, made.wanted, made.metadata)] == said.splitlines()


_IN_EVENTS = {"description": "notes"}


@pytest.mark.parametrize("row", WISHES, ids=" ".join)
def test_the_table_of_wishes_is_true(row: list[str]) -> None:
    like, verdict, by = row
    fields = {
        "title": "Weekly",
        "organizer_email": "anna@acme.com",
        "visibility": "default",
        "availability": "busy",
    }
    said = {_IN_EVENTS.get(name, name): value for name, value in json.loads(like).items()}
    begin = datetime.fromisoformat(said.get("start_time", "2026-12-01T09:00:00Z"))
    made = decided(an_event(**fields | said | {"start_time": begin}), load_policy(WISHED))
    assert ("record" if made.record else "skip", made.rule) == (verdict, by)


def test_the_table_of_wishes_shows_every_rule() -> None:
    names = {rule.name for rule in load_policy(WISHED).rules}
    assert {row[-1] for row in WISHES} == names | {"otherwise", "all_day", "no_meeting"}


def test_every_example_is_as_the_schema_says_and_the_faulty_one_is_not() -> None:
    validator = Draft202012Validator(policy_schema())
    validator.check_schema(policy_schema())
    for text in EXAMPLES:
        validator.validate(json.loads(text))
    found = {"/".join(map(str, error.absolute_path)) for error in validator.iter_errors(json.loads(FAULTY))}
    assert found == {"rules/0/when", "rules/1/when/platform", "rules/1/then", "limits", "limits/per_day"}


def test_the_file_of_limits_is_as_its_schema_says_and_uses_every_field() -> None:
    validator = Draft202012Validator(limits_schema())
    validator.check_schema(limits_schema())
    validator.validate(json.loads(LIMITS_FILE))
    limits = load_limits(LIMITS_FILE)
    assert limits.model_fields_set == set(InstallationLimits.model_fields)
    assert limits.installation is not None
    assert limits.installation.model_fields_set == set(Limits.model_fields)
    assert list(validator.iter_errors({"per_user": {"at_once": 0}}))


def test_the_day_with_limits_comes_to_what_the_page_says() -> None:
    about = PAGE.partition("<!-- limits -->")[2]
    (text, *_), (said, *_) = (re.findall(rf"```{kind}\n(.*?)```", about, re.DOTALL) for kind in ("json", "text"))
    policy = load_policy(text)
    now = datetime.fromisoformat("2026-11-30T12:00:00Z")
    entries = {}
    for number, (title, guest, start, minutes, *_) in enumerate(LIMITED):
        begin = datetime.fromisoformat(start)
        event = an_event(
            event_id=title,
            uid=title,
            title=title,
            meeting_url=f"https://zoom.us/j/1234567890{number}",
            organizer_email="anna@acme.com",
            attendees=[{"email": guest}],
            start_time=begin,
            end_time=begin + timedelta(minutes=int(minutes)),
        )
        entries[title] = an_entry(event, policy, now)
    context = LimitContext(own_bookings("c1", "anna", policy, None))
    events = TrackedEvents(calendar_id="c1", entries=entries)
    made = limit_events(events, wanted_bookings(events, context, now), context, now).events.entries
    decided_so = {(title, "record" if each.record else "skip", each.rule) for title, each in made.items()}
    assert decided_so == {(title, verdict, by) for title, *_, verdict, by in LIMITED}
    assert [f"{title}: {each.reason}" for title, each in made.items() if each.left_out] == said.splitlines()


def test_the_schema_has_a_sentence_for_every_condition() -> None:
    for name in ("Conditions", "AttendeesCondition", "OrganizerCondition"):
        fields = policy_schema()["$defs"][name]["properties"]
        assert [field for field, says in fields.items() if not says["description"].endswith(".")] == []


@pytest.mark.parametrize("row", ROWS, ids=" ".join)
def test_the_table_of_decisions_is_true(row: list[str]) -> None:
    title, guest, answer, start, minutes, verdict, by = row
    begin = datetime.fromisoformat(start)
    event = an_event(
        title=title,
        organizer_email="anna@acme.com",
        attendees=[{"email": guest}],
        response=answer,
        start_time=begin,
        end_time=begin + timedelta(minutes=int(minutes)),
    )
    made = decided(event, load_policy(EXAMPLES[-1]))
    assert ("record" if made.record else "skip", made.rule) == (verdict, by)


def test_the_table_shows_every_rule_and_both_verdicts() -> None:
    names = {rule.name for rule in load_policy(EXAMPLES[-1]).rules}
    assert {row[-1] for row in ROWS} == names | {BuiltinRule.OTHERWISE}
    assert {row[-2] for row in ROWS} == {"record", "skip"}


def test_the_faulty_policy_is_refused_as_the_page_says() -> None:
    (lines,) = re.findall(r"```text\n(.*?)```", PAGE.partition("<!-- faulty -->")[2], re.DOTALL)
    with pytest.raises(PolicyError) as error:
        load_policy(FAULTY)
    assert f"{error.value}\n" == lines


def test_the_page_names_every_field_and_every_word() -> None:
    models: list[type[BaseModel]] = [
        Policy,
        InstallationLimits,
        Limits,
        Rule,
        BotOverrides,
        ArtifactOverrides,
        Conditions,
        AttendeesCondition,
        OrganizerCondition,
        WorkingHours,
        OccurrenceCondition,
    ]
    names = [field.alias or name for model in models for name, field in model.model_fields.items()]
    prose = re.sub(r"```.*?```", "", PAGE, flags=re.DOTALL)
    words = (*Response, *Platform, *EventType, *Visibility, *Availability, *Color)
    for name in (*names, *BuiltinRule, *words):
        assert re.search(rf"`{re.escape(name)}`|\"{name}\":", prose), f"docs/policy.md does not explain {name}"
