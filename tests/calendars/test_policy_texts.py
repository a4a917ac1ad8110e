"""What a policy is where nothing is written, how long it may be, and the exact words about one that is none."""

from typing import Any

import pytest

from minutekeeper.calendars.plan import ChangeKind, PlannedChange, ReconcilePlan
from minutekeeper.calendars.policy import DEFAULT_POLICY, MAX_CHARACTERS, Policy, PolicyError, load_policy
from minutekeeper.calendars.tracked_events import DesiredMeeting, TrackedEvents
from tests.calendars.support import START

KNOWN = "my_domains, my_emails, time_zone, holidays, all_day_start, $schema"
NO_DAY = "is no day; write it as 2026-12-24, as 12-24 for every year, or as 2026-12-24..2026-12-31"
NO_MAIL = "is no mail address; write it as anna@acme.com"
REVERSED = "ends before it begins; a span over the end of a year needs two entries"
RULE = '{"name": "r", "then": "record"}'


def test_an_empty_policy_records_everything_and_changes_no_bot() -> None:
    assert dict(Policy()) == {
        "my_domains": (),
        "my_emails": (),
        "time_zone": "UTC",
        "holidays": (),
        "all_day_start": "09:00",
        "schema_address": None,
        "version": 1,
        "bot": None,
        "wanted": None,
        "metadata": None,
        "limits": None,
        "rules": (),
        "otherwise": "record",
    }
    assert load_policy("\ufeff{}") == Policy()


def test_the_default_policy_skips_what_the_owner_declined() -> None:
    (rule,) = DEFAULT_POLICY.rules
    assert (rule.name, rule.then, rule.when.response, DEFAULT_POLICY.otherwise) == (
        "declined",
        "skip",
        ("declined",),
        "record",
    )


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("[" * 60_000, ["it is nested too deeply"]),
        ("{", ["line 1, column 2: not JSON: Expecting property name enclosed in double quotes"]),
        ("{}\n x", ["line 2, column 2: not JSON: Extra data"]),
        ("[]", ["all of it must be an object in braces"]),
        ('{"version": 1, "version": 1}', ["'version' is given twice in one place"]),
        ('{"version": 2}', ["version: must be 1, not 2"]),
        ('{"otherwise": "perhaps"}', ["otherwise: must be 'record' or 'skip', not \"perhaps\""]),
        ('{"rules": {}}', ["rules: must be a list"]),
        ('{"rules": [1]}', ["rules[0]: must be an object in braces, not 1"]),
        ('{"rules": [{}]}', ["rules[0].name: is missing", "rules[0].then: is missing"]),
        (f'{{"rules": [{RULE}, {RULE}]}}', ["rules: 'r' is the name of 2 rules"]),
        ('{"rule": []}', ["rule: unknown; did you mean rules?"]),
        (
            '{"zzz": 1}',
            [
                f"zzz: unknown; known here are {KNOWN}, version, bot, wanted, metadata, limits, rules, otherwise",
            ],
        ),
        ('{"bot": {"nam": "x"}}', ["bot.nam: unknown; did you mean name?"]),
        (
            '{"time_zone": "europe/berlim"}',
            ["time_zone: 'europe/berlim' is no time zone; did you mean Europe/Berlin?"],
        ),
        ('{"time_zone": "0000"}', ["time_zone: '0000' is no time zone; write it as Europe/Berlin"]),
        ('{"my_domains": "no domain"}', ['my_domains: must be a list, not "no domain"']),
        ('{"my_emails": ["anna"]}', [f"my_emails[0]: 'anna' {NO_MAIL}"]),
        (
            '{"my_emails": ["*@acme.com"]}',
            [f"my_emails[0]: '*@acme.com' {NO_MAIL}"],
        ),
        ('{"all_day_start": "24:00"}', ["all_day_start: '24:00' is no time of day; write it as 09:00"]),
        ('{"$schema": 1}', ["$schema: must be a text in quotes, not 1"]),
        (
            '{"holidays": ["24.12.2026", "2026-02-30", "12-24..2026-12-31", "12-24..01-06"]}',
            [
                f"holidays[0]: '24.12.2026' {NO_DAY}",
                f"holidays[1]: '2026-02-30' {NO_DAY}",
                f"holidays[2]: '12-24..2026-12-31' {NO_DAY}",
                f"holidays[3]: '12-24..01-06' {REVERSED}",
            ],
        ),
        ('{"my_domains": ["no domain"]}', ["my_domains[0]: 'no domain' is no mail domain; write it as acme.com"]),
    ],
)
def test_a_text_that_is_no_policy_is_told_its_problems(text: str, problems: list[str]) -> None:
    with pytest.raises(PolicyError) as caught:
        load_policy(text)
    assert list(caught.value.problems) == problems
    assert str(caught.value) == "\n".join(problems)


@pytest.mark.parametrize(
    ("name", "value"),
    [("external", True), ("internal_only", False), ("external_at_least", 1), ("external_at_most", 0)],
)
@pytest.mark.parametrize("part", ["when", "unless"])
def test_who_is_inside_has_to_be_said_first(name: str, value: object, part: str) -> None:
    rule = {"name": "r", "then": "record", part: {"attendees": {name: value}}}
    policy: dict[str, Any] = {"rules": [rule]}
    with pytest.raises(ValueError, match=rf"rules\[0\]\.{part}\.attendees\.{name}: list your own mail domains"):
        Policy.model_validate(policy)
    assert Policy.model_validate(policy | {"my_domains": ["acme.com"]}).my_domains == ("acme.com",)


@pytest.mark.parametrize("part", ["when", "unless"])
def test_the_holidays_have_to_be_listed_first(part: str) -> None:
    policy: dict[str, Any] = {"rules": [{"name": "r", "then": "record", part: {"holiday": True}}]}
    with pytest.raises(ValueError, match=rf"rules\[0\]\.{part}\.holiday: list the days in holidays first"):
        Policy.model_validate(policy)
    assert Policy.model_validate(policy | {"holidays": ["12-25"]}).holidays == ("12-25",)


def test_a_policy_has_at_most_65536_characters() -> None:
    assert MAX_CHARACTERS == 65_536
    assert load_policy("{}".ljust(MAX_CHARACTERS)) == Policy()
    with pytest.raises(PolicyError, match=r"\Ait is longer than 65,536 characters\Z"):
        load_policy("{}".ljust(MAX_CHARACTERS + 1))


def test_a_planned_change_says_no_more_than_it_is_given() -> None:
    desired = DesiredMeeting(start_time=START)
    change = PlannedChange(kind=ChangeKind.BOOK, event_id="e1", meeting_id="m", desired=desired)
    assert (change.applied, change.rule, change.reason) == (None, "", "")
    assert ReconcilePlan(events=TrackedEvents(calendar_id="c1")).changes == ()
    assert [*ChangeKind] == ["release", "move", "update", "book", "keep"]
