"""What ails a calendar is told apart, believed when it is sure, and answered with a cure."""

from datetime import UTC, datetime, timedelta

import pytest

from activities.rounds import assess
from meetings.calendars.health import GOOD, RENEWED, Ailment, Grant, GrantWord, remedy
from meetings.calendars.rounds import NOTHING_FOUND, Findings
from providers.calendars import GrantTrouble, Resync, SyncFailure

NOW = datetime(2026, 12, 1, 10, tzinfo=UTC)
USER = GrantWord(ailment=Ailment.USER, text="invalid_grant", at=NOW)


def failing(trouble: GrantTrouble | None, *names: str) -> tuple[SyncFailure, ...]:
    return tuple(SyncFailure(calendar_id=name, text="", trouble=trouble) for name in names)


def test_users_and_apps_are_told_apart() -> None:
    errors = failing(GrantTrouble.USER, "a") + failing(GrantTrouble.APP, "b", "c")
    found = assess(NOTHING_FOUND, Resync(("d",), errors))
    assert found == Findings(ailing={"a": Ailment.USER, "b": Ailment.APP, "c": Ailment.APP})


def test_what_has_no_known_reason_is_believed_the_second_time() -> None:
    once = assess(NOTHING_FOUND, Resync(("b",), failing(None, "a")))
    assert once == Findings(doubtful=("a",))
    assert assess(once, Resync(("a", "b"), ())) == NOTHING_FOUND
    assert assess(once, Resync(("b",), failing(None, "a"))).ailing == {"a": Ailment.SYNC}


def test_what_ails_all_calendars_without_a_known_reason_is_the_app() -> None:
    once = assess(NOTHING_FOUND, Resync((), failing(None, "a", "b")))
    twice = assess(once, Resync((), failing(None, "a", "b")))
    assert set(twice.ailing.values()) == {Ailment.APP}
    alone = assess(Findings(doubtful=("a",)), Resync((), failing(None, "a")))
    assert alone.ailing == {"a": Ailment.SYNC}


def test_a_vague_word_does_not_change_what_is_known() -> None:
    known = Findings(ailing={"a": Ailment.USER})
    assert assess(known, Resync((), failing(None, "a"))) == known


def test_a_repeated_word_changes_nothing() -> None:
    grant = Grant().after(USER, NOW)
    assert (grant.ailment, grant.text, grant.since) == (Ailment.USER, "invalid_grant", NOW)
    assert grant.after(USER, NOW + timedelta(hours=1)) == grant
    assert grant.after(GOOD, NOW).ailment is None


def test_what_was_found_before_a_renewal_is_not_held_against_the_new_grant() -> None:
    renewed = Grant().after(USER, NOW).after(RENEWED, NOW + timedelta(minutes=1))
    assert renewed.after(USER, NOW + timedelta(minutes=2)).ailment is None
    later = USER.model_copy(update={"at": NOW + timedelta(minutes=3)})
    assert renewed.after(later, NOW + timedelta(minutes=4)).ailment is Ailment.USER


@pytest.mark.parametrize("ailment", Ailment)
def test_there_is_a_cure_for_everything(ailment: Ailment) -> None:
    assert remedy(ailment, "cal-1")
    assert not remedy(None, "cal-1")


def test_the_cure_can_be_pasted_into_a_shell() -> None:
    assert "connect-link 'it'\"'\"'s me' --platform google" in remedy(Ailment.USER, "cal-1", "it's me", "google")


def test_a_good_word_does_not_make_old_findings_count_again() -> None:
    """A check that was asked before the renewal may answer after one that was asked later."""
    renewed = Grant().after(USER, NOW).after(RENEWED, NOW + timedelta(minutes=1))
    assert renewed.after(GOOD, NOW + timedelta(minutes=2)).after(USER, NOW + timedelta(minutes=3)).ailment is None
    at_the_renewal = USER.model_copy(update={"at": NOW + timedelta(minutes=1)})
    assert renewed.after(at_the_renewal, NOW + timedelta(minutes=3)).ailment is Ailment.USER


def test_the_link_of_a_user_is_offered_only_where_it_can_be_made() -> None:
    assert "connect-link" in remedy(Ailment.USER, "cal-1", "anna", "google")
    for user, platform in (("", "google"), ("anna", ""), ("", "")):
        cure = remedy(Ailment.USER, "cal-1", user, platform)
        assert "connect-link" not in cure
        assert "calendar connect" in cure
    for other in set(Ailment) - {Ailment.USER}:
        assert "connect-link" not in remedy(other, "cal-1", "anna", "google")
    assert "calendar disconnect cal-1" in remedy(Ailment.LOST, "cal-1")
