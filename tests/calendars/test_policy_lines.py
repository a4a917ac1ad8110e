"""Each problem of a policy is told at its line."""

import pytest

from minutekeeper.calendars.policy import PolicyError, load_policy
from minutekeeper.calendars.policy_lines import PolicyProblem, located_problems

POLICY = """{
  "my_domains": ["example.com"],
  "rules": [
    {"name": "one", "when": {"organiser": "me"}, "then": "skip"},
    {
      "name": "two",
      "when": {
        "working_hours": {"days": ["mon", "xx"], "from": "25:00"}
      },
      "then": "perhaps"
    },
    5
  ],
  "limits": {"per_hour": 0},
  "otherwise": "skip",
  "otherwise": "skip"
}"""


def lines(text: str) -> list[tuple[int | None, str]]:
    with pytest.raises(PolicyError) as error:
        load_policy(text)
    return [(each.line, each.text.partition(": ")[0]) for each in located_problems(text, error.value.problems)]


def test_problems_are_at_their_lines_in_order() -> None:
    assert lines(POLICY) == [
        (4, "rules[0].when.organiser"),
        (8, "rules[1].when.working_hours.days[1]"),
        (8, "rules[1].when.working_hours.from"),
        (8, "rules[1].when.working_hours.to"),
        (10, "rules[1].then"),
        (12, "rules[2]"),
        (14, "limits.per_hour"),
        (16, "'otherwise' is given twice in one place"),
    ]


def test_what_is_not_json_is_at_the_line_where_that_is_seen() -> None:
    assert lines('{\n  "rules": [\n}') == [(3, "line 3, column 1")]
    assert lines("[]") == [(None, "all of it must be an object in braces")]


@pytest.mark.parametrize("text", ['{"a": "x\\"}, {"', "}}}]]]", "[[[[", '{"\\u2028": 1,,:}', "\x00", "[1" * 60_000])
def test_any_text_is_looked_through(text: str) -> None:
    assert located_problems(text, ["rules[0].when: odd"]) == [PolicyProblem(None, "rules[0].when: odd")]
