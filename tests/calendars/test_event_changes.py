"""What is asked for when a calendar is compared with Temporal, and what counts as lost."""

import asyncio
from collections.abc import Iterable

import pytest

from minutekeeper.calendars.event_changes import booked_state_of, compare_meetings
from minutekeeper.calendars.tracked_events import BookedState, TrackedEvents
from tests.calendars.support import DAY, NOW, an_entry, an_event


def a_book(*names: str, **fields: object) -> TrackedEvents:
    entries = [an_entry(an_event(event_id=name, uid=name)).model_copy(update=fields) for name in names]
    booked = TrackedEvents(calendar_id="c1", entries={entry.event_id: entry for entry in entries})
    for entry in entries:
        booked = booked.with_booking(entry.meeting_id, entry.event_id, entry.desired)
    return booked


def compared(
    book: TrackedEvents, running: Iterable[str] = (), known: dict[str, BookedState] | None = None, later: int = 0
) -> tuple[dict[str, BookedState], list[str]]:
    """The states, and the ids that were asked for."""
    asked: list[str] = []

    async def ask(meeting_id: str) -> BookedState:
        asked.append(meeting_id)
        return (known or {}).get(meeting_id, BookedState.ABSENT)

    states = asyncio.run(compare_meetings(book, frozenset(running), ask, NOW + later * DAY))
    return dict(states), asked


@pytest.mark.no_cover
def test_a_thousand_running_meetings_are_asked_for_by_no_call_of_their_own() -> None:
    book = a_book(*map(str, range(1000)))
    names = [entry.meeting_id for entry in book.entries.values()]
    states, asked = compared(book, names)
    assert set(states.values()) == {BookedState.RUNNING}
    assert asked == []
    assert len(compared(book)[1]) == len(names), "one call for each that the search did not find"


def test_what_is_over_or_not_booked_is_left_alone() -> None:
    assert compared(a_book("e"), later=2) == ({}, [])
    entry = an_entry(an_event())
    assert compared(TrackedEvents(calendar_id="c1", entries={"e1": entry})) == ({}, [])


@pytest.mark.parametrize("state", [BookedState.ENDED, BookedState.CANCELLED])
def test_what_was_seen_to_have_ended_is_not_asked_for_again(state: BookedState) -> None:
    book = a_book("e")
    (name,) = (entry.meeting_id for entry in book.entries.values())
    states, asked = compared(book, known={name: state})
    assert states == {name: state}
    assert asked
    noted = book.with_workflow_states(states)
    assert compared(noted) == ({name: state}, [])
    assert compared(noted, [name])[0] == {name: BookedState.RUNNING}, "unless somebody has booked it again"


def test_a_meeting_that_was_held_is_represented_by_its_later_one() -> None:
    book = a_book("e")
    (name,) = (entry.meeting_id for entry in book.entries.values())
    later = f"{name}-2"
    ended = {name: BookedState.ENDED}
    assert compared(book, known=ended)[0] == ended
    assert compared(book, known=ended | {later: BookedState.TERMINATED})[0][name].is_lost
    assert compared(book, [later], ended)[0][name] is BookedState.RUNNING


def test_the_states_of_temporal_are_read_for_what_they_mean() -> None:
    assert booked_state_of("RUNNING", "scheduled") is BookedState.RUNNING
    assert booked_state_of("TERMINATED", "recording").is_lost
    assert booked_state_of("TIMED_OUT", "scheduled").is_lost
    assert booked_state_of("CANCELED", "scheduled") is BookedState.CANCELLED
    assert booked_state_of("COMPLETED", "cancelled") is BookedState.CANCELLED
    assert booked_state_of("COMPLETED", "failed") is BookedState.ENDED
    assert booked_state_of("FAILED", "scheduled") is BookedState.ENDED
