"""A calendar as it is shown beside its workflow: how it is, what a reconcile did, when the next one is due."""

from datetime import UTC, datetime, timedelta

from minutekeeper.calendars.descriptions import calendar_markdown, health_markdown
from minutekeeper.calendars.health import AccessFindings, AccessProblem, CalendarHealthView
from minutekeeper.calendars.messages import CalendarStatus, CalendarView, ReconcileCounts
from tests.calendars.support import a_policy

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
NEW = CalendarView(calendar_id="c1", status=CalendarStatus.SYNCING)


def test_a_new_calendar_was_not_reconciled() -> None:
    assert calendar_markdown(NEW).splitlines() == [
        "## Calendar c1",
        "",
        "- **Status:** syncing",
        "- **Reconciled:** 0 times, the last not yet, the last full sync not yet",
        "- **Last reconcile:** 0 events read; meetings: 0 booked, 0 moved, 0 updated, 0 released, 0 deferred",
        "- **Next reconcile:** not yet, or when something changes",
        "- **Policy:** declined; otherwise record",
    ]


def test_what_limits_leave_out_is_shown_if_there_is_any() -> None:
    view = NEW.model_copy(update={"counts": ReconcileCounts(left_out=2)})
    (line,) = set(calendar_markdown(view).splitlines()) - set(calendar_markdown(NEW).splitlines())
    assert line == "- **Left out by limits:** 2; `minutekeeper calendar show` names them"


def test_a_policy_may_have_no_rules() -> None:
    without = NEW.model_copy(update={"policy": a_policy(otherwise="skip")})
    assert calendar_markdown(without).splitlines()[-1] == "- **Policy:** no rules; otherwise skip"


def test_a_calendar_in_trouble_tells_all_that_is_known() -> None:
    counts = ReconcileCounts(events=7, booked=1, moved=2, updated=3, released=4, lost=5, deferred=6)
    policy = a_policy({"name": "first", "then": "record"}, {"name": "second", "then": "skip"}, otherwise="skip")
    view = CalendarView(
        calendar_id="c\u202e1\n",
        status=CalendarStatus.ERROR,
        user="anna",
        platform="google",
        problem=AccessProblem.USER_GRANT,
        error="invalid_grant\nsince today",
        reconcile_count=3,
        counts=counts,
        last_reconciled_at=NOON,
        last_full_sync_at=NOON - timedelta(hours=1),
        next_reconcile_at=NOON + timedelta(hours=1),
        policy=policy,
    )
    assert calendar_markdown(view).splitlines() == [
        "## Calendar c1",
        "",
        "- **Status:** error: invalid_grant since today",
        (
            "- **What to do:** reconnect needed: give the user a fresh link, made by "
            "`minutekeeper calendar connect-link anna --platform google`; "
            "`minutekeeper calendar doctor` shows all that is needed"
        ),
        "- **Reconciled:** 3 times, the last 2026-12-01 12:00:00Z, the last full sync 2026-12-01 11:00:00Z",
        (
            "- **Last reconcile:** 7 events read; meetings: 1 booked, 2 moved, 3 updated, 4 released, 6 deferred, "
            "5 lost and booked again"
        ),
        "- **Next reconcile:** 2026-12-01 13:00:00Z, or when something changes",
        "- **Policy:** first, second; otherwise skip",
    ]


def test_the_check_of_all_calendars_says_how_many_cannot_be_read() -> None:
    assert health_markdown(CalendarHealthView()).splitlines() == [
        "## Access to calendars",
        "",
        "- **Last check:** not yet",
        "- **Calendars:** 0, of which 0 cannot be read",
        "- **What to do:** nothing",
    ]
    findings = AccessFindings(problems={"c1": AccessProblem.SYNC, "c2": AccessProblem.SYNC})
    view = CalendarHealthView(calendars=5, findings=findings, last_check_at=NOON, error="no answer")
    assert health_markdown(view).splitlines()[2:] == [
        "- **Last check:** 2026-12-01 12:00:00Z: no answer",
        "- **Calendars:** 5, of which 2 cannot be read",
        "- **What to do:** see `minutekeeper calendar doctor`",
    ]
