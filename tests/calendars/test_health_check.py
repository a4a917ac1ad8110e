"""The defaults of a check of all calendars, and what is found by problem."""

from minutekeeper.calendars.health import (
    CHECK_ALL,
    NO_FINDINGS,
    AccessFindings,
    AccessProblem,
    CalendarHealthInput,
    CalendarHealthView,
    HealthCheckInput,
    HealthCheckResult,
)

AN_HOUR = 3600.0


def test_nothing_is_needed_to_begin() -> None:
    assert dict(NO_FINDINGS) == {"problems": {}, "unconfirmed": ()}
    assert dict(HealthCheckInput()) == {"before": NO_FINDINGS, "report_all": False, "providers": ()}
    assert dict(HealthCheckResult()) == {
        "findings": NO_FINDINGS,
        "calendars": None,
        "next_check_seconds": AN_HOUR,
        "error": "",
    }
    assert dict(CHECK_ALL) == {"provider": ""}
    assert dict(CalendarHealthInput()) == {
        "findings": NO_FINDINGS,
        "calendars": 0,
        "reported_all_at": None,
        "last_check_at": None,
        "next_check_seconds": AN_HOUR,
        "error": "",
    }
    assert dict(CalendarHealthView()) == {
        "calendars": 0,
        "findings": NO_FINDINGS,
        "last_check_at": None,
        "next_check_at": None,
        "error": "",
    }


def test_the_calendars_with_one_problem_are_told_from_the_others() -> None:
    user, app = AccessProblem.USER_GRANT, AccessProblem.OAUTH_APP
    found = AccessFindings(problems={"a": user, "b": app, "c": user}, unconfirmed=("d",))
    assert found.of(user) == {"a", "c"}
    assert found.of(app) == {"b"}
    assert found.of(AccessProblem.NOT_FOUND) == set()
