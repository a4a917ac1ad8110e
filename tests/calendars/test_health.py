"""What ails a calendar is told apart, believed when it is sure, and answered with a cure."""

from datetime import UTC, datetime, timedelta

import pytest

from activities.calendar_health import evaluate_access
from minutekeeper.calendars.health import (
    ACCESS_GOOD,
    ACCESS_RENEWED,
    NO_FINDINGS,
    AccessFindings,
    AccessProblem,
    AccessReport,
    AccessState,
    suggested_fix,
)
from minutekeeper.providers.calendar_base import AccessCheck, AccessProblemSource, SyncFailure

NOW = datetime(2026, 12, 1, 10, tzinfo=UTC)
USER = AccessReport(problem=AccessProblem.USER_GRANT, text="invalid_grant", at=NOW)


def failing(trouble: AccessProblemSource | None, *names: str) -> tuple[SyncFailure, ...]:
    return tuple(SyncFailure(calendar_id=name, text="", trouble=trouble) for name in names)


def test_users_and_apps_are_told_apart() -> None:
    errors = failing(AccessProblemSource.USER, "a") + failing(AccessProblemSource.APP, "b", "c")
    found = evaluate_access(NO_FINDINGS, AccessCheck(("d",), errors))
    assert found == AccessFindings(
        problems={"a": AccessProblem.USER_GRANT, "b": AccessProblem.OAUTH_APP, "c": AccessProblem.OAUTH_APP}
    )


def test_what_has_no_known_reason_is_believed_the_second_time() -> None:
    once = evaluate_access(NO_FINDINGS, AccessCheck(("b",), failing(None, "a")))
    assert once == AccessFindings(unconfirmed=("a",))
    assert evaluate_access(once, AccessCheck(("a", "b"), ())) == NO_FINDINGS
    assert evaluate_access(once, AccessCheck(("b",), failing(None, "a"))).problems == {"a": AccessProblem.SYNC}


def test_what_ails_all_calendars_without_a_known_reason_is_the_app() -> None:
    once = evaluate_access(NO_FINDINGS, AccessCheck((), failing(None, "a", "b")))
    twice = evaluate_access(once, AccessCheck((), failing(None, "a", "b")))
    assert set(twice.problems.values()) == {AccessProblem.OAUTH_APP}
    alone = evaluate_access(AccessFindings(unconfirmed=("a",)), AccessCheck((), failing(None, "a")))
    assert alone.problems == {"a": AccessProblem.SYNC}


def test_a_vague_word_does_not_change_what_is_known() -> None:
    known = AccessFindings(problems={"a": AccessProblem.USER_GRANT})
    assert evaluate_access(known, AccessCheck((), failing(None, "a"))) == known


def test_a_repeated_word_changes_nothing() -> None:
    grant = AccessState().after(USER, NOW)
    assert (grant.problem, grant.text, grant.since) == (AccessProblem.USER_GRANT, "invalid_grant", NOW)
    assert grant.after(USER, NOW + timedelta(hours=1)) == grant
    assert grant.after(ACCESS_GOOD, NOW).problem is None


def test_what_was_found_before_a_renewal_is_not_held_against_the_new_grant() -> None:
    renewed = AccessState().after(USER, NOW).after(ACCESS_RENEWED, NOW + timedelta(minutes=1))
    assert renewed.after(USER, NOW + timedelta(minutes=2)).problem is None
    later = USER.model_copy(update={"at": NOW + timedelta(minutes=3)})
    assert renewed.after(later, NOW + timedelta(minutes=4)).problem is AccessProblem.USER_GRANT


@pytest.mark.parametrize("problem", AccessProblem)
def test_there_is_a_cure_for_everything(problem: AccessProblem) -> None:
    assert suggested_fix(problem, "cal-1")
    assert not suggested_fix(None, "cal-1")


def test_the_cure_can_be_pasted_into_a_shell() -> None:
    assert "connect-link 'it'\"'\"'s me' --platform google" in suggested_fix(
        AccessProblem.USER_GRANT, "cal-1", "it's me", "google"
    )


def test_a_good_word_does_not_make_old_findings_count_again() -> None:
    """A check that was asked before the renewal may answer after one that was asked later."""
    renewed = AccessState().after(USER, NOW).after(ACCESS_RENEWED, NOW + timedelta(minutes=1))
    assert (
        renewed.after(ACCESS_GOOD, NOW + timedelta(minutes=2)).after(USER, NOW + timedelta(minutes=3)).problem
        is None
    )
    at_the_renewal = USER.model_copy(update={"at": NOW + timedelta(minutes=1)})
    assert renewed.after(at_the_renewal, NOW + timedelta(minutes=3)).problem is AccessProblem.USER_GRANT


def test_the_link_of_a_user_is_offered_only_where_it_can_be_made() -> None:
    assert "connect-link" in suggested_fix(AccessProblem.USER_GRANT, "cal-1", "anna", "google")
    for user, platform in (("", "google"), ("anna", ""), ("", "")):
        cure = suggested_fix(AccessProblem.USER_GRANT, "cal-1", user, platform)
        assert "connect-link" not in cure
        assert "calendar connect" in cure
    for other in set(AccessProblem) - {AccessProblem.USER_GRANT}:
        assert "connect-link" not in suggested_fix(other, "cal-1", "anna", "google")
    assert "calendar disconnect cal-1" in suggested_fix(AccessProblem.NOT_FOUND, "cal-1")
