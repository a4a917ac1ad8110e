"""Credentials and policies, as people hand them in."""

import json
from pathlib import Path
from typing import Any

import pytest

from minutekeeper.calendars.policy import DEFAULT_POLICY
from starter.calendars.credentials import load_credentials
from starter.calendars.preview import policy_difference, read_policy
from starter.errors import MeetingInputError
from tests.starter.calendar_support import write

GRANT = {"platform": "google", "client_id": "app-1", "client_secret": "s-e-c-r-e-t", "refresh_token": "1//token"}


def in_environment(settings: pytest.MonkeyPatch, **fields: str) -> None:
    for name, value in fields.items():
        settings.setenv(f"MINUTEKEEPER_CALENDAR_{name.upper()}", value)


@pytest.mark.parametrize(
    "content",
    [
        GRANT,
        GRANT | {"platform": "Google", "access_token": "x", "expires_in": 3599},
        {"platform": "Google"} | {f"oauth_{name}": value for name, value in GRANT.items() if name != "platform"},
        {"provider": "google"} | {name: value for name, value in GRANT.items() if name != "platform"},
    ],
)
def test_credentials_are_read_by_all_names_they_go_by(content: dict[str, Any]) -> None:
    found = load_credentials(Path(write("grant.json", content)))
    assert (found.platform, found.client_id) == ("google", "app-1")
    assert (found.client_secret.get_secret_value(), found.refresh_token.get_secret_value()) == (
        "s-e-c-r-e-t",
        "1//token",
    )
    assert "s-e-c-r-e-t" not in repr(found)


def test_the_environment_fills_in_what_the_file_lacks(settings: pytest.MonkeyPatch) -> None:
    in_environment(settings, **(GRANT | {"refresh_token": "of the environment"}))
    assert load_credentials(None).refresh_token.get_secret_value() == "of the environment"
    mixed = load_credentials(Path(write("grant.json", {"refresh_token": "of the file"})))
    assert (mixed.refresh_token.get_secret_value(), mixed.client_id) == ("of the file", "app-1")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{", "line 1: not JSON"),
        ("[]", "must contain a JSON object"),
        (json.dumps(GRANT | {"client_secret": ["s-e-c-r-e-t"]}), "client_secret must be a string"),
        (json.dumps(GRANT | {"platform": "apple"}), "platform must be google or microsoft"),
        (
            json.dumps(GRANT | {"refresh_token": ""}),
            "refresh_token missing; add it to the JSON file, or set MINUTEKEEPER_CALENDAR_REFRESH_TOKEN",
        ),
    ],
)
def test_what_is_wrong_with_credentials_is_said_without_showing_them(content: str, problem: str) -> None:
    Path("grant.json").write_text(content)
    with pytest.raises(MeetingInputError) as caught:
        load_credentials(Path("grant.json"))
    assert str(caught.value).startswith("--credentials: ")
    assert problem in str(caught.value)
    assert "s-e-c-r-e-t" not in str(caught.value)


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(MeetingInputError, match=r"--credentials: nowhere\.json cannot be read: No such file"):
        load_credentials(Path("nowhere.json"))
    with pytest.raises(MeetingInputError, match=r"--policy: nowhere\.json cannot be read: No such file"):
        read_policy(Path("nowhere.json"), "--policy")


def test_everything_that_is_wrong_with_a_policy_is_said_with_its_rule_and_field() -> None:
    faulty = {"rules": [{"name": "a", "when": {"titel": "x"}, "then": "skip"}, {"name": "a", "then": "recrod"}]}
    with pytest.raises(MeetingInputError) as caught:
        read_policy(Path(write("policy.json", faulty)), "FILE")
    assert str(caught.value).splitlines() == [
        "FILE: policy.json is not a valid policy:",
        "  rules[0].when.titel: unknown; did you mean title?",
        "  rules[1].then: must be 'record' or 'skip', not \"recrod\"",
        "  rules: 'a' is the name of 2 rules",
    ]
    Path("policy.json").write_text('{"rules": [')
    with pytest.raises(MeetingInputError, match="is not a valid policy: line 1, column 12: not JSON"):
        read_policy(Path("policy.json"), "FILE")


def test_policies_are_compared_as_they_are_written() -> None:
    policy = read_policy(Path(write("policy.json", {"otherwise": "skip"})), "FILE")
    assert policy_difference(policy, policy) == []
    assert '+  "otherwise": "skip"' in policy_difference(DEFAULT_POLICY, policy)
    assert all(line[0] in "+-" for line in policy_difference(DEFAULT_POLICY, policy))
