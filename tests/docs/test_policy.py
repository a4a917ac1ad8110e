"""The page about policies: its examples load, its table of decisions is true, and it leaves nothing out."""

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pydantic import BaseModel

from minutekeeper.calendars.event import Response
from minutekeeper.calendars.policy import DEFAULT_POLICY, Policy, PolicyError, load_policy
from minutekeeper.calendars.rule_conditions import AttendeesCondition, OrganizerCondition, WorkingHours
from minutekeeper.calendars.rules import BotOverrides, BuiltinRule, Conditions, Rule
from minutekeeper.meetings.meeting_urls import Platform
from tests.calendars.support import an_event, decided

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "policy.md").read_text()
BLOCKS = re.findall(r"(<!-- faulty -->\n)?```json\n(.*?)```", PAGE, re.DOTALL)
EXAMPLES = [text for faulty, text in BLOCKS if not faulty]
TABLE = PAGE.partition("<!-- decisions -->\n")[2].partition("<!-- /decisions -->")[0]
ROWS = [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in TABLE.splitlines()[2:]]


@pytest.mark.parametrize("text", EXAMPLES)
def test_every_example_is_a_policy(text: str) -> None:
    load_policy(text)


def test_the_first_example_is_the_default() -> None:
    assert load_policy(EXAMPLES[0]) == DEFAULT_POLICY


def test_one_example_uses_every_condition() -> None:
    rule = load_policy(EXAMPLES[3]).rules[0]
    parts: list[BaseModel | str | None] = [
        rule,
        rule.when,
        rule.bot,
        rule.when.attendees,
        rule.when.organizer,
        rule.when.working_hours,
    ]
    for part in parts:
        assert isinstance(part, BaseModel)
        assert part.model_fields_set == set(type(part).model_fields)


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
    (faulty,) = [text for marked, text in BLOCKS if marked]
    (lines,) = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)
    with pytest.raises(PolicyError) as error:
        load_policy(faulty)
    assert f"{error.value}\n" == lines


def test_the_page_names_every_field_and_every_word() -> None:
    models: list[type[BaseModel]] = [
        Policy,
        Rule,
        BotOverrides,
        Conditions,
        AttendeesCondition,
        OrganizerCondition,
        WorkingHours,
    ]
    names = [field.alias or name for model in models for name, field in model.model_fields.items()]
    prose = re.sub(r"```.*?```", "", PAGE, flags=re.DOTALL)
    for name in (*names, *BuiltinRule, *Response, *Platform):
        assert re.search(rf"`{name}`|\"{name}\":", prose), f"docs/policy.md does not explain {name}"
