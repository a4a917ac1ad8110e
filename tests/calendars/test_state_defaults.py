"""What is known of a new calendar, and the words about calendars that are stored and shown."""

from datetime import UTC, datetime, timedelta

import pytest

from minutekeeper.calendars.calendar_state import RETRY_AFTER, CalendarState
from minutekeeper.calendars.health import (
    ACCESS_GOOD,
    ACCESS_RENEWED,
    AccessProblem,
    AccessReport,
    AccessState,
    suggested_fix,
)
from minutekeeper.calendars.messages import FULL_SYNC, NO_CHANGES, CalendarWorkflowInput, ReconcileCounts

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_a_new_calendar_has_everything_to_read() -> None:
    state = CalendarState(calendar_id="c1")
    assert dict(state) == dict(CalendarWorkflowInput(calendar_id="c1")) | {
        "new_changes": FULL_SYNC,
        "pending": NO_CHANGES,
        **dict.fromkeys(("changed_at", "retry_at", "disconnect_retry_at", "cursor", "last_reconciled_at")),
        **dict.fromkeys(("last_full_sync_at", "published_status", "reported_problem")),
        **dict.fromkeys(("disconnect_reason", "last_error"), ""),
        **dict.fromkeys(("forget", "is_disconnected", "is_missing"), False),
        **dict.fromkeys(("failures", "reconcile_count"), 0),
        "access": AccessState(),
        "counts": ReconcileCounts(),
    }


def test_a_failed_reconcile_is_retried_after_ten_minutes() -> None:
    assert timedelta(minutes=10) == RETRY_AFTER


def test_the_problems_of_access_are_told_by_who_has_to_act() -> None:
    assert [*AccessProblem] == ["user_grant", "oauth_app", "sync", "not_found", "reconcile"]


def test_a_report_is_good_unless_it_names_a_problem() -> None:
    assert dict(ACCESS_GOOD) == {"problem": None, "text": "", "at": None, "renewed": False}
    assert dict(ACCESS_RENEWED) == dict(ACCESS_GOOD) | {"renewed": True}
    assert dict(AccessState()) == {"problem": None, "text": "", "since": None, "renewed_at": None}
    assert AccessReport.model_validate({"more": 1}) == ACCESS_GOOD


def test_what_was_found_at_the_renewal_counts_and_what_was_found_before_does_not() -> None:
    renewed = AccessState(problem=AccessProblem.SYNC).after(ACCESS_RENEWED, NOON)
    assert renewed == AccessState(renewed_at=NOON)
    before = AccessReport(problem=AccessProblem.SYNC, at=NOON - HOUR)
    assert renewed.after(before, NOON + HOUR) is renewed
    at_once = before.model_copy(update={"at": NOON})
    assert renewed.after(at_once, NOON + HOUR).since == NOON + HOUR
    assert renewed.after(at_once, NOON + HOUR).renewed_at == NOON
    undated = AccessReport(problem=AccessProblem.SYNC)
    assert renewed.after(undated, NOON + HOUR).problem is AccessProblem.SYNC
    assert AccessState().after(before, NOON).problem is AccessProblem.SYNC


def test_the_text_of_a_report_is_one_line_of_at_most_300_characters() -> None:
    report = AccessReport(problem=AccessProblem.SYNC, text="a\nb" + "x" * 400)
    assert AccessState().after(report, NOON).text == "a b" + "x" * 297


@pytest.mark.parametrize(
    ("problem", "fix"),
    [
        (None, ""),
        (
            AccessProblem.USER_GRANT,
            "reconnect needed: `minutekeeper calendar connect` with the user's new refresh token",
        ),
        (
            AccessProblem.OAUTH_APP,
            "give the OAuth app's new credentials with `minutekeeper calendar update-credentials`",
        ),
        (AccessProblem.SYNC, "if it stays so, ask the provider, or have the user connect again"),
        (
            AccessProblem.NOT_FOUND,
            "connect it again, or give it up with `minutekeeper calendar disconnect c 1`",
        ),
        (AccessProblem.RECONCILE, "it is retried automatically; if it stays so, see what the error says"),
    ],
)
def test_each_problem_has_its_fix(problem: AccessProblem | None, fix: str) -> None:
    assert suggested_fix(problem, "c\n1") == fix
    assert suggested_fix(problem, "c\n1", user="anna") == fix
    assert suggested_fix(problem, "c\n1", platform="google") == fix
    if problem is AccessProblem.USER_GRANT:
        assert suggested_fix(problem, "c1", "anna lee", "google") == (
            "reconnect needed: give the user a fresh link, made by "
            "`minutekeeper calendar connect-link 'anna lee' --platform google`"
        )
    else:
        assert suggested_fix(problem, "c\n1", "anna", "google") == fix
