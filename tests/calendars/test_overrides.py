"""What people decided for one event or for a series, and how it is taken back."""

from typing import Any

import pytest

from minutekeeper.calendars.decisions import MAX_OVERRIDES, NO_OVERRIDES, Override, Overrides
from minutekeeper.calendars.event import CalendarEvent, meeting_id_for_event
from minutekeeper.calendars.occurrences import as_tracked
from minutekeeper.calendars.tracked_events import TrackedEvents
from tests.calendars.support import DAY, NOW, START, an_entry, an_event

EVENT = {"uid": "u1", "original_start": START, "recurring_event_id": "s1"}
E1 = meeting_id_for_event(an_event(**EVENT))
BOTH = NO_OVERRIDES.with_event(E1, "never").with_series("s1", "always")


def test_an_event_goes_before_its_series() -> None:
    assert BOTH.for_event(an_event(**EVENT)) == Override("never", "event")
    other = EVENT | {"original_start": START + DAY}
    assert BOTH.for_event(an_event(**other)) == Override("always", "series")
    assert BOTH.for_event(an_event(**other | {"recurring_event_id": "s2"})) is None
    assert BOTH.for_event(an_event(event_id="e2")) is None
    assert BOTH.for_event(an_event(uid="s1", recurring_event_id=E1)) is None


def test_an_event_keeps_its_override_when_its_calendar_comes_back_under_another_id() -> None:
    came_back = an_event(event_id="another", calendar_id="c2", **EVENT)
    assert BOTH.for_event(came_back) == Override("never", "event")


def test_an_override_holds_for_each_id_of_an_event_and_never_goes_first() -> None:
    first, later = an_event(), an_event(**EVENT)
    tracked = TrackedEvents(calendar_id="c1", entries={"e1": an_entry(first)})
    (event,) = as_tracked([later], tracked)
    tracked_id = meeting_id_for_event(first)
    assert event.meeting_ids == (tracked_id, E1)
    given = NO_OVERRIDES.with_event(tracked_id, "always")
    assert given.for_event(later) is None
    assert given.for_event(event) == Override("always", "event")
    assert given.with_event(E1, "never").for_event(event) == Override("never", "event")
    assert NO_OVERRIDES.with_event(tracked_id, "never").with_event(E1, "always").for_event(event) == Override(
        "never", "event"
    )
    assert given.with_event(E1, "never").with_event(tracked_id, None, [E1]) == NO_OVERRIDES


def test_of_a_series_that_was_moved_by_a_day_each_event_keeps_its_own_override() -> None:
    def daily(day: int, moved: int = 0) -> CalendarEvent:
        return an_event(**EVENT | {"event_id": f"e{day}", "original_start": START + (day + moved) * DAY})

    tracked = TrackedEvents(calendar_id="c1", entries={f"e{day}": an_entry(daily(day)) for day in range(3)})
    overrides = NO_OVERRIDES.with_event(meeting_id_for_event(daily(1)), "never")
    moved = as_tracked([daily(day, moved=1) for day in range(3)], tracked)
    assert [overrides.for_event(event) is not None for event in moved] == [False, True, False]


def test_an_event_of_no_series_is_none_of_the_nameless_series() -> None:
    assert Overrides(series={"": "never"}).for_event(an_event()) is None


def test_the_last_word_counts_and_can_be_taken_back() -> None:
    assert BOTH.with_event(E1, "always").with_event("e2", "never").events == {E1: "always", "e2": "never"}
    assert BOTH.with_event(E1, None) == NO_OVERRIDES.with_series("s1", "always")
    assert BOTH.with_series("s1", None) == NO_OVERRIDES.with_event(E1, "never")
    assert BOTH.with_series("s2", None).with_event("e2", None) == BOTH


def test_there_is_room_for_a_thousand() -> None:
    assert MAX_OVERRIDES == 1000
    events = {f"e{number}": "never" for number in range(600)}
    series = {f"s{number}": "always" for number in range(399)}
    nearly = Overrides.model_validate({"events": events, "series": series})
    for full in (nearly.with_series("s", "always"), nearly.with_event("e", "never")):
        assert full.count == 1000
        assert full.fitted("e", NOW) == full
        assert full.with_event("another", "always").fitted("another", NOW) is None
        assert full.with_series("another", "always").fitted("another", NOW) is None
        replaced = full.with_event("e1", "always")
        assert replaced.fitted("e1", NOW) == replaced


def full(**last: Any) -> Overrides:
    events = {f"e{number}": "never" for number in range(1000 - sum(map(len, last.values())))}
    return Overrides.model_validate({"events": events | last.get("events", {}), "series": last.get("series", {})})


def test_what_has_expired_makes_room() -> None:
    kept = full(events={"old": "always", "older": "never", "coming": "always"})
    for key, days in {"old": 0, "older": -9, "coming": 1}.items():
        kept = kept.with_event(key, kept.events[key], expires_at=NOW + days * DAY)
    assert kept.fitted("old", NOW) == kept, "there is room"
    for changed in (kept.with_event("new", "always"), kept.with_series("new", "never")):
        fitted = changed.fitted("new", NOW)
        assert fitted is not None
        assert (fitted.count, set(changed.events) - set(fitted.events)) == (999, {"old", "older"})
        assert fitted.expiry == {"coming": NOW + DAY}
    again = kept.with_event("new", "never", expires_at=NOW - DAY).fitted("new", NOW)
    assert again is not None
    assert again.events["new"] == "never", "what was chosen last does not go at once"


def test_a_never_takes_the_place_of_an_always() -> None:
    kept = full(events={"later": "always", "soon": "always", "some": "always"}, series={"weekly": "always"})
    kept = kept.with_event("later", "always", expires_at=NOW + 2 * DAY)
    kept = kept.with_event("soon", "always", expires_at=NOW + DAY)
    for number, gone in enumerate(["soon", "later", "some", "weekly"]):
        changed = kept.with_event(f"new{number}", "never")
        assert kept.with_event("new", "always").fitted("new", NOW) is None
        fitted = changed.fitted(f"new{number}", NOW)
        assert fitted is not None
        assert {*changed.events, *changed.series} - {*fitted.events, *fitted.series} == {gone}
        kept = fitted
    assert kept.with_event("new", "never").fitted("new", NOW) is None
    assert kept.with_series("new", "never").fitted("new", NOW) is None


@pytest.mark.parametrize("word", ["", "perhaps", None])
def test_only_two_words_are_known(word: str | None) -> None:
    with pytest.raises(ValueError, match="events"):
        Overrides.model_validate({"events": {"e1": word}})


GOOGLES = [
    {"recurring_event_id": "4f2k", "provider_event_id": "4f2k_20261201T100000Z"},
    {"recurring_event_id": "4f2k_R20261208T100000", "provider_event_id": "4f2k_R20261208T100000_20261215T100000Z"},
    {"recurring_event_id": "4f2k_R20261208T100000Z", "provider_event_id": "new"},
    {"recurring_event_id": "4f2k_R20261208"},
    {"recurring_event_id": "4f2k_R20261208T100000_R20270105T100000"},
    {"provider_event_id": "4f2k_20261222T100000Z"},
    {"provider_event_id": "4f2k_R20261208T100000_20261222T100000Z", "is_recurring": True},
]
OUTLOOKS = "040000008200E00074C5B7101A82E008{}5025D461E473C801000000000000000010000000AA"


@pytest.mark.parametrize("later", GOOGLES)
@pytest.mark.parametrize("chosen", GOOGLES)
def test_a_series_stays_one_when_this_and_following_events_are_changed(
    chosen: dict[str, object], later: dict[str, object]
) -> None:
    overrides = NO_OVERRIDES.with_series(an_event(**chosen).series, "never")
    assert overrides.for_event(an_event(event_id="new", **later)) == Override("never", "series")
    assert overrides.with_series(an_event(**later).series, None) == NO_OVERRIDES


def test_a_series_may_be_named_by_the_id_that_google_gave_the_rest_of_it() -> None:
    given = NO_OVERRIDES.with_series("4f2k_R20261208T100000", "never")
    assert given.for_event(an_event(recurring_event_id="4f2k")) == Override("never", "series")


@pytest.mark.parametrize(
    "other",
    [
        {"recurring_event_id": "4f2l"},
        {"recurring_event_id": "4f2k_R2026"},
        {"recurring_event_id": "4f2k_R20261208T100000x"},
        {"provider_event_id": "4f2k"},
        {"uid": "4f2k"},
        {"uid": "4f2k", "is_recurring": False, "provider_event_id": "4f2k_R20261208T100000"},
    ],
)
def test_what_only_looks_like_it_is_another_series(other: dict[str, object]) -> None:
    assert NO_OVERRIDES.with_series("4f2k", "never").for_event(an_event(**other)) is None


def test_an_exception_without_the_id_of_its_series_is_known_by_its_uid() -> None:
    first = an_event(is_recurring=True, uid=OUTLOOKS.format("07EA0C01"), provider_event_id="AAMk1=")
    exception = an_event(is_recurring=True, uid=OUTLOOKS.format("07EA0C08"), provider_event_id="AAMk2=")
    split = an_event(is_recurring=True, uid="4f2k_R20261208T100000@google.com", provider_event_id="AAMk3=")
    assert first.series == exception.series == OUTLOOKS.format("00000000")
    assert split.series == "4f2k@google.com"
