"""What meetings in one room tell each other, and what follows for their bots."""

import pytest

from minutekeeper.meetings import room_changes
from minutekeeper.meetings.bot_events import BotEventKind
from minutekeeper.meetings.dispatch import DispatchedBot
from minutekeeper.meetings.meeting_state import MeetingState
from minutekeeper.meetings.next_steps import NextStepKind, next_step
from minutekeeper.meetings.rooms import CHANGEOVER, RoomNeeded, RoomShared
from tests.bot_events import bot_event
from tests.meetings.test_meeting_changes import T0, at, meeting, notes


def needed(**duration: float) -> RoomNeeded:
    """Another meeting that begins so long after ten o'clock in the room of the first bot."""
    return RoomNeeded(at=at(**duration), meeting_id="other")


def test_the_earliest_meeting_that_needs_the_room_says_when_the_bot_leaves() -> None:
    state = meeting("in_call_recording")
    for minutes, leaves in ((59, None), (90, 90), (120, 90), (60, 60)):
        room_changes.vacate(state, needed(minutes=minutes), at(minutes=30))
        assert state.sessions[0].leave_at == (None if leaves is None else at(minutes=leaves) - CHANGEOVER)
    assert notes(state).count("room_needed") == 2


def test_only_a_bot_that_stays_in_the_room_is_told_to_leave_it() -> None:
    gone, leaving, retried = meeting("call_ended"), meeting("in_waiting_room"), meeting("in_call_recording")
    leaving.sessions[0].leave_requested = True
    retried.sessions[0].dispatch = 1
    for state in (gone, leaving, retried, meeting()):
        room_changes.vacate(state, needed(hours=2), at(minutes=30))
        assert "room_needed" not in notes(state)
        assert all(session.leave_at is None for session in state.sessions)


def shares(state: MeetingState) -> None:
    """The bot `z` of another workflow becomes that of the meeting."""
    state.add_bot(state.add_session(T0), DispatchedBot(bot_id="z", sent_at=T0, shared_with="owner"))


@pytest.mark.parametrize("is_early", [True, False])
def test_a_shared_bot_that_is_taken_away_is_replaced_at_once_also_if_that_is_heard_first(is_early: bool) -> None:
    state = meeting()
    if not is_early:
        shares(state)
        assert next_step(state, at(minutes=1), 0).kind is NextStepKind.WAIT
    room_changes.lose_shared_bot(state, "z", T0)
    if is_early:
        shares(state)
    assert next_step(state, at(minutes=1), 0).kind is NextStepKind.START
    assert ("taken_away" in notes(state)) is not is_early


def test_a_shared_bot_that_we_stopped_is_replaced_without_a_pause_whatever_its_owner_says() -> None:
    state = meeting()
    shares(state)
    end = bot_event(kind=BotEventKind.FAILED, bot_id="z", code="ApiRequest", occurred_at=at(minutes=1))
    state.apply_event(end)
    assert next_step(state, at(minutes=1), 0).kind is NextStepKind.START


def test_each_workflow_that_shares_a_bot_is_known_once_while_the_bot_is_there() -> None:
    state = meeting("in_call_recording")
    for workflow_id in ("b", "b", "c"):
        room_changes.share(state, RoomShared(workflow_id=workflow_id), T0)
    room_changes.share(state, RoomShared(workflow_id="d", dispatch=1), T0)
    assert state.sessions[0].sharers == ["b", "c"]
    gone = meeting("call_ended")
    room_changes.share(gone, RoomShared(workflow_id="b"), T0)
    assert not gone.sessions[0].sharers
