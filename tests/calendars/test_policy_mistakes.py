"""Mistakes of people who write policies, and the way out that they are told."""

import json
from typing import Any

import pytest

from minutekeeper.calendars.limits_file import load_limits
from minutekeeper.calendars.policy import PolicyError, load_policy

BESIDE_WHEN = "belongs to a rule, beside `when`"
WORDS = "'me' or 'others'"
ORGANIZER = "rules[0].when.organizer"
WHOLE = "belongs to the policy itself, beside `rules`"


def rule(**fields: Any) -> dict[str, Any]:
    return {"rules": [{"name": "r", "then": "record"} | fields]}


@pytest.mark.parametrize(
    ("policy", "problem"),
    [
        (rule(when={"importance": 9}), f"rules[0].when.importance: unknown here; importance {BESIDE_WHEN}"),
        ({"importance": 9}, f"importance: unknown here; importance {BESIDE_WHEN}"),
        (rule(limits={"per_day": 1}), f"rules[0].limits: unknown here; limits {WHOLE}"),
        ({"limits": {"time_zone": "UTC"}}, f"limits.time_zone: unknown here; time_zone {WHOLE}"),
        ({"per_day": 1}, "per_day: unknown here; per_day belongs to `limits`"),
        (rule(title="x"), "rules[0].title: unknown here; title belongs to `when` of a rule"),
        (rule(when={"external": True}), "rules[0].when.external: unknown here; external belongs to `attendees`"),
        (
            {"installation": {"at_once": 1}},
            "installation: unknown here; installation belongs to the file that MINUTEKEEPER_LIMITS names",
        ),
        ({"limits": {"per_hours": 2}}, "limits.per_hours: unknown; did you mean per_hour?"),
        ({"limits": {"daily": 2}}, "limits.daily: unknown; did you mean per_day?"),
        (rule(priority=1), "rules[0].priority: unknown; did you mean importance?"),
        (rule(when={"weekday": "fri"}), "rules[0].when.weekday: unknown; did you mean working_hours?"),
        (
            rule(when={"attendees": {"emails": ["a@b.example"]}}),
            "rules[0].when.attendees.emails: unknown; did you mean any_email?",
        ),
        (
            rule(when={"organizer": "anna"}),
            f'{ORGANIZER}: must be {WORDS}, or an object such as {{"emails": ["anna@acme.com"]}}, not "anna"',
        ),
        (
            rule(when={"occurrence": 2}),
            'rules[0].when.occurrence: must be an object in braces, such as {"every": 2}, or "first", not 2',
        ),
        ({"limits": {"per_day": "5"}}, 'limits.per_day: must be a whole number, not "5"'),
        ({"limits": 5}, "limits: must be an object in braces, not 5"),
    ],
)
def test_what_is_said_in_the_wrong_place_or_form_is_told_the_right_one(policy: Any, problem: str) -> None:
    with pytest.raises(PolicyError) as caught:
        load_policy(json.dumps(policy))
    assert list(caught.value.problems) == [problem]


@pytest.mark.parametrize(
    ("limits", "problem"),
    [
        (
            {"at_once": 1, "per_user": {"at_once": 1}},
            "at_once: unknown here; at_once belongs to `installation` or `per_user`",
        ),
        (
            {"per_user": {"at_once": 1, "time_zone": "UTC"}},
            "per_user.time_zone: unknown here; time_zone belongs to the file itself",
        ),
        ([], "all of it must be an object in braces"),
    ],
)
def test_the_file_of_limits_is_told_its_mistakes(limits: Any, problem: str) -> None:
    with pytest.raises(PolicyError) as caught:
        load_limits(json.dumps(limits))
    assert list(caught.value.problems) == [problem]
