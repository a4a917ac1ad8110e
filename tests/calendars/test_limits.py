"""Which bookings a limit leaves out, and how it says so."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from minutekeeper.calendars.limits import (
    Gauge,
    LimitName,
    LimitReached,
    Limits,
    LimitScope,
    WantedBooking,
    admit,
)
from tests.calendars.support import HOUR, NOW, START


def a_booking(name: str, hours: float = 0, minutes: float = 60, **fields: Any) -> WantedBooking:
    """A booking that begins so many hours after ten o'clock (UTC) on a Tuesday."""
    start = START + timedelta(hours=hours)
    plain = {"meeting_id": name, "start": start, "until": start + timedelta(minutes=minutes), "since": NOW}
    return WantedBooking.model_validate(plain | fields)


def left_out(
    *bookings: WantedBooking, zone: str = "UTC", now: datetime = NOW, **limits: Any
) -> dict[str, LimitReached]:
    gauge = Gauge(LimitScope.USER, Limits(**limits), zone)
    return {name: reached for name, reached in admit(bookings, [gauge], now).items() if reached}


def test_at_once_counts_the_bots_of_one_instant_and_not_those_that_follow_each_other() -> None:
    row = [a_booking("a"), a_booking("b", 1), a_booking("c", 2)]
    assert left_out(*row, at_once=1) == {}
    late = a_booking("d", 0.5)
    assert left_out(*row, late, at_once=2) == {}
    assert list(left_out(*row, late, at_once=1)) == ["d"]
    beside = left_out(a_booking("a", minutes=180), a_booking("b", 1), a_booking("c", 1.5), at_once=2)
    assert beside["c"].instead == ("a", "b")
    assert beside["c"].at == "2026-12-01 11:30 (UTC)"


def test_an_hour_and_a_day_are_those_of_the_clock_in_which_a_meeting_starts() -> None:
    hour = [a_booking("a", minutes=10), a_booking("b", 0.5, 10), a_booking("c", 1, 10)]
    assert list(left_out(*hour, per_hour=1)) == ["b"]
    evening = [a_booking("late", 12.5), a_booking("next day", 14.5)]
    assert left_out(*evening, per_day=1) == {}
    assert list(left_out(*evening, per_day=1, zone="Europe/Berlin")) == []
    assert list(left_out(*evening, per_day=1, zone="America/New_York")) == ["next day"]
    reached = left_out(*evening, per_day=1, zone="America/New_York")["next day"]
    assert (reached.used, reached.allowed, reached.at) == (1, 1, "2026-12-01 (America/New_York)")


def test_the_hour_that_comes_twice_when_clocks_are_set_back_is_two_hours() -> None:
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    twice = [
        a_booking("summer", start=first, until=first + HOUR),
        a_booking("winter", start=first + HOUR, until=first + 2 * HOUR),
    ]
    assert left_out(*twice, per_hour=1, zone="Europe/Berlin", now=first - HOUR) == {}


def test_the_hours_of_a_month_are_planned_hours_and_what_fits_beside_them_gets_its_bot() -> None:
    meetings = [
        a_booking("a", minutes=90),
        a_booking("b", 2, 60),
        a_booking("c", 24, 30),
        a_booking("d", 24 * 31, 60),
    ]
    reached = left_out(*meetings, hours_per_month=2)
    assert list(reached) == ["b"]
    assert (reached["b"].used, reached["b"].at) == (1.5, "2026-12 (UTC)")


def test_the_more_important_comes_first_then_the_earlier_start_then_the_earlier_booking() -> None:
    early, late = a_booking("early"), a_booking("late", 5)
    assert list(left_out(late, early, per_day=1)) == ["late"]
    assert list(left_out(early, late.model_copy(update={"importance": 6}), per_day=1)) == ["early"]
    same = a_booking("same", since=NOW - HOUR)
    assert list(left_out(early, same, per_day=1)) == ["early"]


@pytest.mark.parametrize(("minutes_before", "stays"), [(15, True), (16, False)])
def test_a_bot_that_is_about_to_be_sent_is_not_taken_away(minutes_before: float, *, stays: bool) -> None:
    booked = a_booking("booked", importance=1, booked=True)
    urgent = a_booking("urgent", 1, importance=9)
    now = START - timedelta(minutes=minutes_before)
    assert list(left_out(booked, urgent, per_day=1, now=now)) == (["urgent"] if stays else ["booked"])
    wanted = a_booking("booked", importance=1)
    assert list(left_out(wanted, urgent, per_day=1, now=now)) == ["booked"], "it has no bot yet"


def test_what_is_settled_stays_also_where_it_is_too_much() -> None:
    settled = [a_booking(name, booked=True) for name in "abc"]
    more = a_booking("more", 1)
    reached = left_out(*settled, more, per_day=2, now=START)
    assert list(reached) == ["more"]
    assert reached["more"].used == 3
    by_hand = a_booking("by hand", 3, fixed=True)
    assert list(left_out(by_hand, a_booking("important", importance=9), per_day=1)) == ["important"]


def test_what_several_calendars_want_is_one_bot_of_the_highest_importance() -> None:
    shared = [a_booking("shared", 5, importance=1), a_booking("shared", 5, importance=8)]
    assert list(left_out(a_booking("other"), *shared, per_day=1)) == ["other"]
    assert left_out(*shared, per_day=1) == {}


def test_every_limit_has_to_have_room() -> None:
    user = Gauge(LimitScope.USER, Limits(per_day=2), "UTC")
    everyone = Gauge(LimitScope.INSTALLATION, Limits(at_once=1), "UTC")
    outcome = admit(
        [a_booking("a"), a_booking("b", 0.5), a_booking("c", 3), a_booking("d", 4)], [user, everyone], NOW
    )
    assert {name: reached.label for name, reached in outcome.items() if reached} == {
        "b": "installation.at_once",
        "d": "user.per_day",
    }


_WHO = "Left out: the limit of this user is"


@pytest.mark.parametrize(
    ("name", "allowed", "used", "meetings", "sentence"),
    [
        ("at_once", 3, 3, 3, "3 at once, and 3 are booked for 12 o'clock: Offer, b, c."),
        ("per_hour", 4, 4, 4, "4 an hour, and 4 are booked for the hour from 12 o'clock: Offer, b, c and 1 more."),
        ("per_day", 3, 3, 3, "3 a day, and 3 are booked for 12 o'clock: Offer, b, c."),
        (
            "hours_per_month",
            9,
            8,
            5,
            "9 hours a month, and 8 hours are booked for 12 o'clock: Offer, b, c and 2 more.",
        ),
    ],
)
def test_a_limit_says_the_figure_and_what_took_the_place(
    name: LimitName, allowed: int, used: float, meetings: int, sentence: str
) -> None:
    reached = LimitReached(
        scope=LimitScope.USER,
        name=name,
        allowed=allowed,
        used=used,
        at="12 o'clock",
        meetings=meetings,
        instead=("a", "b", "c"),
    )
    assert reached.sentence({"a": "Offer"}) == f"{_WHO} {sentence}"


def test_braces_in_a_title_are_no_placeholder() -> None:
    reached = LimitReached(
        scope=LimitScope.INSTALLATION,
        name=LimitName.PER_DAY,
        allowed=1,
        used=1,
        at="2026-12-01",
        meetings=1,
        instead=("a",),
    )
    assert reached.sentence({"a": "{x} {used}"}) == (
        "Left out: the limit of the installation is 1 a day, and 1 is booked for 2026-12-01: {x} {used}."
    )
