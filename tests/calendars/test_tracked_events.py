"""What a calendar remembers: decisions while they matter, one claim for a meeting, no names of people."""

from datetime import timedelta

import pytest

from minutekeeper.calendars.plan import ChangeKind
from minutekeeper.calendars.tracked_events import KEPT_FOR, MOST_IDLE, TrackedEvent, TrackedEvents, entry_for
from minutekeeper.meetings.fields import BotOptions, RecordingMode
from minutekeeper.meetings.request import CalendarEventRef
from tests.calendars.support import (
    DAY,
    HOUR,
    NOW,
    START,
    URL,
    World,
    a_policy,
    an_entry,
    an_event,
    decided,
    through_temporal,
)


def test_an_entry_holds_the_decision_and_nobodys_address() -> None:
    event = an_event(attendees=[{"email": "anna@acme.com", "name": "Anna"}], organizer_email="bob@customer.com")
    entry = an_entry(event)
    assert (entry.record, entry.rule, entry.booked) == (True, "otherwise", False)
    assert entry.desired.meeting_url == URL
    assert not any(name in entry.model_dump_json() for name in ("anna", "Anna", "bob", "customer"))


def test_what_is_not_recorded_is_remembered_with_its_reason() -> None:
    entry = an_entry(an_event(meeting_url="no link", response="declined", end_time=START))
    assert (entry.record, entry.rule, entry.desired.meeting_url, entry.desired.end_time) == (
        False,
        "unusable_link",
        "",
        None,
    )
    assert entry.reason.startswith("Not recorded")


def test_a_wish_is_a_meeting_that_can_be_booked() -> None:
    policy = a_policy(bot={"name": "Ears", "recording_mode": "audio_only"})
    event = an_event(meeting_url="meet.google.com/ABC-defg-hij")
    request = entry_for(event, decided(event, policy)).desired.request("c1", "e1")
    assert (request.meeting_url, request.start_time, request.end_time) == (URL, START, START + HOUR)
    assert request.title == "Weekly"
    assert request.bot == BotOptions(name="Ears", recording_mode=RecordingMode.AUDIO_ONLY)
    assert request.calendar == CalendarEventRef(calendar_id="c1", event_id="e1")


def test_a_book_survives_a_history() -> None:
    world = World()
    world.sync(an_event(), an_event(event_id="e2", meeting_url=""), policy=a_policy(bot={"name": "Ears"}))
    world.carry_out(world.look(an_event(title="Renamed")), steps=0)
    assert any(entry.applied_before for entry in world.book.entries.values())
    assert through_temporal(world.book) == world.book


def test_an_entry_of_an_earlier_version_can_be_read() -> None:
    entry = TrackedEvent.model_validate(
        {"event_id": "e", "meeting_id": "m", "desired": {"start_time": START}, "record": False, "rule": "no_link"}
    )
    assert not entry.booked


def test_what_ended_long_ago_is_forgotten_and_nothing_else() -> None:
    world = World()
    world.sync(an_event(), an_event(event_id="e2", start_time=START + DAY))
    end = START + HOUR
    assert world.book.pruned(end + KEPT_FOR - timedelta(seconds=1)) == world.book
    assert set(world.book.pruned(end + KEPT_FOR).entries) == {"e2"}
    assert set(world.book.pruned(end + timedelta(days=1.5), kept_for=DAY).entries) == {"e2"}


def test_the_reason_for_a_meeting_outlives_the_meeting() -> None:
    world = World()
    world.sync(an_event())
    reason = world.book.entries["e1"].reason
    for later in (START + timedelta(minutes=59, seconds=30), START + 2 * HOUR):
        world.now = later
        for event in (an_event(), an_event(deleted=True) if later > START + HOUR else an_event()):
            assert world.sync(event, complete=True) == []
        assert world.book.entries["e1"].reason == reason


def test_what_was_over_when_it_was_first_seen_says_so() -> None:
    world = World()
    assert world.sync(an_event(start_time=NOW - DAY)) == []
    assert world.book.entries["e1"].rule == "over"


@pytest.mark.parametrize("steps", [0, 1])
def test_a_plan_that_was_not_carried_out_leaves_the_claims_as_they_are(steps: int) -> None:
    world = World()
    world.carry_out(world.look(an_event()), steps=steps)
    assert world.book.entries["e1"].booked is bool(steps)


def test_a_change_that_comes_while_a_step_is_done_is_not_lost() -> None:
    world = World()
    plan = world.look(an_event())
    world.carry_out(plan, steps=0)
    world.carry_out(world.look(an_event(start_time=START + HOUR)), steps=0)
    book = world.book.with_booking(plan.changes[0].meeting_id, "e1", plan.changes[0].desired)
    world.book, world.meetings = book, {plan.changes[0].meeting_id: plan.changes[0].desired}
    assert world.sync() == [ChangeKind.MOVE]


def test_noting_the_same_again_changes_nothing() -> None:
    entry = an_entry(an_event())
    book = TrackedEvents(calendar_id="c1").with_snapshot([entry], NOW, complete=True)
    assert book.with_snapshot([entry], NOW, complete=True) == book
    assert book.with_booking(entry.meeting_id, "e1", entry.desired).with_snapshot(
        [entry, entry], NOW, complete=False
    ).entries["e1"] == entry.model_copy(update={"booked": True})


def test_of_events_without_a_meeting_the_book_keeps_the_soonest_and_of_meetings_all() -> None:
    world = World()
    booked = [
        an_event(event_id=f"b{number}", uid=f"b{number}", start_time=START + number * DAY) for number in range(5)
    ]
    skipped = [
        an_event(event_id=f"s{number}", uid=f"s{number}", meeting_url="", start_time=START + number * DAY)
        for number in range(5)
    ]
    world.sync(*booked, *skipped)
    kept = world.book.pruned(NOW, most_idle=2).entries
    assert set(kept) == {"b0", "b1", "b2", "b3", "b4", "s0", "s1"}


def test_reasons_are_kept_for_two_weeks_and_those_of_five_thousand_events() -> None:
    assert timedelta(days=14) == KEPT_FOR
    assert MOST_IDLE == 5000
