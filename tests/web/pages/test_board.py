"""What stands where on the board, by what is known of meetings, calendars and endpoints."""

from datetime import timedelta

import pytest

from minutekeeper.meetings.collection import DownloadProgress
from minutekeeper.meetings.status import FailureReason, MeetingStatus, WebhookState
from minutekeeper.meetings.views import MeetingView
from tests.web.pages.board_scenes import NOW, a_view, an_ended
from web.pages.board import MOST_ROWS, BoardSources, Chore, FailingEndpoint, board_of
from web.pages.remedies import remedy_for
from web.pages.words import Tone

S = MeetingStatus
CALENDAR = {"calendar_id": "cal-1", "event_id": "event-1"}
RECORDING = {"at": NOW - timedelta(minutes=12), "event": "in_call_recording", "text": "The bot is recording."}


def chores_of(*views: MeetingView) -> list[tuple[str, Tone]]:
    return [(each.word, each.tone) for each in board_of(BoardSources(views), NOW).chores]


def test_each_meeting_stands_in_the_section_of_its_state_in_order_of_its_start() -> None:
    views = [
        a_view("later", S.SCHEDULED, 90, calendars=(CALENDAR, CALENDAR | {"calendar_id": "cal-2"})),
        a_view("recorded", S.RECORDING, -15, timeline=(RECORDING,)),
        a_view("fetched", S.COLLECTING, -70),
        a_view("tomorrow", S.SCHEDULED, 60 * 25),
        a_view("soon", S.SCHEDULED, 10, calendars=(CALENDAR,)),
        a_view("by-hand", S.SCHEDULED, 20, bot_goes_at=NOW),
        a_view("unread", S.SCHEDULED, 100),
        a_view("waiting", S.WAITING_ROOM, 0, waiting_since=NOW - timedelta(minutes=1)),
    ]
    sources = BoardSources(views, progress={"meeting-fetched": DownloadProgress(done=1, total=3)})
    board = board_of(sources, NOW)
    assert [(each.meeting.meeting_id, each.percent) for each in board.running] == [
        ("fetched", 33),
        ("recorded", None),
        ("waiting", None),
    ]
    assert board.running[1].since == NOW - timedelta(minutes=12)
    assert [(each.meeting.meeting_id, each.because) for each in board.coming] == [
        ("soon", "Wanted by a calendar"),
        ("by-hand", "Booked directly"),
        ("later", "Wanted by 2 calendars"),
        ("unread", ""),
    ]
    assert board.chores == []


def test_a_bot_that_waits_for_long_one_that_is_silent_and_what_is_refused_need_a_hand() -> None:
    ago = NOW - timedelta(minutes=2, seconds=1)
    assert chores_of(a_view("m", S.WAITING_ROOM, waiting_since=NOW - timedelta(minutes=2))) == []
    assert chores_of(a_view("m", S.WAITING_ROOM, waiting_since=ago)) == [("Waiting room", Tone.WARN)]
    assert chores_of(a_view("m", S.RECORDING, webhooks=WebhookState.SILENT)) == [("Silent", Tone.WARN)]
    assert chores_of(a_view("m", S.SCHEDULED, reason=FailureReason.ACCOUNT)) == [("Refused", Tone.BAD)]
    assert chores_of(a_view("m", S.COLLECTING, trouble="the disk is full")) == [("Not stored", Tone.BAD)]
    ended = a_view("m", S.COMPLETED, webhooks=WebhookState.SILENT, trouble="the disk is full")
    assert chores_of(ended) == []


def test_what_failed_needs_a_hand_while_an_act_could_mend_it_and_is_done_otherwise() -> None:
    ended = [
        an_ended("lost", -30, reason=FailureReason.RECORDING_LOST),
        an_ended("refused", -10, reason=FailureReason.NOT_ACCEPTED),
        an_ended("still-on", -5, reason=FailureReason.NOT_ACCEPTED, end_time=NOW + timedelta(minutes=20)),
        an_ended("empty-room", -20, reason=FailureReason.NOBODY_CAME),
        an_ended("kept", -40),
        an_ended("old", -60 * 25, reason=FailureReason.RECORDING_LOST),
        an_ended("older", -60 * 24 * 8, reason=FailureReason.RECORDING_LOST),
    ]
    board = board_of(BoardSources(ended=ended), NOW)
    named = [(each.meeting.meeting_id, each.tone) for each in board.chores if each.meeting]
    assert named == [("still-on", Tone.WARN), ("lost", Tone.BAD)]
    assert board.chores[0].todo == "Ask a participant to admit the bot. Send another bot."
    assert [each.meeting_id for each in board.done] == ["refused", "empty-room", "kept"]
    assert board.done[2].size == 48_000_000
    assert [(each.reason, each.tone, each.number, each.length) for each in board.reasons] == [
        (FailureReason.RECORDING_LOST, Tone.BAD, 2, 20),
        (FailureReason.NOT_ACCEPTED, Tone.WARN, 2, 20),
        (FailureReason.NOBODY_CAME, Tone.WARN, 1, 10),
    ]
    assert (board.totals["failed"], board.totals["ended"]) == (5, 6)


def test_calendars_and_endpoints_in_trouble_lead_to_their_pages() -> None:
    endpoint = FailingEndpoint("hook-1", "Sales", "It is told of nothing: it was gone.")
    board = board_of(BoardSources(calendars=("cal-1",), endpoints=(endpoint,)), NOW)
    assert [(each.name, each.path) for each in board.chores] == [
        ("Calendar cal-1", "/calendars"),
        ("Sales", "/webhooks"),
    ]


def test_a_section_is_cut_and_its_number_is_not() -> None:
    views = [a_view(f"m{number}", S.SCHEDULED, number) for number in range(MOST_ROWS + 20)]
    board = board_of(BoardSources(views), NOW)
    assert len(board.coming) == MOST_ROWS
    assert board.totals["coming"] == MOST_ROWS + 20


@pytest.mark.parametrize("reason", FailureReason)
def test_what_to_do_is_a_sentence_or_nothing(reason: FailureReason) -> None:
    for is_over in (False, True):
        todo = remedy_for(reason, is_over=is_over)
        assert not todo or (todo[0].isupper() and todo.endswith("."))


def test_now_goes_before_what_has_failed() -> None:
    waiting = a_view("waiting", S.WAITING_ROOM, waiting_since=NOW - timedelta(minutes=5))
    lost = an_ended("lost", -1, reason=FailureReason.RECORDING_LOST)
    chores: list[Chore] = list(board_of(BoardSources([waiting], [lost]), NOW).chores)
    assert [each.word for each in chores] == ["Waiting room", "Failed"]
