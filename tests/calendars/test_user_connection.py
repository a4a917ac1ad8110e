"""Which calendar a user has connected, what an attempt made, and what is left over to be let go of."""

from datetime import UTC, datetime, timedelta

import pytest

from minutekeeper.calendars.user_connection import (
    REPLACED,
    REVOKING,
    UNFINISHED,
    ConnectionClaim,
    Leftover,
    PendingConnection,
    UserConnection,
    calendar_title,
    format_account,
)

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
NEW = UserConnection(user="anna", platform="google")


def attempt(number: int = 1, calendar_id: str = "") -> PendingConnection:
    return PendingConnection(attempt_id=f"a{number}", raw_id="raw", calendar_id=calendar_id)


def connected(calendar_id: str = "c1", number: int = 1) -> UserConnection:
    return NEW.with_attempt(attempt(number)).connected(calendar_id, "raw", "Team", "anna@a.example", NOON)


def test_of_a_new_user_nothing_is_known() -> None:
    assert dict(NEW) == {
        "user": "anna",
        "platform": "google",
        "version": 0,
        **dict.fromkeys(("calendar_id", "attempt_id", "raw_id", "name", "email", "write_id"), ""),
        "connected_at": None,
        "attempt": None,
        "leftovers": (),
        "used_tokens": {},
    }
    assert dict(ConnectionClaim()) == {"user": "", "platform": "", "attempt_id": ""}
    assert dict(attempt()) == {"attempt_id": "a1", "raw_id": "raw", "before": frozenset(), "calendar_id": ""}


def test_a_user_is_told_where_access_is_taken_back() -> None:
    assert REVOKING == {
        "google": {"your Google account": "https://myaccount.google.com/connections"},
        "microsoft": {
            "a personal Microsoft account": "https://account.microsoft.com/privacy/app-access",
            "an account of work or school": "https://myapps.microsoft.com",
        },
    }


def test_a_calendar_that_was_connected_is_known_with_the_attempt_that_made_it() -> None:
    made = connected()
    assert (made.calendar_id, made.attempt_id, made.raw_id) == ("c1", "a1", "raw")
    assert (made.name, made.email, made.connected_at) == ("Team", "anna@a.example", NOON)
    assert made.attempt is None
    assert made.leftovers == ()
    assert made.claim_for("a1") == ConnectionClaim(user="anna", platform="google", attempt_id="a1")


def test_connecting_the_same_calendar_again_leaves_nothing_over_and_keeps_its_attempt() -> None:
    again = connected().with_attempt(attempt(2)).connected("c1", "raw", "Team 2", "b@a.example", NOON + HOUR)
    assert (again.attempt_id, again.name, again.email, again.connected_at) == (
        "a1",
        "Team 2",
        "b@a.example",
        NOON + HOUR,
    )
    assert again.leftovers == ()


def test_another_calendar_leaves_the_one_before_over() -> None:
    replaced = connected().with_attempt(attempt(2)).connected("c2", "raw2", "", "", NOON)
    assert (replaced.calendar_id, replaced.attempt_id, replaced.raw_id) == ("c2", "a2", "raw2")
    assert replaced.leftovers == (Leftover(calendar_id="c1", attempt_id="a1", why=REPLACED),)
    assert replaced.without_leftovers().leftovers == ()
    assert replaced.without_leftovers().calendar_id == "c2"


def test_a_calendar_that_was_connected_without_an_attempt_belongs_to_none() -> None:
    assert NEW.connected("c1", "raw", "", "", NOON).attempt_id == ""


def test_what_an_unfinished_attempt_made_is_left_over_when_the_next_one_begins() -> None:
    begun = NEW.with_attempt(attempt()).with_created_calendar("c1")
    assert begun.attempt == attempt(calendar_id="c1")
    following = begun.with_attempt(attempt(2))
    assert following.attempt == attempt(2)
    assert following.leftovers == (Leftover(calendar_id="c1", attempt_id="a1", why=UNFINISHED),)
    third = following.with_created_calendar("c2").with_attempt(attempt(3))
    assert [each.calendar_id for each in third.leftovers] == ["c1", "c2"]


def test_an_attempt_that_made_nothing_or_what_is_connected_leaves_nothing_over() -> None:
    assert NEW.with_attempt(attempt()).with_attempt(attempt(2)).leftovers == ()
    assert connected().with_attempt(attempt(2)).with_created_calendar("c1").with_attempt(attempt(3)).leftovers == ()


def test_nothing_is_made_without_an_attempt() -> None:
    with pytest.raises(ValueError, match="nothing is being connected"):
        NEW.with_created_calendar("c1")


def test_after_a_disconnection_only_what_is_to_be_cleared_away_is_left() -> None:
    pending = connected().with_attempt(attempt(2)).connected("c2", "raw2", "", "", NOON).with_attempt(attempt(3))
    gone = pending.with_used_token("link", NOON + HOUR, NOON).disconnected()
    assert dict(gone) == dict(NEW) | {
        "attempt": attempt(3),
        "leftovers": (Leftover(calendar_id="c1", attempt_id="a1", why=REPLACED),),
        "used_tokens": {"link": NOON + HOUR},
    }


def test_a_link_is_spent_until_it_has_expired() -> None:
    spent = NEW.with_used_token("first", NOON + HOUR, NOON)
    assert spent.is_token_used("first")
    assert not spent.is_token_used("second")
    assert set(spent.with_used_token("second", NOON + 2 * HOUR, NOON + HOUR / 2).used_tokens) == {"first", "second"}
    assert set(spent.with_used_token("second", NOON + 2 * HOUR, NOON + HOUR).used_tokens) == {"second"}


@pytest.mark.parametrize(
    ("name", "email", "raw_id", "title"),
    [
        ("Team", "anna@a.example", "raw", "Team - anna@a.example"),
        ("", "anna@a.example", "Work", "Work - anna@a.example"),
        ("Team", "", "raw", "Team"),
        ("anna@a.example", "anna@a.example", "raw", "anna@a.example"),
        ("", "", "Work", "Work"),
        ("", "", "", "a calendar without a name"),
        ("", "", "c_0123456789abcdef0123@group.calendar.google.com", "a calendar without a name"),
        ("AAMkAGI2TG93AAA0123456789=", "anna@a.example", "AAMkAGI2TG93AAA0123456789=", "anna@a.example"),
    ],
)
def test_a_calendar_is_shown_as_people_know_it(name: str, email: str, raw_id: str, title: str) -> None:
    assert calendar_title(name, email, raw_id) == title
    known = NEW.connected("c1", raw_id, name, email, NOON)
    assert known.title == title


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("two\nlines", "two lines"),
        ("x" * 80, "x" * 80),
        ("x" * 81, f"{'x' * 80}…"),
        ("a" * 19 + "1", ""),
        ("a" * 18 + "1", "a" * 18 + "1"),
        ("a" * 20, "a" * 20),
        ("a" * 19 + "1@b.example", ""),
        ("anna.lee.from.accounts.7@b.example", "anna.lee.from.accounts.7@b.example"),
        ("long.enough.name@host0.example", "long.enough.name@host0.example"),
        ("the 20 best calendars of all", "the 20 best calendars of all"),
    ],
)
def test_a_name_is_shown_unless_a_machine_made_it(text: str, shown: str) -> None:
    assert format_account(text) == shown
