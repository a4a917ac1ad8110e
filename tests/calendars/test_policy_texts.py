"""What a policy is where nothing is written, how long it may be, and the exact words about one that is none."""

from typing import Any

import pytest

from minutekeeper.calendars.plan import ChangeKind, PlannedChange, ReconcilePlan
from minutekeeper.calendars.policy import DEFAULT_POLICY, MAX_CHARACTERS, Policy, PolicyError, load_policy
from minutekeeper.calendars.tracked_events import DesiredMeeting, TrackedEvents
from tests.calendars.support import START

NO_ZONE = "is no time zone;"
RULE = '{"name": "r", "then": "record"}'


def test_an_empty_policy_records_everything_and_changes_no_bot() -> None:
    assert dict(Policy()) == {
        "my_domains": (),
        "time_zone": "UTC",
        "version": 1,
        "bot": None,
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
        ("[]", ["a policy must be an object in braces"]),
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
            ["zzz: unknown; known here are my_domains, time_zone, version, bot, rules, otherwise"],
        ),
        ('{"bot": {"nam": "x"}}', ["bot.nam: unknown; did you mean name?"]),
        (
            '{"time_zone": "europe/berlim"}',
            ["time_zone: 'europe/berlim' is no time zone; did you mean Europe/Berlin?"],
        ),
        ('{"time_zone": "0000"}', ["time_zone: '0000' is no time zone; write it as Europe/Berlin"]),
        ('{"my_domains": "no domain"}', ['my_domains: must be a list, not "no domain"']),
        ('{"my_domains": ["no domain"]}', ["my_domains[0]: 'no domain' is no mail domain; write it as acme.com"]),
    ],
)
def test_a_text_that_is_no_policy_is_told_its_problems(text: str, problems: list[str]) -> None:
    with pytest.raises(PolicyError) as caught:
        load_policy(text)
    assert list(caught.value.problems) == problems
    assert str(caught.value) == "\n".join(problems)


@pytest.mark.parametrize("name", ["external", "internal_only"])
@pytest.mark.parametrize("part", ["when", "unless"])
def test_who_is_inside_has_to_be_said_first(name: str, part: str) -> None:
    policy: dict[str, Any] = {"rules": [{"name": "r", "then": "record", part: {"attendees": {name: True}}}]}
    with pytest.raises(ValueError, match=rf"rules\[0\]\.{part}\.attendees\.{name}: list your own mail domains"):
        Policy.model_validate(policy)
    assert Policy.model_validate(policy | {"my_domains": ["acme.com"]}).my_domains == ("acme.com",)


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
