"""What is known of a meeting: its sessions and their events, the next step, and what it came to."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from minutekeeper.meetings.bot_events import BotEvent, BotEventKind
from minutekeeper.meetings.bot_state import BotState
from minutekeeper.meetings.dispatch import DispatchedBot, DispatchTerms, SendBotInput
from minutekeeper.meetings.meeting_state import MeetingState
from minutekeeper.meetings.meeting_view import bot_presence, meeting_view
from minutekeeper.meetings.next_steps import NextStep, NextStepKind, may_send_another, next_step, wants_session
from minutekeeper.meetings.request import MeetingRequest, ProviderScheduledBot
from minutekeeper.meetings.rooms import PresenceQuery
from minutekeeper.meetings.session_state import SessionStage, SessionState, StopKind, StopState
from minutekeeper.meetings.status import FailureReason, MeetingStatus, TranscriptState
from minutekeeper.meetings.verdict import fail_too_late, verdict
from minutekeeper.meetings.views import Artifact, Evidence, Failure
from tests.bot_events import bot_event

T0 = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
URL = "https://meet.google.com/abc-defg-hij"
TERMS = DispatchTerms()


def at(**duration: float) -> datetime:
    return T0 + timedelta(**duration)


def meeting(*bot_ids: str, **fields: object) -> MeetingState:
    """A meeting from 10:00 to 11:00 that was booked a day before, with a session for each bot."""
    request = MeetingRequest.model_validate({"meeting_url": URL, "start_time": T0} | fields)
    state = MeetingState.initial(request, ("m", "meeting-m", "run"), T0 - timedelta(days=1))
    for bot_id in bot_ids:
        send(state, bot_id)
    return state


def send(state: MeetingState, bot_id: str, **fields: Any) -> SessionState:
    session = state.add_session(T0)
    state.add_bot(session, DispatchedBot.model_validate({"bot_id": bot_id, "sent_at": T0} | fields))
    return session


def shown(state: MeetingState) -> MeetingStatus:
    return meeting_view(state).status


def status(code: str, second: float, bot_id: str = "a", dispatch: int | None = None) -> BotEvent:
    return bot_event(bot_id=bot_id, code=code, occurred_at=at(seconds=second), dispatch=dispatch)


def final(kind: BotEventKind, second: float, bot_id: str = "a", **fields: Any) -> BotEvent:
    return bot_event(kind=kind, bot_id=bot_id, occurred_at=at(seconds=second), **fields)


def failed(code: str, second: float = 1, bot_id: str = "a") -> BotEvent:
    return final(BotEventKind.FAILED, second, bot_id, code=code)


def complete(second: float = 1, bot_id: str = "a", **fields: Any) -> BotEvent:
    return final(BotEventKind.COMPLETE, second, bot_id, **({"has_recording": True} | fields))


def bot_of(session: SessionState) -> BotState:
    assert session.bot is not None
    return session.bot


def test_an_event_changes_the_bot_that_it_is_of_and_is_told_once() -> None:
    state = meeting("a", "b")
    before = state.revision
    for _ in range(2):
        state.apply_event(status("in_call_recording", 5, "b"))
    first, second = map(bot_of, state.sessions)
    assert (first.status, second.status) == (MeetingStatus.JOINING, MeetingStatus.RECORDING)
    assert second.last_event_at == at(seconds=5)
    assert [entry.event for entry in state.timeline].count("in_call_recording") == 1
    assert state.revision > before


def test_a_bot_whose_id_is_not_known_yet_is_found_by_the_number_of_its_request() -> None:
    state = meeting("a")
    session = state.add_session(T0)
    state.apply_event(status("joining_call", 1, "unknown", dispatch=1))
    early = state.early_event(session)
    assert early is not None
    assert early.bot_id == "unknown"
    assert state.early_event(state.sessions[0]) is None
    assert state.unexpected_event() is None, "its request may still be answered"


def test_a_second_bot_of_one_request_is_one_too_many() -> None:
    state = meeting("a")
    state.apply_event(status("joining_call", 1, "another", dispatch=0))
    event = state.unexpected_event()
    assert event is not None
    state.add_unexpected_bot(event.bot_id, 0, at(seconds=2))
    session = state.sessions[-1]
    assert (session.superseded, session.leave_requested, session.dispatch) == (True, True, 0)
    assert bot_of(session).status is MeetingStatus.JOINING
    assert len(bot_of(session).events) == 1
    assert state.unexpected_event() is None
    assert state.dispatches == 1
    assert state.bot is not None
    assert state.bot.bot_id == "a"


def test_an_event_from_before_the_first_bot_was_sent_is_of_another_run() -> None:
    state = meeting("a")
    state.apply_event(status("joining_call", -61, "another", dispatch=0))
    assert state.unexpected_event() is None
    state.apply_event(status("joining_call", -59, "another", dispatch=0))
    assert state.unexpected_event() is not None, "the clocks may differ by a minute"


def test_a_bot_of_a_request_that_was_given_up_is_one_too_many() -> None:
    state = meeting()
    state.add_session(T0).stage = SessionStage.ABANDONED
    state.apply_event(status("joining_call", 1, "lost", dispatch=0))
    assert state.unexpected_event() is not None
    state.unmatched_events[0] = status("joining_call", 1, "lost", dispatch=7)
    assert state.unexpected_event() is None, "no such request was made"


def test_a_bot_is_expected_at_the_start_or_when_it_was_sent_if_that_is_later() -> None:
    early = send(meeting(), "a", sent_at=at(minutes=-4))
    late = send(meeting(), "a", sent_at=at(minutes=4))
    said = send(meeting(), "a", sent_at=at(minutes=-4), join_at=at(minutes=-2))
    joins = [bot_of(session).join_at for session in (early, late, said)]
    assert joins == [T0, at(minutes=4), at(minutes=-2)]
    assert (early.stage, early.request) == (SessionStage.ACTIVE, None)


def test_a_superseded_bot_does_not_speak_for_the_meeting() -> None:
    state = meeting("first", "second")
    assert state.current is state.sessions[1]
    state.sessions[1].superseded = True
    assert state.current is state.sessions[0]
    assert state.standing == [state.sessions[0]]
    assert meeting_view(state).bot_id == "first"
    state.apply_event(failed("BotNotAccepted", bot_id="second"))
    assert verdict(state, T0)[1] is FailureReason.NO_ANSWER
    assert shown(state) is MeetingStatus.JOINING
    state.sessions[0].superseded = True
    assert state.current is state.sessions[1], "the last one that had a bot"
    assert shown(state) is MeetingStatus.SCHEDULED
    assert verdict(state, T0)[1] is FailureReason.STOPPED, "the failure of a superseded bot is not the meeting's"


def test_a_bot_is_in_the_call_until_it_is_to_leave_for_another_place() -> None:
    state = meeting("a")
    before = state.is_in_call
    state.apply_event(status("in_call_recording", 1))
    inside = state.is_in_call
    state.sessions[0].superseded = True
    stays = state.is_in_call
    state.sessions[0].leave_requested = True
    assert [before, inside, stays, state.is_in_call] == [False, True, True, False]


def test_a_meeting_shows_where_its_current_session_is() -> None:
    state = meeting()
    assert shown(state) is MeetingStatus.SCHEDULED
    session = state.add_session(T0)
    assert shown(state) is MeetingStatus.DISPATCHING
    state.add_bot(session, DispatchedBot(bot_id="a", sent_at=T0))
    state.apply_event(status("in_waiting_room", 1))
    assert shown(state) is MeetingStatus.WAITING_ROOM
    session.stage = SessionStage.COLLECTING
    assert shown(state) is MeetingStatus.COLLECTING
    session.superseded = True
    state.stop = StopState(kind=StopKind.CANCEL, evidence=Evidence(event="cancel", at=T0, text=""))
    assert shown(state) is MeetingStatus.ENDED, "nothing is scheduled any more"


@pytest.mark.parametrize(
    ("query", "known", "bot_id"),
    [
        (PresenceQuery(run_id="run", dispatch=1), True, "b"),
        (PresenceQuery(run_id="run", dispatch=2), False, ""),
        (PresenceQuery(run_id="earlier", dispatch=1), False, ""),
        (PresenceQuery(bot_id="a"), True, "a"),
        (PresenceQuery(bot_id="c"), False, ""),
    ],
)
def test_another_meeting_is_told_of_the_bot_it_asks_for(query: PresenceQuery, bot_id: str, *, known: bool) -> None:
    presence = bot_presence(meeting("a", "b"), query)
    assert (presence.is_known, presence.is_gone, presence.bot_id) == (known, not known, bot_id)


def step(state: MeetingState, now: datetime) -> NextStep:
    return next_step(state, now, jitter=0.5)


def test_the_first_session_starts_when_the_meeting_wakes_up_and_not_for_its_last_minute() -> None:
    state = meeting()
    wake = T0 - timedelta(seconds=240 + 45 + 20)
    assert step(state, at(days=-1)) == NextStep(NextStepKind.WAIT, wake)
    assert step(state, wake).kind is NextStepKind.START
    assert step(state, at(minutes=58)).kind is NextStepKind.START
    assert step(state, at(minutes=59)).kind is NextStepKind.TOO_LATE


def test_no_further_session_is_wanted_while_one_stands_or_after_an_end() -> None:
    assert step(meeting("a"), at(minutes=1)) == NextStep(NextStepKind.WAIT)
    stopped = meeting()
    stopped.stop = StopState(kind=StopKind.CANCEL, evidence=Evidence(event="cancel", at=T0, text=""))
    assert step(stopped, T0) == NextStep(NextStepKind.WAIT)
    late = meeting()
    fail_too_late(late, at(hours=3))
    assert step(late, T0) == NextStep(NextStepKind.WAIT)


def test_a_failure_that_another_bot_can_cure_has_one_sent_after_a_pause() -> None:
    state = meeting("a")
    state.apply_event(failed("InternalError", 300))
    due = at(minutes=5, seconds=TERMS.deadlines.retry)
    assert step(state, at(minutes=5)) == NextStep(NextStepKind.WAIT, due)
    assert step(state, due).kind is NextStepKind.START
    assert step(state, at(minutes=59)) == NextStep(NextStepKind.WAIT), "too little of the meeting is left"


@pytest.mark.parametrize(
    "event",
    [failed("BotNotAccepted"), complete(), complete(has_recording=False)],
    ids=["refused", "recorded", "empty"],
)
def test_any_other_end_has_no_further_bot_sent(event: BotEvent) -> None:
    state = meeting("a")
    state.apply_event(event)
    assert step(state, at(minutes=10)) == NextStep(NextStepKind.WAIT)


def test_only_so_many_bots_are_sent_by_themselves_but_people_may_ask_for_more() -> None:
    state = meeting("a", "b", "c")
    for second, bot_id in enumerate("abc"):
        state.apply_event(failed("InternalError", second, bot_id))
    assert not may_send_another(state)
    state.policy = DispatchTerms(max_dispatches=4)
    assert may_send_another(state)
    state.policy = TERMS
    state.send_requested = True
    assert step(state, at(minutes=5)).kind is NextStepKind.START, "at once"
    state.add_session(at(minutes=5))
    assert not state.send_requested


def test_superseded_bots_do_not_count_as_tries() -> None:
    state = meeting("a", "b", "c")
    state.apply_event(failed("InternalError", bot_id="c"))
    assert not may_send_another(state)
    state.sessions[0].superseded = True
    assert may_send_another(state)


def test_a_shared_bot_that_its_owner_removed_is_replaced_at_once() -> None:
    state = meeting("own")
    state.apply_event(failed("InternalError", bot_id="own"))
    for before in ([], state.sessions):
        shared = meeting()
        shared.sessions = list(before)
        session = send(shared, "a", shared_with="another")
        assert step(shared, at(minutes=5)) == NextStep(NextStepKind.WAIT)
        session.bot = bot_of(session).model_copy(update={"taken_away": True})
        assert step(shared, at(minutes=5)).kind is NextStepKind.START


def test_a_bot_of_the_providers_own_timer_has_no_successor() -> None:
    state = meeting("a", follows=ProviderScheduledBot(bot_id="a", sent_at=T0))
    state.apply_event(failed("InternalError"))
    assert not may_send_another(state)


def test_a_relieved_bot_has_a_successor_whatever_the_planned_end_is() -> None:
    state = meeting("a")
    state.sessions[0].is_relieved = True
    assert wants_session(state, at(hours=5))
    state.apply_event(status("call_ended", 18_000))
    assert step(state, at(hours=5)).kind is NextStepKind.START


def test_the_next_bot_waits_until_the_last_one_has_left_the_room() -> None:
    state = meeting("a")
    state.sessions[0].superseded = True
    assert step(state, at(minutes=5)) == NextStep(NextStepKind.WAIT, at(hours=1), is_room_occupied=True)
    state.apply_event(status("call_ended", 299))
    assert step(state, at(minutes=5)).kind is NextStepKind.START


def test_the_next_bot_waits_as_long_as_a_bot_of_an_earlier_request_may_exist() -> None:
    state = meeting()
    session = state.add_session(T0)
    session.superseded = True
    assert step(state, at(minutes=5)).kind is NextStepKind.START, "nothing was asked of the provider"
    session.request = SendBotInput(key="k", meeting_url=URL, start_time=T0, requested_at=T0)
    assert step(state, at(minutes=5)).is_room_occupied
    session.stage = SessionStage.ABANDONED
    assert step(state, at(minutes=5)).kind is NextStepKind.START


def test_what_was_over_when_it_was_booked_was_not_missed() -> None:
    missed, over = meeting(), meeting()
    over.known_since = at(hours=2)
    for state, reason in ((missed, FailureReason.MISSED), (over, FailureReason.MEETING_OVER)):
        fail_too_late(state, at(hours=3))
        status_, why, evidence = verdict(state, at(hours=3))
        assert (status_, why) == (MeetingStatus.FAILED, reason)
        assert "10:00:00Z" in evidence.text
        assert "less than a minute" not in evidence.text
        assert state.is_closing
    refused = meeting()
    evidence = Evidence(event="account", at=T0, text="key revoked")
    refused.account_problem = Failure(reason=FailureReason.ACCOUNT, evidence=evidence)
    fail_too_late(refused, at(hours=3))
    assert verdict(refused, T0) == (MeetingStatus.FAILED, FailureReason.ACCOUNT, evidence)
    short = meeting()
    fail_too_late(short, at(seconds=3599))
    assert verdict(short, T0)[2].text.endswith(", so less than a minute is left")


def test_a_recording_of_an_earlier_bot_is_the_meetings() -> None:
    state = meeting("a", "b")
    state.apply_event(complete(1))
    state.apply_event(failed("BotNotAccepted", 2, "b"))
    assert verdict(state, T0)[1] is FailureReason.NOT_ACCEPTED, "it is not stored yet"
    state.sessions[0].recording_stored = True
    assert verdict(state, T0)[0] is MeetingStatus.COMPLETED
    state.sessions[0].superseded = True
    assert verdict(state, T0)[0] is MeetingStatus.COMPLETED, "what a superseded bot recorded counts"


def test_of_two_recordings_that_of_a_session_which_stands_is_the_evidence() -> None:
    state = meeting("a", "b")
    for second, session in enumerate(state.sessions, start=1):
        state.apply_event(complete(second, bot_of(session).bot_id))
        session.recording_stored = True
    assert verdict(state, T0)[2].at == at(seconds=2)
    state.sessions[1].superseded = True
    assert verdict(state, T0)[2].at == at(seconds=1)


def test_a_transcript_alone_is_a_success_only_where_no_recording_was_wanted() -> None:
    for recording, came_to in ((True, MeetingStatus.FAILED), (False, MeetingStatus.COMPLETED)):
        state = meeting("a", wanted={"recording": recording})
        state.apply_event(complete(has_recording=False, has_transcript=True))
        assert verdict(state, T0)[0] is came_to


def test_a_cancellation_stands_above_a_recording_and_a_request_to_leave_does_not() -> None:
    state = meeting("a")
    evidence = Evidence(event="stop", at=T0, text="why")
    state.stop = StopState(kind=StopKind.LEAVE, evidence=evidence)
    assert verdict(state, T0)[1] is FailureReason.NO_ANSWER
    state.apply_event(complete())
    state.sessions[0].recording_stored = True
    assert verdict(state, T0)[0] is MeetingStatus.COMPLETED
    state.stop = StopState(kind=StopKind.CANCEL, evidence=evidence)
    assert verdict(state, T0) == (MeetingStatus.CANCELLED, None, evidence)
    left = meeting()
    left.stop = StopState(kind=StopKind.LEAVE, evidence=evidence)
    assert verdict(left, T0) == (MeetingStatus.FAILED, FailureReason.STOPPED, evidence)


def test_a_request_that_brought_no_bot_says_why() -> None:
    state = meeting()
    failure = Failure(reason=FailureReason.REQUEST_REJECTED, evidence=Evidence(event="send", at=T0, text="422"))
    session = state.add_session(T0)
    session.failure, session.stage = failure, SessionStage.ABANDONED
    assert verdict(state, T0) == (MeetingStatus.FAILED, failure.reason, failure.evidence)
    assert shown(state) is MeetingStatus.ENDED


def test_a_meeting_is_open_as_long_as_a_session_for_its_time_may_change_its_result() -> None:
    state = meeting("a", "b")
    state.sessions[0].stage = SessionStage.DONE
    one_settled = state.is_closing
    state.sessions[1].stage = SessionStage.COLLECTING
    both_settled = state.is_closing
    state.send_requested = True
    open_or_not = [meeting().is_closing, one_settled, both_settled, state.is_closing]
    assert open_or_not == [False, False, True, False]


def test_the_whole_state_is_carried_over() -> None:
    state = meeting("a", title="Weekly")
    state.note(T0, "booked", "Booked.")
    state.apply_event(status("in_call_recording", 1))
    state.apply_event(status("joining_call", 1, "unknown"))
    state.artifacts = [Artifact(path="m/earlier/0/recording.mp4", size=1, sha256="0")]
    again = MeetingState.model_validate_json(state.model_dump_json())
    assert again.model_dump() == state.model_dump()
    assert meeting_view(again) == meeting_view(state)


def test_what_is_not_wanted_is_not_waited_for() -> None:
    assert meeting().transcript is TranscriptState.PENDING
    assert meeting(wanted={"transcript": False}).transcript is TranscriptState.NOT_ASKED
