"""What a person's word does to a meeting that its calendars have booked."""

from minutekeeper.meetings import meeting_changes
from minutekeeper.meetings.session_state import StopKind
from minutekeeper.meetings.views import RELEASED
from tests.meetings.test_meeting_changes import DAY_BEFORE, at, claim, meeting, notes, of_calendar, release


def test_a_persons_word_takes_the_bot_out_of_a_meeting_that_is_recorded() -> None:
    state = of_calendar("in_call_recording")
    meeting_changes.release(state, release(why="a user said never", by_person=True), at(minutes=10))
    assert state.stop is not None
    assert (state.stop.kind, state.stop.evidence.event) == (StopKind.CANCEL, RELEASED)
    assert state.sessions[0].leave_requested


def test_a_persons_word_is_for_their_own_calendar_unless_it_is_a_veto() -> None:
    state = of_calendar("in_call_recording")
    meeting_changes.claim(state, claim("ben"), DAY_BEFORE)
    meeting_changes.release(state, release(by_person=True), at(minutes=10))
    assert "cancel" not in notes(state)
    meeting_changes.release(state, release(seen=11, by_person=True, for_all=True), at(minutes=11))
    assert state.stop is not None
    assert notes(state)[-2:] == ["vetoed", "cancel"]


def test_a_veto_needs_no_claim_and_is_heard_once() -> None:
    state = of_calendar()
    for minutes in (10, 11):
        veto = release("ben", seen=minutes, why="ben said never", by_person=True, for_all=True)
        meeting_changes.release(state, veto, DAY_BEFORE)
    assert notes(state) == ["vetoed", "cancel"]
    assert "Calendar ben objects to any recording. ben said never" in state.timeline[0].text


def test_a_veto_that_was_overtaken_by_a_claim_changes_nothing() -> None:
    state = of_calendar()
    meeting_changes.claim(state, claim("ben", 20), DAY_BEFORE)
    meeting_changes.release(state, release("ben", seen=10, by_person=True, for_all=True), DAY_BEFORE)
    assert state.stop is None


def test_what_people_booked_by_hand_no_calendar_vetoes() -> None:
    state = meeting()
    meeting_changes.claim(state, claim(), DAY_BEFORE)
    meeting_changes.release(state, release(by_person=True, for_all=True), DAY_BEFORE)
    assert (state.stop, notes(state)) == (None, ["released"])
