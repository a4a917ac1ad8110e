"""Any history of a calendar, seen in part or as a whole, carried out in part or as a whole, ends as it should."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from minutekeeper.calendars.event import CalendarEvent, is_past
from minutekeeper.calendars.plan import ChangeKind
from tests.calendars.support import HOUR, START, World, an_entry, an_event

HALF_AN_HOUR = timedelta(minutes=30)

History = list[tuple[list[CalendarEvent], bool, int, int | None]]
"""What was seen, whether that was all, how many half hours then went by, and how many steps succeeded first."""

versions = st.builds(
    an_event,
    event_id=st.sampled_from(["e1", "e2", "e3"]),
    uid=st.sampled_from(["", "a@google.com"]),
    title=st.sampled_from(["One", "Two"]),
    start_time=st.integers(0, 12).map(lambda n: START + n * HALF_AN_HOUR),
    end_time=st.integers(0, 16).map(lambda n: START + n * HALF_AN_HOUR),
    meeting_url=st.sampled_from(["", "meet.google.com/abc-defg-hij", "https://zoom.us/j/12345678901"]),
    deleted=st.booleans(),
    response=st.sampled_from(["accepted", "declined"]),
)
calendars = st.lists(versions, max_size=5, unique_by=lambda event: event.event_id)
looks = st.tuples(calendars, st.booleans(), st.integers(0, 3), st.none() | st.integers(0, 3))


def wanted(world: World, events: list[CalendarEvent]) -> set[str]:
    """The events of a calendar that should have a meeting, said as simply as can be."""
    return {
        event.event_id
        for event in events
        if event.link
        and not event.deleted
        and event.response != "declined"
        and not is_past(event.expected_end, world.now)
    }


def live(world: World) -> set[str]:
    return {name for name, wish in world.meetings.items() if not is_past(wish.expected_end, world.now)}


def apply_change(history: History) -> World:
    """A world in which looks were taken and time went by, and some steps perhaps failed."""
    world = World()
    world.now = START - HOUR
    for events, complete, later, steps in history:
        world.carry_out(world.look(*events, complete=complete), steps=steps)
        claims = [entry.meeting_id for entry in world.book.entries.values() if entry.booked]
        assert len(claims) == len(set(claims))
        assert set(claims) >= live(world)
        world.now += later * HALF_AN_HOUR
    return world


@given(st.lists(looks, max_size=6), calendars)
def test_after_any_history_a_whole_look_makes_the_meetings_what_the_calendar_says(
    history: History, last: list[CalendarEvent]
) -> None:
    world = apply_change(history)
    world.sync(*last, complete=True)
    entries = world.book.entries
    due = {entries[event_id].meeting_id for event_id in wanted(world, last)}
    assert due <= live(world)
    # What has begun and is no longer listed runs on to its end.
    assert all(world.meetings[meeting_id].start_time <= world.now for meeting_id in live(world) - due)
    for event in last:
        entry = entries[event.event_id]
        if entry.booked and event.event_id in wanted(world, last):
            assert world.meetings[entry.meeting_id] == an_entry(event, now=world.now).desired


@given(history=st.lists(looks, max_size=4), last=calendars, complete=st.booleans())
def test_a_plan_that_was_carried_out_leaves_nothing_to_do(
    history: History, last: list[CalendarEvent], *, complete: bool
) -> None:
    world = apply_change(history)
    world.sync(*last, complete=complete)
    again = world.look(*last, complete=complete)
    assert {step.kind for step in again.changes} <= {ChangeKind.KEEP}
    assert again.events == world.book
    assert world.look(*last, complete=complete) == again


@given(st.lists(looks, max_size=4), calendars)
def test_a_partial_look_touches_no_meeting_of_an_event_that_it_did_not_see(
    history: History, seen: list[CalendarEvent]
) -> None:
    world = apply_change(history)
    world.sync()
    names = {event.event_id for event in seen}
    held = {name: entry.meeting_id for name, entry in world.book.entries.items() if entry.booked}
    plan = world.look(*seen)
    touched = {step.meeting_id for step in plan.changes if step.kind is not ChangeKind.KEEP}
    assert not touched & {meeting_id for name, meeting_id in held.items() if name not in names}
