"""Plans: what they do about every change, and what they leave alone."""

from datetime import timedelta
from typing import Any

import pytest

from minutekeeper.calendars.plan import ChangeKind
from minutekeeper.meetings.fields import BotOptions
from tests.calendars.support import DAY, HOUR, NOW, START, World, a_policy, an_event

BOOK, MOVE, UPDATE, RELEASE, KEEP = (
    ChangeKind.BOOK,
    ChangeKind.MOVE,
    ChangeKind.UPDATE,
    ChangeKind.RELEASE,
    ChangeKind.KEEP,
)
ZOOM = "https://zoom.us/j/12345678901"
COPY = {"uid": "same@google.com"}


@pytest.fixture
def world() -> World:
    """A calendar with one meeting, booked."""
    world = World()
    assert world.sync(an_event(**COPY)) == [BOOK]
    return world


def test_nothing_new_is_nothing_to_do(world: World) -> None:
    assert world.sync(an_event(**COPY), complete=True) == [KEEP]


@pytest.mark.parametrize(
    ("change", "kind", "changes"),
    [
        ({"start_time": START + HOUR}, MOVE, {"start_time", "end_time"}),
        ({"end_time": START + 2 * HOUR}, MOVE, {"end_time"}),
        ({"meeting_url": ZOOM}, MOVE, {"meeting_url"}),
        ({"title": "Renamed"}, UPDATE, {"title"}),
        ({"title": "Renamed", "meeting_url": ZOOM}, MOVE, {"title", "meeting_url"}),
        ({"meeting_url": "meet.google.com/abc-defg-hij?pli=1"}, KEEP, set()),
        ({"title": " Weekly  "}, KEEP, set()),
        ({"attendees": [{"email": "new@acme.com"}]}, KEEP, set()),
        ({"response": "tentative", "updated_at": NOW}, KEEP, set()),
        ({"deleted": True}, RELEASE, set()),
        ({"meeting_url": ""}, RELEASE, set()),
        ({"all_day": True}, RELEASE, set()),
        ({"response": "declined"}, RELEASE, set()),
        ({"start_time": NOW - DAY}, RELEASE, set()),
    ],
)
def test_every_change_of_an_event_leads_to_the_one_step_that_it_needs(
    world: World, change: dict[str, Any], kind: ChangeKind, changes: set[str]
) -> None:
    plan = world.look(an_event(**COPY, **change))
    assert [(step.kind, set(step.changes)) for step in plan.changes] == [(kind, changes)]
    assert plan.changes[0].reason == plan.events.entries["e1"].reason
    world.carry_out(plan)
    assert world.sync(an_event(**COPY, **change)) == ([] if kind is RELEASE else [KEEP])


def test_a_deleted_event_that_comes_back_is_booked_again(world: World) -> None:
    assert world.sync(an_event(**COPY, deleted=True)) == [RELEASE]
    assert world.sync(an_event(**COPY)) == [BOOK]


def test_a_change_and_its_undoing_before_it_was_carried_out_are_nothing(world: World) -> None:
    world.carry_out(world.look(an_event(**COPY, start_time=START + HOUR)), steps=0)
    assert world.sync(an_event(**COPY)) == [KEEP]


def test_what_failed_is_tried_again_by_the_next_plan_even_if_it_saw_nothing() -> None:
    world = World()
    world.carry_out(world.look(an_event()), steps=0)
    assert world.sync() == [BOOK]
    world.carry_out(world.look(an_event(start_time=START + HOUR)), steps=0)
    assert world.sync() == [MOVE]
    world.carry_out(world.look(an_event(deleted=True)), steps=0)
    assert world.sync() == [RELEASE]


def test_an_incomplete_look_never_releases_what_it_did_not_see(world: World) -> None:
    assert world.sync(an_event(event_id="e2", start_time=START + DAY)) == [KEEP, BOOK]
    assert world.sync() == [KEEP, KEEP]


def test_a_complete_look_releases_what_is_missing(world: World) -> None:
    plan = world.look(complete=True)
    assert [step.kind for step in plan.changes] == [RELEASE]
    assert plan.events.entries["e1"].rule == "gone"
    assert plan.changes[0].reason == "Not recorded: the calendar no longer knows the event."


def test_what_has_begun_is_not_missed_by_a_look_at_what_is_to_come(world: World) -> None:
    world.now = START
    assert world.sync(complete=True) == [KEEP]


def test_an_event_that_was_asked_for_and_is_no_more_is_released(world: World) -> None:
    assert world.sync(gone=["e1", "unheard-of"]) == [RELEASE]


def test_that_an_event_was_deleted_is_not_forgotten_when_it_vanishes(world: World) -> None:
    world.sync(an_event(**COPY, deleted=True))
    assert world.sync(complete=True) == []
    assert world.book.entries["e1"].rule == "deleted"


def test_a_new_policy_decides_anew(world: World) -> None:
    assert world.sync(an_event(**COPY), policy=a_policy(otherwise="skip")) == [RELEASE]
    assert world.sync(an_event(**COPY), policy=a_policy(bot={"name": "Ears"})) == [BOOK]
    plan = world.look(an_event(**COPY), policy=a_policy(bot={"name": "Eyes"}))
    (step,) = plan.changes
    assert (step.kind, set(step.changes), step.desired.bot) == (UPDATE, {"bot"}, BotOptions(name="Eyes"))


def test_a_meeting_under_way_that_is_no_longer_wanted_is_released(world: World) -> None:
    world.now = START + timedelta(minutes=10)
    assert world.sync(an_event(**COPY, deleted=True)) == [RELEASE]


def test_a_meeting_that_was_shortened_while_it_ran_is_left_to_end_by_itself(world: World) -> None:
    world.now = START + timedelta(minutes=30)
    assert world.sync(an_event(**COPY, end_time=START + timedelta(minutes=20))) == [KEEP]


def test_a_meeting_that_is_made_longer_after_its_end_is_still_the_same(world: World) -> None:
    (meeting_id,) = world.meetings
    world.now = START + HOUR
    assert world.sync(an_event(**COPY, end_time=START + 2 * HOUR)) == [MOVE]
    assert set(world.meetings) == {meeting_id}


def test_a_move_that_could_not_be_told_in_time_is_no_reason_to_cancel_what_was_held(world: World) -> None:
    (first,) = world.meetings
    world.now = START + HOUR / 2
    world.carry_out(world.look(an_event(**COPY, start_time=START + 4 * HOUR)), steps=0)
    world.now = START + 2 * HOUR
    assert world.sync(an_event(**COPY, start_time=START + 4 * HOUR, deleted=True)) == []
    assert world.sync(an_event(**COPY, start_time=START + 4 * HOUR)) == [BOOK]
    assert list(world.meetings) == [first, f"{first}-2"]


def test_what_runs_earlier_than_it_was_told_is_not_missed_by_a_look_at_what_is_to_come(world: World) -> None:
    world.now = START - HOUR
    world.carry_out(world.look(an_event(**COPY, start_time=START - HOUR)), steps=0)
    assert world.sync(complete=True) == [MOVE]


def test_what_was_held_and_then_moved_is_another_meeting(world: World) -> None:
    (first,) = world.meetings
    world.now = START + 2 * HOUR
    assert world.sync(an_event(**COPY, start_time=START + 7 * DAY)) == [BOOK]
    assert list(world.meetings) == [first, f"{first}-2"]
    assert world.sync(an_event(**COPY, start_time=START + 8 * DAY)) == [MOVE]
    world.now = START + 9 * DAY
    assert world.sync(an_event(**COPY, start_time=START + 10 * DAY)) == [BOOK]
    assert list(world.meetings) == [first, f"{first}-2", f"{first}-3"]


def test_the_reason_for_each_sitting_is_kept(world: World) -> None:
    world.now = START + 2 * HOUR
    world.sync(an_event(**COPY, start_time=START + DAY), policy=a_policy({"name": "all", "then": "record"}))
    assert {key: entry.rule for key, entry in world.book.entries.items()} == {"e1": "all", "e1#1": "otherwise"}


def test_a_copy_that_takes_place_after_the_meeting_was_held_is_another_meeting(world: World) -> None:
    (first,) = world.meetings
    later = an_event(**COPY, event_id="e2", start_time=START + 4 * HOUR)
    assert world.sync(later) == [KEEP]
    world.now = START + HOUR
    assert world.sync() == [BOOK]
    assert list(world.meetings) == [first, f"{first}-2"]


def test_copies_that_are_moved_one_after_the_other_stay_one_meeting(world: World) -> None:
    world.sync(an_event(**COPY, event_id="e2"))
    world.now = START + 2 * HOUR
    assert world.sync(an_event(**COPY, start_time=START + DAY)) == [BOOK]
    assert world.sync(an_event(**COPY, event_id="e2", start_time=START + DAY)) == [KEEP]


def test_what_was_not_held_and_then_moved_keeps_its_name() -> None:
    world = World()
    event = {"start_time": NOW - 2 * HOUR, "end_time": NOW - HOUR}
    assert world.sync(an_event(**event)) == []
    meeting_id = world.book.entries["e1"].meeting_id
    assert world.sync(an_event()) == [BOOK]
    assert set(world.meetings) == {meeting_id}


def test_an_event_keeps_its_meeting_when_its_marks_change(world: World) -> None:
    assert world.sync(an_event(uid="other@google.com", provider_event_id="p")) == [KEEP]


def test_two_copies_of_one_invitation_are_one_meeting_and_do_not_quarrel(world: World) -> None:
    here, there = an_event(**COPY), an_event(**COPY, event_id="e2", start_time=START + HOUR, updated_at=NOW)
    assert world.sync(here, there) == [KEEP]
    assert world.sync(there, here) == [KEEP]
    assert [entry.booked for entry in world.book.entries.values()] == [True, False]


def test_another_copy_takes_over_when_the_first_one_goes(world: World) -> None:
    world.sync(an_event(**COPY), an_event(**COPY, event_id="e2"))
    assert world.sync(an_event(**COPY, deleted=True)) == [KEEP]
    assert {event_id: entry.booked for event_id, entry in world.book.entries.items()} == {"e1": False, "e2": True}
    assert world.sync(an_event(**COPY, event_id="e2", deleted=True)) == [RELEASE]
    assert not world.meetings


def test_an_event_that_was_made_anew_takes_over_the_meeting_at_its_new_time(world: World) -> None:
    anew = an_event(**COPY, event_id="e2", start_time=START + HOUR)
    assert world.sync(an_event(**COPY, deleted=True), anew) == [MOVE]
    assert world.sync(anew, complete=True) == [KEEP]


def test_steps_come_in_the_order_of_the_meetings_and_make_room_first(world: World) -> None:
    events = [an_event(event_id=f"n{n}", start_time=START + n * HOUR) for n in (2, 0, -1)]
    plan = world.look(*events, an_event(**COPY, deleted=True))
    assert [(step.kind, step.event_id) for step in plan.changes] == [
        (BOOK, "n-1"),
        (RELEASE, "e1"),
        (BOOK, "n0"),
        (BOOK, "n2"),
    ]


def test_a_plan_changes_nothing_by_itself(world: World) -> None:
    before = world.book.model_copy(deep=True)
    world.look(an_event(title="x"), an_event(event_id="e2"), complete=True)
    assert world.book == before


@pytest.mark.no_cover
def test_a_thousand_events_at_once() -> None:
    world = World()
    events = [an_event(event_id=f"e{n}", start_time=START + n % 40 * HOUR) for n in range(1000)]
    assert world.sync(*events, complete=True) == [BOOK] * 1000
    assert world.sync(*events, complete=True) == [KEEP] * 1000
    assert world.sync(*events, complete=True, policy=a_policy(otherwise="skip")) == [RELEASE] * 1000
