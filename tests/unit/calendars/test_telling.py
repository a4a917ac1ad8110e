"""A calendar as it is shown beside its workflow: how it is, what a look brought, when the next one is due."""

from datetime import UTC, datetime, timedelta

from meetings.calendars.health import Ailment
from meetings.calendars.keeping import CalendarStatus, CalendarView, LookCounts
from meetings.calendars.telling import details
from tests.unit.calendars.support import a_policy

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
NEW = CalendarView(calendar_id="c1", status=CalendarStatus.SYNCING)


def test_a_new_calendar_was_not_looked_at() -> None:
    assert details(NEW).splitlines() == [
        "## Calendar c1",
        "",
        "- **Status:** syncing",
        "- **Looks:** 0, the last not yet, all of it not yet",
        "- **Last look:** 0 events read; meetings: 0 booked, 0 moved, 0 updated, 0 let go of, 0 put off",
        "- **Next look:** not yet, or when something changes",
        "- **Policy:** declined; otherwise record",
    ]


def test_a_policy_may_have_no_rules() -> None:
    without = NEW.model_copy(update={"policy": a_policy(otherwise="skip")})
    assert details(without).splitlines()[-1] == "- **Policy:** no rules; otherwise skip"


def test_a_calendar_in_trouble_tells_all_that_is_known() -> None:
    counts = LookCounts(events=7, booked=1, moved=2, updated=3, released=4, lost=5, put_off=6)
    policy = a_policy({"name": "first", "then": "record"}, {"name": "second", "then": "skip"}, otherwise="skip")
    view = CalendarView(
        calendar_id="c\u202e1\n",
        status=CalendarStatus.ERROR,
        user="anna",
        platform="google",
        ailment=Ailment.USER,
        trouble="invalid_grant\nsince today",
        looks=3,
        counts=counts,
        last_look_at=NOON,
        last_full_at=NOON - timedelta(hours=1),
        next_look_at=NOON + timedelta(hours=1),
        policy=policy,
    )
    assert details(view).splitlines() == [
        "## Calendar c1",
        "",
        "- **Status:** error: invalid_grant since today",
        (
            "- **What to do:** reconnect needed: give the user a fresh link, made by "
            "`minutekeeper calendar connect-link anna --platform google`; "
            "`minutekeeper calendar doctor` shows all that is needed"
        ),
        "- **Looks:** 3, the last 2026-12-01 12:00:00Z, all of it 2026-12-01 11:00:00Z",
        (
            "- **Last look:** 7 events read; meetings: 1 booked, 2 moved, 3 updated, 4 let go of, 6 put off, "
            "5 lost and booked again"
        ),
        "- **Next look:** 2026-12-01 13:00:00Z, or when something changes",
        "- **Policy:** first, second; otherwise skip",
    ]
