"""Each rule finds the breach that is planted in a day on which nothing else went wrong."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from devtools.chaos.evidence import Evidence, FileInStore, InjectedFault, Waiting
from devtools.chaos.judge import RULES, judge
from devtools.chaos.ledger import Recording
from devtools.chaos.plan import CustomerAction, ProcessFaultKind
from devtools.chaos.rules import bots, deliveries, endings, recordings
from devtools.chaos.scale import GRACE_SECONDS
from minutekeeper.meetings.bot_events import BotEvent, BotEventKind
from minutekeeper.meetings.status import MeetingStatus
from tests.devtools.chaos.support import (
    BODY,
    COMPLETE,
    FOLDER,
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
    sha256,
)

TWIN = "meeting-twin"
LATER = START + timedelta(hours=1)


def test_a_good_day_has_no_breaches() -> None:
    assert judge(day()) == {name: [] for name in RULES}


def two_bots_for_one_dispatch() -> Evidence:
    second = bot("second", created_at=at(40), joined_at=None, left_at=at(41), recording=None)
    return day(ledger=ledger(bots=(bot(), second)))


def two_bots_of_one_key() -> Evidence:
    second = bot("second", created_at=at(15), joined_at=None, left_at=at(30), recording=None)
    twin = second.model_copy(update={"extra": extra(workflow_id=TWIN, run="of the twin")})
    return day(ledger=ledger(bots=(bot(), twin)))


def a_bot_left_in_a_cancelled_meeting() -> Evidence:
    stayed = bot(left_at=None, ended_at=None)
    return day(ledger=ledger(bots=(stayed,)), orders=(order(CustomerAction.CANCEL, 15),))


def a_bot_that_left_a_cancelled_meeting_only_by_itself() -> Evidence:
    stayed = bot(left_at=at(15 + GRACE_SECONDS + 1))
    return day(ledger=ledger(bots=(stayed,)), orders=(order(CustomerAction.CANCEL, 15),))


def a_bot_left_where_the_meeting_was() -> Evidence:
    stayed = bot(left_at=None, ended_at=None)
    moved = order(CustomerAction.MOVE, 15, meeting_url=URL, start_time=LATER)
    return day(ledger=ledger(bots=(stayed,)), orders=(moved,))


def a_bot_that_was_not_sent_out() -> Evidence:
    stayed = bot(left_at=None, ended_at=None)
    return day(ledger=ledger(bots=(stayed,)), orders=(order(CustomerAction.LEAVE, 15),))


def a_recording_that_nobody_fetched() -> Evidence:
    return day(files=(BODY, recording_of(path="another-meeting/recording.mp4")))


def a_recording_that_is_cut_short() -> Evidence:
    short = FileInStore(path=f"{FOLDER}/recording.mp4", size=150_000, sha256=sha256("half of it"))
    return day(files=(BODY, short))


def a_file_of_the_outcome_that_is_gone() -> Evidence:
    return day(files=(BODY, recording_of(path=f"{FOLDER}/recording.mkv")), manifests={})


def a_file_of_the_manifest_that_is_another() -> Evidence:
    return day(manifests={f"{FOLDER}/manifest.json": {f"{FOLDER}/recording.mp4": sha256("another")}})


def a_completed_meeting_without_a_recording() -> Evidence:
    outcome = run().outcome
    assert outcome is not None
    return day(runs=(run(outcome=outcome.model_copy(update={"artifacts": ()})),))


def a_booking_that_nobody_knows() -> Evidence:
    return day(runs=(), ledger=ledger(deliveries=()))


def a_meeting_that_is_still_open() -> Evidence:
    return day(runs=(run(status="running", closed_at=None, outcome=None, pending="waits for nothing"),))


def a_workflow_that_broke() -> Evidence:
    return day(runs=(run(status="failed", outcome=None),))


def a_status_that_was_acknowledged_and_lost() -> Evidence:
    return day(runs=(run(heard=(COMPLETE,)),))


def a_status_of_another_time_in_its_place() -> Evidence:
    another = JOINED.model_copy(update={"occurred_at": at(6)})
    return day(runs=(run(heard=(another, COMPLETE)),))


def a_final_event_whose_body_is_lost() -> Evidence:
    return day(files=(recording_of(),))


def a_final_event_that_the_meeting_never_heard_of() -> Evidence:
    return day(runs=(run(heard=(JOINED,), closed_at=at(600)),))


def a_late_final_event_whose_body_is_lost() -> Evidence:
    late = delivery(COMPLETE, at=at(900), sha256=sha256("another body"))
    return day(ledger=ledger(deliveries=(late,)))


def a_finished_transcript_that_was_lost() -> Evidence:
    finished = BotEvent(kind=BotEventKind.TRANSCRIPTION_COMPLETE, bot_id="bot", occurred_at=at(22))
    return day(runs=(run(closed_at=at(600)),), ledger=ledger(deliveries=(delivery(finished),)))


def test_a_bot_in_the_call_may_stay_where_its_meeting_was_if_that_got_another_link() -> None:
    elsewhere = {"meeting_url": "https://meet.google.com/xyz-abcd-efg", "start_time": START}
    stayed = bot(left_at=None, ended_at=None)
    for second, breaches in ((15, 0), (5, 1)):
        evidence = day(ledger=ledger(bots=(stayed,)), orders=(order(CustomerAction.MOVE, second, **elsewhere),))
        assert len(list(bots.left_behind(evidence))) == breaches


@pytest.mark.parametrize(
    ("plant", "rule", "only"),
    [
        (two_bots_for_one_dispatch, bots.sent_twice, True),
        (two_bots_of_one_key, bots.sent_twice, True),
        (a_bot_left_in_a_cancelled_meeting, bots.left_behind, True),
        (a_bot_that_left_a_cancelled_meeting_only_by_itself, bots.left_behind, True),
        (a_bot_left_where_the_meeting_was, bots.left_behind, True),
        (a_bot_that_was_not_sent_out, bots.left_behind, True),
        (a_recording_that_nobody_fetched, recordings.recordings_lost, False),
        (a_recording_that_is_cut_short, recordings.recordings_lost, False),
        (a_recording_that_is_cut_short, recordings.recordings_damaged, False),
        (a_file_of_the_outcome_that_is_gone, recordings.promises_broken, True),
        (a_file_of_the_manifest_that_is_another, recordings.promises_broken, True),
        (a_completed_meeting_without_a_recording, recordings.promises_broken, True),
        (a_booking_that_nobody_knows, endings.no_final_status, True),
        (a_meeting_that_is_still_open, endings.no_final_status, True),
        (a_workflow_that_broke, endings.no_final_status, True),
        (a_status_that_was_acknowledged_and_lost, deliveries.forgotten, True),
        (a_status_of_another_time_in_its_place, deliveries.forgotten, True),
        (a_final_event_whose_body_is_lost, deliveries.forgotten, True),
        (a_final_event_that_the_meeting_never_heard_of, deliveries.forgotten, True),
        (a_late_final_event_whose_body_is_lost, deliveries.forgotten, True),
        (a_finished_transcript_that_was_lost, deliveries.forgotten, True),
    ],
)
def test_a_planted_breach_is_found(
    plant: Callable[[], Evidence], rule: Callable[[Evidence], object], only: bool
) -> None:
    breaches = judge(plant())
    (name,) = [name for name, each in RULES.items() if each is rule]
    assert breaches[name], breaches
    if only:
        assert [other for other, found in breaches.items() if found] == [name]


def a_double_that_never_reported_and_stays() -> Evidence:
    double = bot("double", double_of="bot", left_at=None, ended_at=None, recording=None)
    return day(ledger=ledger(bots=(bot(), double)), orders=(order(CustomerAction.CANCEL, 15),))


def a_bot_told_to_leave_in_time() -> Evidence:
    leaving = bot(leave_requested_at=at(16), left_at=at(15 + GRACE_SECONDS + 1))
    return day(ledger=ledger(bots=(leaving,)), orders=(order(CustomerAction.CANCEL, 15),))


def a_bot_that_could_not_be_told_for_want_of_a_server() -> Evidence:
    told_late = bot(leave_requested_at=at(15 + GRACE_SECONDS + 50))
    outage = InjectedFault(kind=ProcessFaultKind.OUTAGE, target="temporal", at=at(20), until=at(80))
    return day(ledger=ledger(bots=(told_late,)), orders=(order(CustomerAction.CANCEL, 15),), injected=(outage,))


def a_bot_that_was_sent_to_the_new_time() -> Evidence:
    moved = order(CustomerAction.MOVE, 30, meeting_url=URL, start_time=LATER)
    second = bot("second", created_at=at(40), joined_at=at(50), left_at=at(400), extra=extra(1, LATER))
    kept = recording_of("second", f"{FOLDER}/earlier/0/recording.mp4")
    return day(ledger=ledger(bots=(bot(), second)), orders=(moved,), files=(recording_of(), kept, BODY))


def a_move_that_was_never_acknowledged() -> Evidence:
    moved = order(CustomerAction.MOVE, 15, acknowledged_at=None, meeting_url=URL, start_time=LATER)
    return day(orders=(moved,))


def a_recording_beside_that_of_an_earlier_run() -> Evidence:
    outcome = run().outcome
    assert outcome is not None
    stopped = outcome.model_copy(update={"artifacts": (), "status": MeetingStatus.CANCELLED})
    beside = recording_of(path=f"{FOLDER}~12345678/recording.mp4")
    return day(runs=(run(outcome=stopped),), files=(beside, BODY), manifests={})


def a_meeting_with_a_second_history() -> Evidence:
    first = run(run_id="first", status="continued_as_new", closed_at=at(3), outcome=None, heard=())
    return day(runs=(first, run()))


def a_file_too_small_to_be_a_recording() -> Evidence:
    thrown_out = Recording(size=300, sha256=sha256("tiny"))
    tiny = bot("tiny", joined_at=None, recording=thrown_out, extra=extra(dispatch=1))
    return day(ledger=ledger(bots=(bot(), tiny)))


def pieces_of_a_download() -> Evidence:
    piece = FileInStore(path=f"{FOLDER}/.unfinished/bot/recording.mp4", size=1, sha256=sha256("piece"))
    return day(files=(recording_of(), BODY, piece))


def a_status_that_waits_in_the_inbox() -> Evidence:
    waiting = Waiting(path="inbox/1.json", workflow_id=WORKFLOW, event=JOINED)
    return day(runs=(run(heard=(COMPLETE,)),), inbox=(waiting,))


def a_final_event_that_waits_in_the_inbox() -> Evidence:
    waiting = Waiting(path="inbox/1.json", workflow_id=WORKFLOW, event=COMPLETE, body_sha256=BODY.sha256)
    return day(runs=(run(heard=(JOINED,)),), inbox=(waiting,), files=(recording_of(),))


def a_status_for_a_meeting_that_is_over() -> Evidence:
    late = JOINED.model_copy(update={"occurred_at": at(700)})
    return day(ledger=ledger(deliveries=(delivery(late),)))


def a_delivery_that_was_refused() -> Evidence:
    return day(runs=(run(heard=(COMPLETE,)),), ledger=ledger(deliveries=(delivery(JOINED, status=503),)))


@pytest.mark.parametrize(
    "innocent",
    [
        a_double_that_never_reported_and_stays,
        a_bot_told_to_leave_in_time,
        a_bot_that_could_not_be_told_for_want_of_a_server,
        a_bot_that_was_sent_to_the_new_time,
        a_move_that_was_never_acknowledged,
        a_recording_beside_that_of_an_earlier_run,
        a_meeting_with_a_second_history,
        a_file_too_small_to_be_a_recording,
        pieces_of_a_download,
        a_status_that_waits_in_the_inbox,
        a_final_event_that_waits_in_the_inbox,
        a_status_for_a_meeting_that_is_over,
        a_delivery_that_was_refused,
    ],
)
def test_what_is_no_breach_is_not_called_one(innocent: Callable[[], Evidence]) -> None:
    assert judge(innocent()) == {name: [] for name in RULES}
