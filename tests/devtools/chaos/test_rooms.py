"""Two of our bots in one room, and a recording that only one of two workflows got: planted and found."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from devtools.chaos.evidence import Booking, Evidence, Run
from devtools.chaos.judge import RULES, judge
from devtools.chaos.ledger import Moment
from devtools.chaos.plan import CustomerAction, TwinKind
from devtools.chaos.rooms import room_of
from devtools.chaos.rules import rooms
from minutekeeper.meetings.bot_events import BotEvent, BotEventKind
from minutekeeper.meetings.status import FailureReason, MeetingStatus
from minutekeeper.meetings.views import Outcome, StoredFile
from tests.devtools.chaos.support import (
    BODY,
    JOINED,
    START,
    URL,
    WORKFLOW,
    at,
    bot,
    day,
    delivery,
    extra,
    ledger,
    order,
    recording_of,
    run,
)

TWIN = "meeting-twin"
LATER = START + timedelta(minutes=7)


def booking(workflow_id: str, **changes: object) -> Booking:
    given = {
        "workflow_id": workflow_id,
        "meeting_url": URL,
        "start_time": START,
        "end_time": START + timedelta(hours=1),
        "title": "a twin",
        "scenario": TwinKind.SAME_INSTANT,
        "acknowledged_at": at(0),
    }
    return Booking.model_validate(given | changes)


def ended(workflow_id: str, **changes: object) -> Run:
    """The run of a workflow that ended without anything, for no fault of its own."""
    outcome = run().outcome
    assert outcome is not None
    nothing = {"artifacts": (), "status": MeetingStatus.FAILED, "reason": FailureReason.NOBODY_CAME}
    return run(workflow_id=workflow_id, run_id=workflow_id, heard=(), outcome=_changed(outcome, nothing | changes))


def _changed(outcome: Outcome, changes: dict[str, object]) -> Outcome:
    return outcome.model_copy(update=changes)


def twins(*, twin: Run, **changes: object) -> Evidence:
    """The good day, and a second workflow for its room."""
    given: dict[str, object] = {"bookings": (booking(WORKFLOW), booking(TWIN)), "runs": (run(), twin)}
    return day(**given | changes)


def with_a_copy() -> Run:
    copy = StoredFile(path="twin/recording.mp4", size=300_000)
    return ended(TWIN, artifacts=(copy,), status=MeetingStatus.COMPLETED, reason=None)


COPY = recording_of(path="twin/recording.mp4")


def two_bots_of_one_workflow() -> Evidence:
    second = bot("second", joined_at=at(19.9), left_at=at(30), recording=None, extra=extra(dispatch=1))
    return day(ledger=ledger(bots=(bot(), second)))


def a_bot_that_never_left_beside_another() -> Evidence:
    first = bot(left_at=None, ended_at=None)
    second = bot("second", joined_at=at(500), left_at=at(510), recording=None, extra=extra(dispatch=1))
    return day(ledger=ledger(bots=(first, second)))


def two_bots_of_two_workflows_whose_times_differ() -> Evidence:
    second = bot(
        "second", joined_at=at(15), left_at=at(18), recording=None, extra=extra(0, LATER, TWIN, "of the twin")
    )
    return twins(twin=with_a_copy(), ledger=ledger(bots=(bot(), second)), files=(recording_of(), COPY, BODY))


def two_bots_under_two_spellings() -> Evidence:
    second = bot(
        "second",
        meeting_url=f"{URL.upper()}?authuser=1",
        joined_at=at(15),
        left_at=at(18),
        recording=None,
        extra=extra(dispatch=1),
    )
    return day(ledger=ledger(bots=(bot(), second)))


def a_bot_that_knocks_while_another_is_there() -> Evidence:
    """It was never let in, but people saw two of ours."""
    knocking = (Moment(code="joining_call", at=at(12)),)
    second = bot(
        "second", joined_at=None, timeline=knocking, left_at=at(40), recording=None, extra=extra(dispatch=1)
    )
    return day(ledger=ledger(bots=(bot(), second)))


def a_twin_that_got_nothing() -> Evidence:
    return twins(twin=ended(TWIN))


def a_twin_moved_into_the_room_that_got_nothing() -> Evidence:
    far = booking(TWIN, start_time=START + timedelta(days=1), end_time=START + timedelta(days=1, hours=1))
    moved = order(
        CustomerAction.MOVE,
        5,
        workflow_id=TWIN,
        meeting_url=URL,
        start_time=START,
        end_time=START + timedelta(hours=1),
    )
    return twins(twin=ended(TWIN), bookings=(booking(WORKFLOW), far), orders=(moved,))


def a_twin_that_was_cancelled_by_the_other_owner() -> Evidence:
    stopped = ended(TWIN, status=MeetingStatus.CANCELLED, reason=None)
    unrecorded = ledger(bots=(bot(recording=None),), deliveries=())
    mine = ended(WORKFLOW, status=MeetingStatus.CANCELLED, reason=None)
    return twins(
        twin=stopped,
        ledger=unrecorded,
        runs=(mine, stopped),
        orders=(order(CustomerAction.CANCEL, 12),),
        files=(),
        manifests={},
    )


def a_twin_whose_bot_was_stopped_by_the_other_owner() -> Evidence:
    stopped = ended(TWIN, reason=FailureReason.STOPPED)
    unrecorded = ledger(bots=(bot(recording=None),), deliveries=())
    return twins(
        twin=stopped,
        ledger=unrecorded,
        runs=(ended(WORKFLOW, reason=FailureReason.STOPPED), stopped),
        orders=(order(CustomerAction.LEAVE, 12),),
        files=(),
        manifests={},
    )


def a_twin_that_got_no_bot_after_the_other_owner_left() -> Evidence:
    sent_out = bot(leave_requested_at=at(19), end_reason="api_request")
    return twins(
        twin=with_a_copy(),
        ledger=ledger(bots=(sent_out,)),
        orders=(order(CustomerAction.LEAVE, 18),),
        files=(recording_of(), COPY, BODY),
    )


REPORT = BotEvent(kind=BotEventKind.STATUS, bot_id="double", code="joining_call", occurred_at=at(6))


def a_double_that_stays() -> Evidence:
    given: dict[str, Any] = {"left_at": at(200), "ended_at": at(201), "recording": None}
    bots = (bot(**given), bot("double", double_of="bot", **given))
    return day(
        ledger=ledger(bots=bots, deliveries=(delivery(JOINED), delivery(REPORT))),
        runs=(ended(WORKFLOW, reason=FailureReason.NOBODY_CAME).model_copy(update={"heard": (JOINED, REPORT)}),),
        files=(),
        manifests={},
    )


@pytest.mark.parametrize(
    ("plant", "rule"),
    [
        (two_bots_of_one_workflow, rooms.two_in_one_room),
        (a_bot_that_never_left_beside_another, rooms.two_in_one_room),
        (two_bots_of_two_workflows_whose_times_differ, rooms.two_in_one_room),
        (two_bots_under_two_spellings, rooms.two_in_one_room),
        (a_bot_that_knocks_while_another_is_there, rooms.two_in_one_room),
        (a_double_that_stays, rooms.double_left_in_room),
        (a_twin_that_got_nothing, rooms.recording_not_shared),
        (a_twin_moved_into_the_room_that_got_nothing, rooms.recording_not_shared),
        (a_twin_that_was_cancelled_by_the_other_owner, rooms.ended_by_another),
        (a_twin_whose_bot_was_stopped_by_the_other_owner, rooms.ended_by_another),
        (a_twin_that_got_no_bot_after_the_other_owner_left, rooms.left_without_a_bot),
    ],
)
def test_a_planted_breach_is_found(plant: Callable[[], Evidence], rule: Callable[[Evidence], object]) -> None:
    breaches = judge(plant())
    (name,) = [name for name, each in RULES.items() if each is rule]
    assert {other: found for other, found in breaches.items() if found}.keys() == {name}, breaches
    assert len(breaches[name]) == 1


def two_bots_one_after_the_other() -> Evidence:
    second = bot("second", joined_at=at(20), left_at=at(30), recording=None, extra=extra(dispatch=1))
    return day(ledger=ledger(bots=(bot(), second)))


def two_bots_in_two_rooms() -> Evidence:
    elsewhere = bot("second", meeting_url=URL.replace("abc", "xyz"), recording=None, extra=extra(dispatch=1))
    return day(ledger=ledger(bots=(bot(), elsewhere)))


def a_second_bot_that_never_knocked() -> Evidence:
    second = bot("second", joined_at=None, left_at=at(12), recording=None, extra=extra(dispatch=1))
    return day(ledger=ledger(bots=(bot(), second)))


def a_double_that_is_told_to_leave() -> Evidence:
    stays = a_double_that_stays()
    first, double = stays.ledger.bots
    leaves = double.model_copy(update={"leave_requested_at": at(30), "left_at": at(31)})
    return stays.model_copy(update={"ledger": stays.ledger.model_copy(update={"bots": (first, leaves)})})


def a_double_that_never_reported() -> Evidence:
    stays = a_double_that_stays()
    return stays.model_copy(update={"ledger": stays.ledger.model_copy(update={"deliveries": (delivery(JOINED),)})})


def a_twin_that_has_a_copy() -> Evidence:
    return twins(twin=with_a_copy(), files=(recording_of(), COPY, BODY))


def a_twin_that_got_a_bot_of_its_own_after_the_other_owner_left() -> Evidence:
    left = a_twin_that_got_no_bot_after_the_other_owner_left()
    own = bot(
        "own", created_at=at(50), joined_at=at(60), left_at=at(400), extra=extra(0, START, TWIN, "of the twin")
    )
    kept = recording_of("own", "twin/earlier/0/recording.mp4")
    return left.model_copy(
        update={
            "ledger": left.ledger.model_copy(update={"bots": (*left.ledger.bots, own)}),
            "files": (*left.files, kept),
        }
    )


def a_twin_that_had_ended_when_the_other_owner_left() -> Evidence:
    left = a_twin_that_got_no_bot_after_the_other_owner_left()
    mine, twin = left.runs
    return left.model_copy(update={"runs": (mine, twin.model_copy(update={"closed_at": at(19)}))})


def a_twin_whose_time_was_over_when_the_other_owner_left() -> Evidence:
    left = a_twin_that_got_no_bot_after_the_other_owner_left()
    over = booking(TWIN, start_time=at(0), end_time=at(100))
    return left.model_copy(update={"bookings": (booking(WORKFLOW), over)})


def a_twin_whose_bot_left_by_itself() -> Evidence:
    return twins(
        twin=with_a_copy(),
        ledger=ledger(bots=(bot(end_reason="no_attendees"),)),
        files=(recording_of(), COPY, BODY),
    )


def a_twin_that_says_who_has_the_recording() -> Evidence:
    outcome = run().outcome
    assert outcome is not None
    says = outcome.evidence.model_copy(update={"text": f"The bot was shared; its recording lies with {WORKFLOW}."})
    return twins(twin=ended(TWIN, evidence=says))


def a_twin_that_was_given_up() -> Evidence:
    return twins(
        twin=ended(TWIN, status=MeetingStatus.CANCELLED),
        orders=(order(CustomerAction.CANCEL, 5, workflow_id=TWIN),),
    )


def a_twin_that_was_moved_to_another_day() -> Evidence:
    tomorrow = START + timedelta(days=1)
    moved = order(
        CustomerAction.MOVE,
        5,
        workflow_id=TWIN,
        meeting_url=URL,
        start_time=tomorrow,
        end_time=tomorrow + timedelta(hours=1),
    )
    return twins(twin=ended(TWIN), orders=(moved,))


def a_twin_that_was_booked_when_the_bot_was_about_to_leave() -> Evidence:
    return twins(twin=ended(TWIN), bookings=(booking(WORKFLOW), booking(TWIN, acknowledged_at=at(11))))


def a_calendar_that_let_go_of_a_meeting_that_had_begun() -> Evidence:
    stayed = bot(left_at=at(500))
    return day(ledger=ledger(bots=(stayed,)), orders=(order(CustomerAction.RELEASE, 15),))


@pytest.mark.parametrize(
    "innocent",
    [
        two_bots_one_after_the_other,
        two_bots_in_two_rooms,
        a_second_bot_that_never_knocked,
        a_double_that_is_told_to_leave,
        a_double_that_never_reported,
        a_twin_that_has_a_copy,
        a_twin_that_got_a_bot_of_its_own_after_the_other_owner_left,
        a_twin_that_had_ended_when_the_other_owner_left,
        a_twin_whose_time_was_over_when_the_other_owner_left,
        a_twin_whose_bot_left_by_itself,
        a_twin_that_says_who_has_the_recording,
        a_twin_that_was_given_up,
        a_twin_that_was_moved_to_another_day,
        a_twin_that_was_booked_when_the_bot_was_about_to_leave,
        a_calendar_that_let_go_of_a_meeting_that_had_begun,
    ],
)
def test_what_is_no_breach_is_not_called_one(innocent: Callable[[], Evidence]) -> None:
    assert judge(innocent()) == {name: [] for name in RULES}


def test_a_breach_tells_both_workflows_bots_keys_and_times() -> None:
    (breach,) = rooms.two_in_one_room(two_bots_of_two_workflows_whose_times_differ())
    first, second = bot().extra, extra(0, LATER, TWIN, "of the twin")
    for part in (
        WORKFLOW,
        TWIN,
        "bot bot",
        "bot second",
        first.dispatch_key,
        second.dispatch_key,
        TwinKind.SAME_INSTANT,
    ):
        assert part in breach.what
    assert "12:00:15.000-12:00:18.000" in breach.what


@pytest.mark.parametrize(
    "spelling", [URL, f"{URL}/", URL.upper(), f"{URL}?authuser=2", URL.replace("https", "http")]
)
def test_every_spelling_leads_to_one_room(spelling: str) -> None:
    assert room_of(spelling) == "meet.google.com/abc-defg-hij"
