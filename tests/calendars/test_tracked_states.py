"""What is tracked of an event before anything happened to it, and what lasts when it changes."""

from datetime import timedelta

import pytest

from minutekeeper.calendars.tracked_events import BookedState, DesiredMeeting, TrackedEvent, TrackedEvents
from tests.calendars.support import HOUR, NOW, START, an_entry, an_event

WISH = DesiredMeeting(start_time=START)


def booked(**fields: object) -> TrackedEvents:
    entry = an_entry(an_event()).model_copy(update={"booked": True, **fields})
    return TrackedEvents(calendar_id="c1", entries={"e1": entry})


def test_nothing_is_known_of_a_new_event_but_what_was_decided() -> None:
    nothing_said: dict[str, object] = {"title": "", "bot": None, "wanted": None, "metadata": {}}
    assert dict(WISH) == {"start_time": START, "end_time": None, "meeting_url": "", **nothing_said}
    entry = TrackedEvent(event_id="e1", meeting_id="m", desired=WISH, record=True, rule="r")
    assert dict(entry) == {
        "event_id": "e1",
        "meeting_id": "m",
        "desired": WISH,
        "record": True,
        "rule": "r",
        "reason": "",
        "series": "",
        **dict.fromkeys(("updated_at", "applied_before", "ended_as", "objected", "left_out")),
        **dict.fromkeys(("is_organizer", "booked"), False),
        "occurrence": 1,
        "importance": 5,
    }
    assert TrackedEvents(calendar_id="c1").entries == {}


def test_the_states_of_a_booked_meeting_are_stored_by_their_names() -> None:
    assert [*BookedState] == ["running", "ended", "cancelled", "released", "terminated", "absent"]
    assert {state for state in BookedState if state.is_lost} == {"released", "terminated", "absent"}


@pytest.mark.parametrize("state", BookedState)
def test_only_what_a_user_cancelled_stays_so_when_the_event_changes(state: BookedState) -> None:
    before = booked(ended_as=state)
    meeting_id = before.entries["e1"].meeting_id
    changed = before.with_booking(meeting_id, "e1", before.entries["e1"].desired)
    lasting = BookedState.CANCELLED if state is BookedState.CANCELLED else None
    assert changed.entries["e1"].ended_as is lasting


@pytest.mark.parametrize("state", BookedState)
def test_what_is_lost_is_booked_no_more_and_what_ended_is_remembered(state: BookedState) -> None:
    before = booked(applied_before=WISH)
    (entry,) = before.with_workflow_states({before.entries["e1"].meeting_id: state}).entries.values()
    if state.is_lost:
        assert (entry.booked, entry.applied_before, entry.ended_as) == (False, None, None)
    else:
        assert (entry.booked, entry.applied_before) == (True, WISH)
        assert entry.ended_as is (None if state is BookedState.RUNNING else state)
    assert before.with_workflow_states({"another": state}) == before


def test_an_event_that_is_over_keeps_its_meeting_although_that_was_held_for_another_one() -> None:
    held = an_entry(an_event()).model_copy(update={"booked": True})
    later = an_event(event_id="e2", start_time=START + 2 * HOUR)
    copy = an_entry(later).model_copy(update={"meeting_id": held.meeting_id})
    events = TrackedEvents(calendar_id="c1", entries={"e1": held, "e2": copy})
    after = events.with_snapshot([], START + 24 * HOUR, complete=False)
    assert after.entries["e2"].meeting_id == held.meeting_id
    in_between = events.with_snapshot([], START + 1.5 * HOUR, complete=False)
    assert in_between.entries["e2"].meeting_id == f"{held.meeting_id}-2"
    assert in_between.entries["e2"].occurrence == 2


def test_an_event_ends_a_minute_before_its_end() -> None:
    entry = booked().entries["e1"]
    last_minute = START + HOUR - timedelta(minutes=1)
    for is_over, now in ((False, last_minute - timedelta(seconds=1)), (True, last_minute)):
        assert entry.is_over(now) is is_over
        assert entry.was_held(now) is is_over
    assert not entry.model_copy(update={"booked": False}).was_held(last_minute)
    assert not entry.is_over(NOW)
