"""What is said to a calendar's workflow and what it says of itself, where nothing is given."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from meetings.calendars.keeping import (
    DISCONNECTION,
    SOMETHING_CHANGED,
    CalendarRequest,
    CalendarSignal,
    CalendarStatus,
    CalendarView,
    Disconnection,
    LookCounts,
    LookOrder,
    LookResult,
    OverrideChange,
    PolicyChange,
)
from meetings.calendars.news import ALL_NEW, MOST_NAMED, NO_NEWS, News
from meetings.calendars.overrides import NO_OVERRIDES
from meetings.calendars.policy import DEFAULT_POLICY

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
COUNTS = {"events": 0, "booked": 0, "moved": 0, "updated": 0, "released": 0, "lost": 0, "put_off": 0}


def test_a_calendar_needs_only_its_id() -> None:
    assert dict(CalendarRequest(calendar_id="c1")) == {
        "calendar_id": "c1",
        "user": "",
        "platform": "",
        "owner": "",
        "policy": DEFAULT_POLICY,
        "overrides": NO_OVERRIDES,
        "debounce": 2.0,
        "full_every": 6 * 3600.0,
        "carried": None,
    }
    with pytest.raises(ValidationError, match="calendar_id"):
        CalendarRequest(calendar_id="")


@pytest.mark.parametrize(("name", "shortest", "longest"), [("debounce", 0, 600), ("full_every", 60, 7 * 24 * 3600)])
def test_the_times_of_a_calendar_are_bounded(name: str, shortest: int, longest: int) -> None:
    for seconds in (shortest, longest):
        assert getattr(CalendarRequest.model_validate({"calendar_id": "c1", name: seconds}), name) == seconds
    for seconds in (shortest - 1, longest + 1):
        with pytest.raises(ValidationError, match=name):
            CalendarRequest.model_validate({"calendar_id": "c1", name: seconds})


def test_a_look_reads_what_was_changed_unless_it_is_told_more() -> None:
    order = LookOrder(calendar_id="c1", at=NOON)
    assert dict(order) == {
        "calendar_id": "c1",
        "at": NOON,
        "policy": DEFAULT_POLICY,
        "overrides": NO_OVERRIDES,
        "news": NO_NEWS,
        "farewell": "",
    }


def test_a_look_that_says_nothing_brought_nothing() -> None:
    assert LookCounts().model_dump() == COUNTS
    assert dict(LookResult()) == {
        "counts": LookCounts(),
        "was_full": False,
        "cursor": None,
        "again_at": None,
        "unread": (),
    }


def test_a_calendar_shows_no_more_than_is_known() -> None:
    view = CalendarView(calendar_id="c1", status=CalendarStatus.SYNCING)
    assert dict(view) == {
        "calendar_id": "c1",
        "status": CalendarStatus.SYNCING,
        "user": "",
        "platform": "",
        "owner": "",
        "ailment": None,
        "trouble": "",
        "trouble_since": None,
        "looks": 0,
        "counts": LookCounts(),
        **dict.fromkeys(("cursor", "last_look_at", "last_full_at", "next_look_at")),
        "policy": DEFAULT_POLICY,
        "overrides": NO_OVERRIDES,
    }


def test_the_states_of_a_calendar_are_words_that_others_rely_on() -> None:
    assert [*CalendarStatus] == ["syncing", "active", "error", "leaving", "disconnected"]


def test_a_signal_may_say_nothing_or_more_than_is_known_here() -> None:
    assert dict(SOMETHING_CHANGED) == {"calendar_id": "", "event_ids": (), "everything": False}
    assert CalendarSignal.model_validate({"event_ids": ["e1"], "sent_by": "x"}) == CalendarSignal(event_ids=("e1",))


def test_up_to_a_hundred_events_are_asked_for_by_name() -> None:
    assert MOST_NAMED == 100
    assert dict(NO_NEWS) == {"full": False, "unnamed": False, "event_ids": ()}
    assert ALL_NEW.full


def test_every_word_about_a_calendar_stays_in_what_adds_up() -> None:
    for some in (News(full=True), News(unnamed=True), News(event_ids=("e1",))):
        assert some.and_also(NO_NEWS) == NO_NEWS.and_also(some) == some
    assert News(full=True).and_also(News(unnamed=True)) == News(full=True, unnamed=True)


def test_what_is_decided_for_an_event_or_a_series_can_be_taken_back() -> None:
    assert dict(OverrideChange()) == {"event_id": "", "series_id": "", "wanted": None}
    with pytest.raises(ValidationError, match="policy"):
        PolicyChange.model_validate({})


def test_a_disconnection_has_a_reason_of_one_to_500_characters() -> None:
    assert DISCONNECTION.why == "The calendar was disconnected."
    assert Disconnection(why="x" * 500).why == "x" * 500
    for why in ("", "x" * 501):
        with pytest.raises(ValidationError, match="why"):
            Disconnection(why=why)
