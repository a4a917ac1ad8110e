"""Every kind of twin is in every run that has room for it, and is what it says."""

from collections import Counter, defaultdict
from collections.abc import Callable
from itertools import pairwise

import pytest

from devtools.chaos.bookings import plan_meetings
from devtools.chaos.bot_scripts import NORMAL
from devtools.chaos.plan import CustomerAction, PlannedMeeting, TwinKind
from devtools.chaos.rooms import room_of
from devtools.chaos.scale import GRACE_SECONDS, LEAD, LONG_STAY, SPEED, Scale, scale_for
from devtools.chaos.twins import plan_twins
from devtools.simulator.faults.control_models import SEVERAL
from minutekeeper.meetings.meeting_keys import meeting_key
from minutekeeper.meetings.meeting_urls import parse_meeting_url

SEEDS = range(20)
FULL = scale_for(500, short=False)
QUICK = scale_for(60, short=True, twins=1)

Room = list[PlannedMeeting]


def rooms_of(seed: int, count: int, scale: Scale) -> dict[TwinKind, list[Room]]:
    """The rooms of each kind; within a room in the order of planning."""
    by_room: defaultdict[str, Room] = defaultdict(list)
    for meeting in plan_twins(seed, count, scale):
        by_room[room_of(meeting.meeting_url)].append(meeting)
    by_kind: defaultdict[TwinKind, list[Room]] = defaultdict(list)
    for room in by_room.values():
        (kind,) = {meeting.scenario for meeting in room}
        assert isinstance(kind, TwinKind)
        by_kind[kind].append(room)
    return by_kind


@pytest.mark.parametrize(("count", "scale"), [(500, FULL), (60, QUICK)])
@pytest.mark.parametrize("seed", SEEDS)
def test_every_kind_is_at_least_twice_among_the_meetings(seed: int, count: int, scale: Scale) -> None:
    planned = plan_meetings(seed, count, scale)
    rooms = {(meeting.scenario, room_of(meeting.meeting_url)) for meeting in planned}
    kinds = Counter(scenario for scenario, _ in rooms)
    assert all(kinds[kind] >= 2 for kind in TwinKind), kinds
    assert len(planned) == count


def test_a_seed_repeats_its_twins_and_another_seed_has_others() -> None:
    assert plan_twins(7, 100, FULL) == plan_twins(7, 100, FULL) != plan_twins(8, 100, FULL)


def test_a_run_without_twins_plans_none() -> None:
    assert plan_twins(7, 0, FULL) == []


@pytest.mark.parametrize("scale", [FULL, QUICK])
@pytest.mark.parametrize("seed", SEEDS)
def test_twins_are_workflows_of_one_room_at_overlapping_times(seed: int, scale: Scale) -> None:
    for kind, rooms in rooms_of(seed, 200, scale).items():
        for room in rooms:
            assert len(room) == {TwinKind.TRIPLETS: 3, TwinKind.DOUBLED: 1}.get(kind, 2)
            assert len({meeting_key(parse_meeting_url(each.meeting_url).url) for each in room}) == 1
            assert [each.twin for each in room].count("") <= 1
            assert len({each.twin for each in room}) == len(room)
            assert sum(each.later_script != NORMAL for each in room) == 1
            if kind not in {TwinKind.MOVED_BEFORE, TwinKind.MOVED_ONTO}:
                ordered = sorted(room, key=lambda each: each.start_at)
                assert all(later.start_at < earlier.end_at for earlier, later in pairwise(ordered))


def test_some_twins_spell_the_link_in_another_way() -> None:
    spellings = [{each.meeting_url for each in room} for rooms in rooms_of(7, 200, FULL).values() for room in rooms]
    assert max(len(each) for each in spellings) > 1


def bot_at(meeting: PlannedMeeting) -> float:
    """When its bot is sent, if nothing changes."""
    return max(meeting.book_at, meeting.start_at - LEAD)


def at_one_instant(room: Room) -> bool:
    return room[0].start_at == room[1].start_at and abs(bot_at(room[0]) - bot_at(room[1])) <= 1


def minutes_apart(room: Room) -> bool:
    gap = bot_at(room[1]) - bot_at(room[0])
    return 1.4 <= gap <= FULL.twin_stay and 60 <= (room[1].start_at - room[0].start_at) * SPEED <= 1800


def moved_before_its_bot(room: Room) -> bool:
    (change,) = room[1].changes
    moved_at = room[1].book_at + change.after
    return (
        change.action is CustomerAction.MOVE
        and not change.awaits_bot
        and moved_at < bot_at(room[1])
        and bot_at(room[0]) < moved_at
    )


def moved_after_its_bot(room: Room) -> bool:
    """Before a reserved bot arrives."""
    ((change,),) = (each.changes for each in room if each.changes)
    arrival = LEAD / SPEED
    return (
        change.action is CustomerAction.MOVE
        and change.awaits_bot
        and change.after < arrival
        and room[0].start_at - LEAD > 0
    )


def moved_in_the_call(room: Room) -> bool:
    """Long enough after the bot was sent for it to record, and before it leaves."""
    ((change,),) = (each.changes for each in room if each.changes)
    return change.action is CustomerAction.MOVE and change.awaits_bot and 86 / SPEED < change.after < FULL.twin_stay


def moved_onto_the_other(room: Room) -> bool:
    (change,) = room[1].changes
    return change.onto == (room[0].start_at, room[0].end_at) and room[1].start_at > room[0].start_at + 50


def by_hand_and_by_calendar(room: Room) -> bool:
    (calendar,) = [each for each in room if each.by_calendar]
    return calendar.twin.startswith("meeting-cal-") and not any(
        change.action is CustomerAction.CANCEL for change in calendar.changes
    )


def first_bots_fail(room: Room) -> bool:
    return room[0].script == "internal_error" and room[0].script_times in {1, 2} and room[0].later_script == "talk"


def disturbed(kinds: set[str]) -> Callable[[Room], bool]:
    def is_disturbed(room: Room) -> bool:
        (fault,) = room[0].faults
        between = room[0].book_at <= fault.at <= room[1].book_at <= fault.at + fault.seconds
        return between and fault.order["kind"] in kinds

    return is_disturbed


def answer_lost(room: Room) -> bool:
    lost, unlisted = room[0].faults
    before = lost.at <= room[0].book_at <= unlisted.at + unlisted.seconds
    return before and lost.order["times"] == 1 and lost.order["match"]["path"] == "/bots" and unlisted.at <= lost.at


def given_up(action: CustomerAction) -> Callable[[Room], bool]:
    def is_given_up(room: Room) -> bool:
        ((change,),) = (each.changes for each in room if each.changes)
        return change.action is action and change.awaits_bot

    return is_given_up


def triplets(room: Room) -> bool:
    return at_one_instant(room[:2]) and bot_at(room[2]) > bot_at(room[0])


def doubled(room: Room) -> bool:
    """It leaves so late that the double must have been found by then."""
    ((fault,), (change,)) = (room[0].faults, room[0].changes)
    before = fault.at <= room[0].book_at < fault.at + fault.seconds
    return before and fault.order["kind"] == "second_bot" and GRACE_SECONDS < change.after < LONG_STAY


@pytest.mark.parametrize(
    ("kind", "shows"),
    [
        (TwinKind.SAME_INSTANT, at_one_instant),
        (TwinKind.MINUTES_APART, minutes_apart),
        (TwinKind.MOVED_BEFORE, moved_before_its_bot),
        (TwinKind.MOVED_AFTER, moved_after_its_bot),
        (TwinKind.MOVED_IN_CALL, moved_in_the_call),
        (TwinKind.MOVED_ONTO, moved_onto_the_other),
        (TwinKind.BY_CALENDAR, by_hand_and_by_calendar),
        (TwinKind.FAILED_BOTS, first_bots_fail),
        (TwinKind.ACCOUNT_REFUSED, disturbed({"key_revoked", "no_tokens"})),
        (TwinKind.PROVIDER_DOWN, disturbed({"server_error"})),
        (TwinKind.ANSWER_LOST, answer_lost),
        (TwinKind.CANCELLED, given_up(CustomerAction.CANCEL)),
        (TwinKind.LEFT, given_up(CustomerAction.LEAVE)),
        (TwinKind.TRIPLETS, triplets),
        (TwinKind.DOUBLED, doubled),
    ],
)
def test_a_kind_is_what_it_says(kind: TwinKind, shows: Callable[[Room], bool]) -> None:
    for seed in SEEDS:
        for room in rooms_of(seed, 200, FULL)[kind]:
            assert shows(room), room


def test_variants_of_a_kind_come_in_turn() -> None:
    rooms = rooms_of(7, 200, FULL)
    assert {room[0].script_times for room in rooms[TwinKind.FAILED_BOTS]} == {1, 2}
    assert {room[0].faults[0].order["kind"] for room in rooms[TwinKind.ACCOUNT_REFUSED]} == {
        "key_revoked",
        "no_tokens",
    }
    assert {room[0].faults[0].order["kind"] for room in rooms[TwinKind.ANSWER_LOST]} == {
        "cut_answer",
        "timeout_after",
    }
    for kind in (TwinKind.CANCELLED, TwinKind.LEFT):
        assert {bool(room[0].changes) for room in rooms[kind]} == {True, False}
    calendars = [each.changes for room in rooms[TwinKind.BY_CALENDAR] for each in room if each.by_calendar]
    assert {changes[0].action if changes else None for changes in calendars} == {
        None,
        CustomerAction.MOVE,
        CustomerAction.RELEASE,
    }


def test_the_simulator_takes_every_fault_of_a_room() -> None:
    orders = [dict(fault.order) for meeting in plan_twins(7, 200, FULL) for fault in meeting.faults]
    taken = SEVERAL.validate_python(orders)
    assert len(taken) == len(orders) > 0
    assert all(order.match.meeting_url for order in taken)
