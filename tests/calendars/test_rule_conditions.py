"""Every condition, where it holds and where it does not."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minutekeeper.calendars.decisions import evaluate_rules
from minutekeeper.calendars.event import CalendarEvent
from minutekeeper.calendars.patterns import either
from tests.calendars.support import HOUR, START, a_policy, an_event, decided

ANNA, BEN, BOB = {"email": "anna@acme.com"}, {"email": "ben@eu.acme.com"}, {"email": "bob@customer.com"}
ZOOM = "https://zoom.us/j/12345678901"


def hours(**fields: Any) -> dict[str, Any]:
    return {"working_hours": {"from": "09:00", "to": "18:00"} | fields}


def at(text: str) -> dict[str, Any]:
    start = datetime.fromisoformat(text)
    return {"start_time": start, "end_time": start + HOUR}


def holds(when: dict[str, Any], event: CalendarEvent, part: str = "when", time_zone: str = "UTC") -> bool:
    rule = {"name": "r", part: when, "then": "record"}
    policy = a_policy(rule, my_domains=["acme.com"], time_zone=time_zone, otherwise="skip")
    return decided(event, policy).record


@pytest.mark.parametrize(
    ("when", "fields", "expected"),
    [
        ({}, {}, True),
        ({"title": None}, {}, True),
        ({"organizer": "me"}, {"is_organizer": True}, True),
        ({"organizer": "me"}, {"is_organizer": False}, False),
        ({"organizer": "others"}, {"is_organizer": False}, True),
        ({"organizer": "others"}, {"is_organizer": True}, False),
        ({"organizer": {"emails": "b*@customer.com"}}, {"organizer_email": "bob@customer.com"}, True),
        ({"organizer": {"emails": ["b*@customer.com"]}}, {"organizer_email": "anna@acme.com"}, False),
        (
            {"organizer": {"emails": "x@y.z", "domains": "customer.com"}},
            {"organizer_email": "a@customer.com"},
            True,
        ),
        ({"organizer": {"domains": ["customer.com"]}}, {"organizer_email": ""}, False),
        ({"attendees": {"external": True}}, {"attendees": [ANNA, BOB]}, True),
        ({"attendees": {"external": True}}, {"attendees": [ANNA, BEN]}, False),
        ({"attendees": {"external": True}}, {"attendees": [ANNA], "organizer_email": "bob@customer.com"}, True),
        ({"attendees": {"external": True}}, {"attendees": [ANNA, {"name": "Bob"}]}, False),
        ({"attendees": {"external": True}}, {}, False),
        ({"attendees": {"external": False}}, {"attendees": [ANNA, BOB]}, False),
        ({"attendees": {"external": False}}, {}, True),
        ({"attendees": {"external": False}}, {"attendees": [ANNA], "guests_known": False}, False),
        ({"attendees": {"external": True}}, {"attendees": [ANNA], "guests_known": False}, False),
        ({"attendees": {"external": True}}, {"attendees": [BOB], "guests_known": False}, True),
        ({"attendees": {"internal_only": True}}, {"attendees": [ANNA], "guests_known": False}, False),
        ({"attendees": {"internal_only": False}}, {"attendees": [ANNA], "guests_known": False}, True),
        ({"attendees": {"at_most": 2}}, {"attendees": [ANNA], "guests_known": False}, False),
        ({"attendees": {"at_least": 1}}, {"attendees": [ANNA], "guests_known": False}, True),
        ({"attendees": {"internal_only": True}}, {"attendees": [ANNA, BEN]}, True),
        ({"attendees": {"internal_only": True}}, {"attendees": [ANNA, BOB]}, False),
        ({"attendees": {"internal_only": True}}, {"attendees": [ANNA, {"name": "Bob"}]}, False),
        ({"attendees": {"internal_only": True}}, {}, False),
        ({"attendees": {"internal_only": False}}, {"attendees": [ANNA, BOB]}, True),
        ({"attendees": {"any_domain": ["@customer.com"]}}, {"attendees": [ANNA, BOB]}, True),
        ({"attendees": {"any_domain": "customer.com"}}, {"attendees": [ANNA]}, False),
        ({"attendees": {"any_email": "bo?@*"}}, {"attendees": [BOB]}, True),
        ({"attendees": {"any_email": "*"}}, {"attendees": [{"name": "Bob"}]}, False),
        ({"attendees": {"at_least": 2}}, {"attendees": [ANNA, BOB]}, True),
        ({"attendees": {"at_least": 3}}, {"attendees": [ANNA, BOB]}, False),
        ({"attendees": {"at_least": 3}}, {"attendees": [ANNA, BOB], "organizer_email": "c@acme.com"}, True),
        ({"attendees": {"at_most": 2}}, {"attendees": [ANNA, BOB], "organizer_email": "anna@acme.com"}, True),
        ({"attendees": {"at_most": 1}}, {"attendees": [ANNA, BOB]}, False),
        ({"attendees": {"external": True, "at_least": 3}}, {"attendees": [ANNA, BOB]}, False),
        ({"recurring": True}, {"is_recurring": True}, True),
        ({"recurring": True}, {"recurring_event_id": "s"}, True),
        ({"recurring": True}, {}, False),
        ({"recurring": False}, {}, True),
        ({"title": "weekly"}, {"title": "Sales weekly"}, True),
        ({"title": ["standup", "*1:1*"]}, {"title": "Anna 1:1 Ben"}, True),
        ({"title": ["standup", "*1:1*"]}, {"title": ""}, False),
        ({"platform": "google_meet"}, {}, True),
        ({"platform": ["zoom", "microsoft_teams"]}, {}, False),
        ({"platform": ["zoom"]}, {"meeting_url": ZOOM}, True),
        ({"response": ["accepted", "tentative"]}, {"response": "tentative"}, True),
        ({"response": "accepted"}, {"response": "unknown"}, False),
        ({"response": ["accepted", "unknown"]}, {}, True),
        ({"minimum_minutes": 60}, {}, True),
        ({"minimum_minutes": 61}, {}, False),
        ({"minimum_minutes": 1}, {"end_time": START}, False),
        ({"maximum_minutes": 60}, {}, True),
        ({"maximum_minutes": 59}, {}, False),
        ({"maximum_minutes": 10}, {"end_time": START}, True),
        ({"minimum_minutes": 60, "maximum_minutes": 60}, {"end_time": None}, True),
        (hours(), at("2026-12-01T09:00Z"), True),
        (hours(), at("2026-12-01T08:59Z"), False),
        (hours(), at("2026-12-01T17:59Z"), True),
        (hours(), at("2026-12-01T18:00Z"), False),
        (hours(), at("2026-12-05T10:00Z"), False),
        (hours(days=["sat", "sun"]), at("2026-12-05T10:00Z"), True),
        (hours(days="tue", to="24:00"), at("2026-12-01T23:59Z"), True),
        (hours(time_zone="Asia/Tokyo"), at("2026-12-01T00:00Z"), True),
        (hours(days="tue", time_zone="Pacific/Auckland"), at("2026-11-30T21:00Z"), True),
        (hours(days="mon", time_zone="Pacific/Auckland"), at("2026-11-30T21:00Z"), False),
        ({"title": "weekly", "recurring": True}, {"title": "weekly"}, False),
    ],
)
def test_conditions(when: dict[str, Any], fields: dict[str, Any], *, expected: bool) -> None:
    assert holds(when, an_event(**fields)) is expected
    if any(value is not None for value in when.values()):
        assert holds(when, an_event(**fields), part="unless") is not expected


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        # Summer time begins in Berlin on 29 March 2026 and ends on 25 October: nine o'clock is another instant.
        ("2026-03-27T08:00Z", True),
        ("2026-03-27T07:00Z", False),
        ("2026-03-30T07:00Z", True),
        ("2026-03-30T06:59Z", False),
        ("2026-10-23T07:00Z", True),
        ("2026-10-26T07:00Z", False),
        ("2026-10-26T08:00Z", True),
    ],
)
def test_working_hours_follow_summer_time(start: str, *, expected: bool) -> None:
    assert holds(hours(time_zone="Europe/Berlin"), an_event(**at(start))) is expected


def test_the_hour_that_comes_twice_counts_twice_and_the_one_that_is_skipped_never() -> None:
    night = {"working_hours": {"days": "sun", "from": "02:00", "to": "03:00", "time_zone": "Europe/Berlin"}}
    utc = [
        datetime(2026, month, day, hour, 30, tzinfo=UTC) for month, day in ((10, 25), (3, 29)) for hour in range(4)
    ]
    held = [start for start in utc if holds(night, an_event(start_time=start, end_time=start + HOUR))]
    assert held == [datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)]


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis wants it bare
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
)
def test_working_hours_are_what_the_clock_on_the_wall_shows(start: datetime, zone: str) -> None:
    local = start.astimezone(ZoneInfo(zone))
    is_open = local.weekday() < 5 and 9 <= local.hour < 18
    assert holds(hours(), an_event(start_time=start), time_zone=zone) is is_open


def test_all_conditions_of_an_exception_must_hold_for_it_to_count() -> None:
    exception = {"title": "weekly", "recurring": True}
    assert holds(exception, an_event(title="weekly"), part="unless")
    assert not holds(exception, an_event(title="weekly", is_recurring=True), part="unless")


def test_long_lists_are_told_in_short() -> None:
    assert either(["a"]) == "a"
    assert either(["a", "b"]) == "a or b"
    assert either(["a", "b", "c", "d", "e"]) == "a, b, c or 2 more"


def test_the_length_of_an_event_is_exact() -> None:
    event = an_event(end_time=START + timedelta(minutes=29, seconds=59))
    assert not holds({"minimum_minutes": 30}, event)
    assert not holds({"maximum_minutes": 29}, event)


@pytest.mark.parametrize("asked", [{"internal_only": True}, {"external": False}])
def test_an_explanation_says_that_not_all_guests_are_known(asked: dict[str, bool]) -> None:
    rule = {"name": "r", "when": {"attendees": asked}, "then": "record"}
    policy = a_policy(rule, my_domains=["acme.com"], otherwise="skip")
    event = an_event(attendees=[ANNA], guests_known=False)
    (looked_at,) = evaluate_rules(policy, event)
    assert not looked_at.holds
    assert "not all guests are known" in looked_at.why
