"""What a calendar says that it wants, and what is kept of it."""

from datetime import timedelta
from typing import Any

import pytest

from minutekeeper.calendars.limited_events import (
    COUNTED_FOR,
    RECHECK_BEFORE,
    CalendarBookings,
    LimitContext,
    LimitedEvents,
    limit_events,
    own_bookings,
    user_key,
    wanted_bookings,
)
from minutekeeper.calendars.limits import Limits, LimitScope, WantedBooking
from minutekeeper.calendars.limits_file import InstallationLimits
from minutekeeper.calendars.policy import Policy
from minutekeeper.calendars.tracked_events import BookedState, TrackedEvent, TrackedEvents
from tests.calendars.support import HOUR, NOW, START, an_entry, an_event

ONE_A_DAY = Policy(limits=Limits(per_day=1))


def entry(number: int, hours: float = 0, **fields: Any) -> TrackedEvent:
    event = an_event(
        event_id=f"e{number}", uid=f"u{number}", title=f"Meeting {number}", start_time=START + hours * HOUR
    )
    return an_entry(event).model_copy(update=fields)


def tracked(*entries: TrackedEvent) -> TrackedEvents:
    return TrackedEvents(calendar_id="c1", entries={each.event_id: each for each in entries})


def context(policy: Policy = ONE_A_DAY, **fields: Any) -> LimitContext:
    return LimitContext(own_bookings("c1", "anna", policy, None), **fields)


def look(events: TrackedEvents, limits: LimitContext, now: Any = NOW) -> LimitedEvents:
    return limit_events(events, wanted_bookings(events, limits, now), limits, now)


def test_what_is_over_counts_as_it_was_booked_and_what_was_left_out_does_not() -> None:
    held, missed, coming = entry(1, booked=True), entry(2, 1), entry(3, 3)
    now = START + 2.5 * HOUR
    made = look(tracked(held, missed, coming), context(), now)
    assert [each.meeting_id for each in made.bookings.bookings] == [held.meeting_id, coming.meeting_id]
    assert list(made.left_out(now)) == ["e3"]
    later = look(tracked(coming), context(before=made.bookings), now)
    assert list(later.left_out(now)) == ["e3"], "also when its event is not tracked any more"
    much_later = START + COUNTED_FOR + HOUR
    assert wanted_bookings(tracked(), context(before=made.bookings), much_later).bookings == ()


def test_what_people_cancelled_takes_no_place_and_what_is_left_to_the_provider_does() -> None:
    cancelled = entry(1, booked=True, ended_as=BookedState.CANCELLED)
    by_timer = entry(2, 1, record=False, rule="provider_records")
    assert look(tracked(cancelled, entry(3, 3)), context()).left_out(NOW) == {}
    made = look(tracked(by_timer, entry(3, -1)), context())
    assert list(made.left_out(NOW)) == ["e3"]
    assert made.events.entries["e2"].rule == "provider_records"


def test_an_event_whose_limit_is_lifted_is_decided_as_before() -> None:
    before = tracked(entry(1), entry(2, 2))
    made = look(before, context())
    left_out = made.events.entries["e2"]
    assert (left_out.record, left_out.rule) == (False, "limit")
    assert look(made.events, context(Policy())).events == before
    again = look(made.events, context(before=made.bookings))
    assert (again.events, again.bookings) == (made.events, made.bookings), "nothing has changed"


def test_a_bot_under_way_stays_also_where_what_is_known_of_events_was_lost() -> None:
    booked = WantedBooking(
        meeting_id=entry(1).meeting_id, start=START, until=START + HOUR, since=NOW, booked=True, importance=1
    )
    known = CalendarBookings(calendar_id="c1", user="anna", bookings=(booked,))
    now = START + timedelta(minutes=1)
    important = entry(2, 2, importance=9)
    made = look(tracked(entry(1), important), context(before=known), now)
    assert list(made.left_out(now)) == ["e2"]
    assert look(tracked(entry(1), important), context(), now).left_out(now).keys() == {"e1"}


def test_left_out_events_are_decided_again_before_they_start() -> None:
    made = look(tracked(entry(1), entry(2, 2), entry(3, 4)), context())
    assert made.recheck_after(NOW) == START + 2 * HOUR - RECHECK_BEFORE
    assert made.recheck_after(START + 2 * HOUR) == START + 4 * HOUR - RECHECK_BEFORE
    assert made.recheck_after(START + 4 * HOUR) is None


def test_the_policy_goes_before_what_holds_for_each_user() -> None:
    file = InstallationLimits(per_user=Limits(at_once=2, per_day=8))
    assert own_bookings("c1", "anna", Policy(limits=Limits(per_day=9)), file).limits == Limits(at_once=2, per_day=9)
    assert own_bookings("c1", "anna", Policy(), file).limits == file.per_user
    assert own_bookings("c1", "anna", Policy(), None).limits is None
    assert not context(Policy(), installation=file).has_limits, "they are those of the calendar's own bookings"


@pytest.mark.parametrize(
    ("names", "same"),
    [
        (("anna", "", "", "c1"), True),
        ((" Anna", "x@acme.com", "", "c2"), True),
        (("", "anna", "other", "c2"), True),
        (("", "", "ANNA", "c2"), True),
        (("", "", "", "anna"), True),
        (("ben", "anna", "anna", "anna"), False),
    ],
)
def test_a_user_is_who_is_named_first(names: tuple[str, str, str, str], *, same: bool) -> None:
    assert (user_key(*names) == user_key("anna", "", "", "")) is same


def test_a_colleague_who_decided_otherwise_is_told_once() -> None:
    file = InstallationLimits(installation=Limits(at_once=1))

    def bens(**fields: Any) -> CalendarBookings:
        starts = {"m-1": START - HOUR, "m3": START + 3 * HOUR}
        wanted = tuple(
            WantedBooking(
                meeting_id=name, event_id=f"e-{name}", start=start, until=start + 2 * HOUR, since=NOW, **fields
            )
            for name, start in starts.items()
        )
        return CalendarBookings(calendar_id="bens", user="ben", bookings=wanted)

    def disagreeing(other: CalendarBookings) -> tuple[tuple[str, str], ...]:
        return look(tracked(entry(1)), context(Policy(), installation=file, others=(other,))).disagreeing

    assert disagreeing(bens(booked=True)) == ()
    assert disagreeing(bens()) == (), "it has not decided yet"
    assert disagreeing(bens(left_out=LimitScope.INSTALLATION)) == (("bens", "e-m-1"),)
    assert disagreeing(bens(left_out=LimitScope.USER)) == ()
    ones = bens(booked=True).model_copy(update={"user": "anna", "limits": Limits(per_day=1)})
    assert disagreeing(ones) == (("bens", "e-m3"),), "its own user's limit, which it did not apply"
