"""`minutekeeper key`: what it refuses, and what it shows of keys."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from minutekeeper.api_keys import ApiKeyFile, ApiScope
from tests.starter.support import run_here


@pytest.fixture(autouse=True)
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ApiKeyFile:
    monkeypatch.setenv("MINUTEKEEPER_API_KEYS", str(tmp_path / "keys.json"))
    monkeypatch.setenv("COLUMNS", "80")
    return ApiKeyFile(tmp_path / "keys.json")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--scopes", "read,write"], "--scopes: there is no write; there are read, files, book, steer, admin"),
        (["--scopes", ","], "--scopes: name at least one of"),
        (["--expires", "0d"], "--expires: '0d' must be days or hours, such as 90d or 12h"),
        (["--expires", "-1d"], "--expires: '-1d' must be days or hours"),
        (["--expires", "90"], "--expires: '90' must be days or hours"),
    ],
)
def test_wrong_input_makes_no_key(keys: ApiKeyFile, arguments: list[str], message: str) -> None:
    ended = run_here("key", "new", "service", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert message in ended.err
    assert not keys.path.exists()


@pytest.mark.parametrize("name", ["", " ", "two\nlines", "x" * 81])
def test_a_name_that_nobody_could_read_is_refused(keys: ApiKeyFile, name: str) -> None:
    ended = run_here("key", "new", name)
    assert ended.code == 2
    assert "NAME: must have 1 to 80 characters in one line" in ended.err
    assert not keys.path.exists()


def test_no_two_keys_have_one_name(keys: ApiKeyFile) -> None:
    made = run_here("key", "new", "service")
    assert made.out.startswith("mk_")
    again = run_here("key", "new", " service ")
    assert (again.code, again.out) == (2, "")
    assert "NAME: there is a key service already" in again.err
    assert len(keys.entries()) == 1
    assert run_here("key", "revoke", "service").code == 0
    assert run_here("key", "new", "service").code == 0
    unknown = run_here("key", "revoke", "other")
    assert (unknown.code, unknown.err) == (1, "Error: There is no key with the name or id other.\n")


def test_the_list_fits_and_says_what_has_ended(keys: ApiKeyFile) -> None:
    now = datetime.now(UTC)
    keys.add("old", (ApiScope.READ,), now, now - timedelta(days=1))
    keys.add("a service with a name", (ApiScope.READ, ApiScope.BOOK), now, now + timedelta(days=90))
    shown = run_here("key", "list").out
    assert max(map(len, shown.splitlines())) <= 80
    (old,) = [line for line in shown.splitlines() if " old " in line]
    assert "ended " in old
    assert shown.count("ended ") == 1
    listed = json.loads(run_here("key", "list", "--json").out)
    assert [each["name"] for each in listed] == ["old", "a service with a name"]
    assert "sha256" not in listed[0]
