"""What people, calendars and other meetings may change of a running meeting, and what the change leads to."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from minutekeeper.meetings import meeting_changes
from minutekeeper.meetings.bot_events import BotEventKind
from minutekeeper.meetings.claims import Claim, ClaimRelease, ClaimResult
from minutekeeper.meetings.dispatch import DispatchedBot
from minutekeeper.meetings.fields import BotOptions
from minutekeeper.meetings.meeting_changes import ChangeRefusedError
from minutekeeper.meetings.meeting_state import MeetingState
from minutekeeper.meetings.meeting_view import meeting_view
from minutekeeper.meetings.next_steps import NextStepKind, next_step
from minutekeeper.meetings.request import CalendarEventRef, MeetingRequest, ProviderScheduledBot, Reschedule
from minutekeeper.meetings.session_state import SessionStage, StopKind
from minutekeeper.meetings.status import FailureReason, MeetingStatus
from minutekeeper.meetings.verdict import verdict
from minutekeeper.meetings.views import Evidence, Failure, Outcome
from tests.bot_events import bot_event

T0 = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
DAY_BEFORE = T0 - timedelta(days=1)
URL = "https://meet.google.com/abc-defg-hij"
OTHER_URL = "https://meet.google.com/xyz-abcd-efg"
TOMORROW = Reschedule(start_time=T0 + timedelta(days=1))
TROUBLE = Failure(reason=FailureReason.ACCOUNT, evidence=Evidence(event="account", at=T0, text="key revoked"))


def at(**duration: float) -> datetime:
    return T0 + timedelta(**duration)


def meeting(*codes: str, **fields: object) -> MeetingState:
    """A meeting from 10:00 on that was booked a day before; with codes, its bot `a` has reported them."""
    request = MeetingRequest.model_validate({"meeting_url": URL, "start_time": T0} | fields)
    state = MeetingState.initial(request, ("m", "meeting-m", "run"), DAY_BEFORE)
    if codes:
        state.add_bot(state.add_session(T0), DispatchedBot(bot_id="a", sent_at=T0))
    for second, code in enumerate(codes):
        state.apply_event(bot_event(bot_id="a", code=code, occurred_at=at(seconds=second)))
    return state


def notes(state: MeetingState) -> list[str]:
    return [entry.event for entry in state.timeline]


def failed(state: MeetingState) -> MeetingState:
    """The meeting after the failure of its bot."""
    end = bot_event(kind=BotEventKind.FAILED, bot_id="a", code="BotNotAccepted", occurred_at=at(minutes=1))
    state.apply_event(end)
    state.sessions[0].stage = SessionStage.DONE
    return state


def ended(state: MeetingState) -> MeetingState:
    evidence = Evidence(event="complete", at=T0, text="")
    state.outcome = Outcome(meeting_id="m", status=MeetingStatus.COMPLETED, evidence=evidence)
    return state


def test_a_move_supersedes_what_was_sent_and_forgets_what_failed() -> None:
    state = meeting("in_waiting_room")
    state = state.model_copy(update={"account_problem": TROUBLE, "send_requested": True})
    meeting_changes.reschedule(state, TOMORROW, at(minutes=5))
    assert state.request.start_time == TOMORROW.start_time
    assert [(each.superseded, each.leave_requested) for each in state.sessions] == [(True, True)]
    assert (state.failure, state.account_problem, state.send_requested) == (None, None, False)
    assert state.known_since == at(minutes=5)
    assert meeting_view(state).status is MeetingStatus.SCHEDULED
    assert next_step(state, TOMORROW.start_time, 0).kind is NextStepKind.START
    assert notes(state)[-1] == "rescheduled"
    assert state.timeline[-1].text == "Moved from 2026-12-01 10:00:00Z to 2026-12-02 10:00:00Z."


def test_a_move_to_another_room_says_where() -> None:
    state = meeting()
    change = Reschedule(start_time=T0, meeting_url=OTHER_URL)
    meeting_changes.reschedule(state, change, DAY_BEFORE)
    assert f"now at {OTHER_URL}" in state.timeline[-1].text


def test_a_new_end_or_title_leaves_the_bot_where_it_is() -> None:
    state = meeting("in_call_recording")
    change = Reschedule(start_time=T0, end_time=at(hours=3), title="Longer")
    meeting_changes.reschedule(state, change, at(minutes=5))
    assert (state.request.end_time, state.request.title) == (at(hours=3), "Longer")
    assert not state.sessions[0].superseded
    assert not state.sessions[0].leave_requested
    assert state.known_since == DAY_BEFORE
    assert notes(state)[-1] == "changed"


def test_a_meeting_whose_bot_is_in_the_call_keeps_its_time_and_says_so_until_the_next_change() -> None:
    state = meeting("in_call_recording")
    meeting_changes.reschedule(state, TOMORROW, at(minutes=5))
    assert state.request.start_time == T0
    assert not state.sessions[0].leave_requested
    assert "recording goes on" in meeting_view(state).held_change
    assert notes(state)[-1] == "held"
    meeting_changes.reschedule(state, Reschedule(start_time=T0, title="New"), at(minutes=6))
    assert not state.held_change


def test_only_a_time_that_can_still_be_kept_is_taken() -> None:
    state = meeting(end_time=at(hours=1))
    meeting_changes.check_reschedule(state, TOMORROW, at(minutes=5))
    with pytest.raises(ChangeRefusedError, match="is over already") as refusal:
        meeting_changes.check_reschedule(state, Reschedule(start_time=at(hours=-2)), at(minutes=5))
    assert refusal.value.is_invalid
    same = Reschedule(start_time=T0, title="New")
    meeting_changes.check_reschedule(state, same, at(hours=2))


def test_a_meeting_that_has_stopped_or_ended_or_is_the_providers_cannot_be_moved() -> None:
    stopped = meeting()
    meeting_changes.stop(stopped, StopKind.CANCEL, "", T0)
    refused = {
        "stopped already": stopped,
        r"over \(completed\)": ended(meeting("call_ended")),
        "is being collected": failed(meeting("in_waiting_room")),
        "by its own timer": meeting(follows=ProviderScheduledBot(bot_id="a", sent_at=T0)),
    }
    for words, state in refused.items():
        with pytest.raises(ChangeRefusedError, match=words) as refusal:
            meeting_changes.check_reschedule(state, TOMORROW, at(minutes=5))
        assert not refusal.value.is_invalid


def test_the_first_stop_counts_but_a_cancellation_takes_the_place_of_a_leave() -> None:
    state = meeting("in_call_recording")
    meeting_changes.stop(state, StopKind.LEAVE, "done", at(minutes=1))
    assert state.sessions[0].leave_requested
    assert state.timeline[-1].text == "The bot was asked to leave: done"
    meeting_changes.stop(state, StopKind.LEAVE, "again", at(minutes=2))
    assert _stopped_by(state) == (StopKind.LEAVE, "done")
    meeting_changes.stop(state, StopKind.CANCEL, "not wanted", at(minutes=3))
    assert _stopped_by(state) == (StopKind.CANCEL, "not wanted")
    for kind in StopKind:
        meeting_changes.stop(state, kind, "too late", at(minutes=4))
    assert _stopped_by(state) == (StopKind.CANCEL, "not wanted")
    assert notes(state)[-2:] == ["leave", "cancel"]
    assert verdict(state, T0)[0] is MeetingStatus.CANCELLED


def _stopped_by(state: MeetingState) -> tuple[StopKind, str] | None:
    return (state.stop.kind, state.stop.evidence.text) if state.stop else None


def test_a_stop_needs_a_meeting_that_goes_on_and_a_leave_needs_a_bot() -> None:
    for kind in StopKind:
        meeting_changes.check_open_for_stop(meeting("in_call_recording"), kind)
        with pytest.raises(ChangeRefusedError, match="This meeting is over"):
            meeting_changes.check_open_for_stop(ended(meeting("call_ended")), kind)
    meeting_changes.check_open_for_stop(meeting(), StopKind.CANCEL)
    with pytest.raises(ChangeRefusedError, match="cancel the meeting instead"):
        meeting_changes.check_open_for_stop(meeting(), StopKind.LEAVE)


def test_another_bot_is_sent_when_the_present_one_is_gone() -> None:
    state = meeting("in_call_recording")
    meeting_changes.check_send(state, at(minutes=5))
    meeting_changes.request_bot(state, "it hangs", at(minutes=5))
    assert state.sessions[0].leave_requested
    assert not state.sessions[0].superseded, "what it recorded counts"
    assert state.timeline[-1].text == "Another bot was asked for: it hangs"
    assert next_step(state, at(minutes=5), 0).is_room_occupied
    state.apply_event(bot_event(bot_id="a", code="call_ended", occurred_at=at(minutes=6)))
    assert next_step(state, at(minutes=6), 0).kind is NextStepKind.START


def test_a_meeting_that_has_failed_is_open_again_with_another_bot() -> None:
    state = failed(meeting("in_waiting_room"))
    state.failure = TROUBLE
    before = (state.is_closing, state.failure)
    meeting_changes.request_bot(state, "", at(minutes=5))
    assert [before, (state.is_closing, state.failure)] == [(True, TROUBLE), (False, None)]
    assert not state.sessions[0].leave_requested, "it has left"
    state.sessions[0].leave_requested = True
    meeting_changes.request_bot(state, "", at(minutes=5))
    assert state.sessions[0].leave_requested, "a removal is not taken back"
    assert next_step(state, at(minutes=5), 0).kind is NextStepKind.START


def test_no_other_bot_is_sent_where_it_makes_no_sense() -> None:
    stopped = meeting("in_call_recording")
    meeting_changes.stop(stopped, StopKind.LEAVE, "", T0)
    moved = meeting("in_waiting_room")
    meeting_changes.reschedule(moved, TOMORROW, T0)
    shared = meeting()
    shared.add_bot(shared.add_session(T0), DispatchedBot(bot_id="z", sent_at=T0, shared_with="meeting-owner"))
    refused = {
        "book it again": (stopped, at(minutes=5)),
        "belongs to workflow meeting-owner": (shared, at(minutes=5)),
        "still to be sent": (meeting(), at(minutes=5)),
        "no other one is needed yet": (moved, at(minutes=5)),
        "less than a minute left": (meeting("in_call_recording"), at(minutes=59, seconds=1)),
        "by its own timer": (
            meeting("in_call_recording", follows=ProviderScheduledBot(bot_id="a", sent_at=T0)),
            T0,
        ),
    }
    for words, (state, now) in refused.items():
        with pytest.raises(ChangeRefusedError, match=words):
            meeting_changes.check_send(state, now)


def claim(calendar_id: str = "anna", seen: float = 0, **fields: Any) -> Claim:
    given = {"calendar_id": calendar_id, "event_id": f"event-{calendar_id}", "seen_at": at(minutes=seen)}
    return Claim.model_validate(given | {"start_time": T0, "meeting_url": URL} | fields)


def of_calendar(*codes: str, **fields: Any) -> MeetingState:
    """A meeting that the calendar `anna` booked with its claim."""
    origin = CalendarEventRef(calendar_id="anna", event_id="event-anna")
    return meeting(*codes, calendar=origin, claim=claim(seen=-60, **fields))


def release(calendar_id: str = "anna", seen: float = 10, **fields: Any) -> ClaimRelease:
    return ClaimRelease(calendar_id=calendar_id, seen_at=at(minutes=seen), **fields)


def test_the_leading_claim_moves_the_meeting() -> None:
    state = of_calendar()
    state.request = state.request.model_copy(update={"end_time": at(hours=2)})
    wanted = claim(start_time=at(days=1), title="Moved", bot=BotOptions(name="Scribe"))
    assert meeting_changes.claim(state, wanted, T0) is ClaimResult.ACCEPTED
    request = state.request
    assert (request.start_time, request.end_time, request.title) == (at(days=1), None, "Moved")
    assert request.bot.name == "Scribe"
    assert state.interest.followed == wanted


def test_a_claim_that_was_overtaken_changes_nothing() -> None:
    state = of_calendar()
    late = claim(seen=-90, start_time=at(days=1))
    assert meeting_changes.claim(state, late, T0) is ClaimResult.ACCEPTED
    assert state.request.start_time == T0
    assert not state.timeline


@pytest.mark.parametrize("code", ["in_call_recording", "recording_paused", "in_call_not_recording"])
def test_a_claim_does_not_move_a_meeting_whose_bot_is_in_the_call(code: str) -> None:
    state = of_calendar(code)
    wanted = claim(start_time=at(days=1))
    assert meeting_changes.claim(state, wanted, at(minutes=5)) is ClaimResult.DEFERRED
    assert state.request.start_time == T0
    assert state.interest.claims["anna"] == wanted, "the claim counts"
    longer = claim(seen=1, end_time=at(hours=3))
    assert meeting_changes.claim(state, longer, at(minutes=6)) is ClaimResult.ACCEPTED
    assert state.request.end_time == at(hours=3)


def test_a_claim_does_not_move_a_meeting_that_has_a_bot_to_a_time_that_is_over() -> None:
    over = claim(start_time=at(hours=-3))
    assert meeting_changes.claim(of_calendar("in_waiting_room"), over, at(minutes=5)) is ClaimResult.DEFERRED
    state = of_calendar()
    assert meeting_changes.claim(state, over, at(minutes=5)) is ClaimResult.ACCEPTED
    assert next_step(state, at(minutes=5), 0).kind is NextStepKind.TOO_LATE


def test_the_first_claim_only_tells_what_the_meeting_was_booked_for() -> None:
    state = meeting(title="As people booked it")
    assert meeting_changes.claim(state, claim(start_time=at(days=1)), T0) is ClaimResult.ACCEPTED
    assert (state.request.start_time, state.request.title) == (T0, "As people booked it")
    meeting_changes.claim(state, claim(seen=1, start_time=at(days=2)), T0)
    assert state.request.start_time == at(days=2), "a change after that counts"


def test_the_first_claim_of_the_calendar_that_booked_counts_if_the_event_has_moved_since() -> None:
    origin = CalendarEventRef(calendar_id="anna", event_id="event-anna")
    for days in (0, 1):
        state = meeting(calendar=origin)
        assert meeting_changes.claim(state, claim(start_time=at(days=days)), DAY_BEFORE) is ClaimResult.ACCEPTED
        assert state.request.start_time == at(days=days)
        assert notes(state) == ["rescheduled"] * days


def test_a_second_calendar_is_told_and_the_leading_one_is_shown() -> None:
    state = of_calendar()
    meeting_changes.claim(state, claim("olga", is_organizer=True), T0)
    assert notes(state) == ["claimed"]
    assert state.request.calendar == CalendarEventRef(calendar_id="olga", event_id="event-olga")
    assert [each.calendar_id for each in meeting_view(state).calendars] == ["olga", "anna"]
    meeting_changes.claim(state, claim("olga", 1, is_organizer=True), T0)
    assert notes(state) == ["claimed"]


def test_a_meeting_is_cancelled_when_its_last_calendar_lets_go() -> None:
    state = of_calendar()
    meeting_changes.claim(state, claim("ben"), DAY_BEFORE)
    meeting_changes.release(state, release("anna", why="deleted"), DAY_BEFORE)
    assert state.stop is None
    assert meeting_view(state).calendars[0].calendar_id == "ben"
    meeting_changes.release(state, release("ben", why="deleted"), DAY_BEFORE)
    assert _stopped_by(state) == (StopKind.CANCEL, "deleted")
    assert notes(state) == ["claimed", "released", "released", "cancel"]


def test_a_release_that_was_overtaken_or_is_of_a_stranger_changes_nothing() -> None:
    state = of_calendar()
    meeting_changes.release(state, release("anna", seen=-90), DAY_BEFORE)
    meeting_changes.release(state, release("ben"), DAY_BEFORE)
    assert (state.stop, state.timeline) == (None, ())


def test_a_calendar_that_died_between_booking_and_claim_may_release_its_meeting() -> None:
    state = meeting(calendar=CalendarEventRef(calendar_id="anna", event_id="event-anna"))
    meeting_changes.release(state, release("ben"), DAY_BEFORE)
    assert state.stop is None
    meeting_changes.release(state, release("anna"), DAY_BEFORE)
    assert _stopped_by(state) == (StopKind.CANCEL, "")


def test_a_meeting_that_people_booked_is_not_cancelled_by_a_calendar() -> None:
    origin = CalendarEventRef(calendar_id="anna", event_id="event-anna")
    adopted = meeting(calendar=origin, follows=ProviderScheduledBot(bot_id="a", sent_at=T0))
    for state in (meeting(), adopted):
        meeting_changes.claim(state, claim(), T0)
        meeting_changes.release(state, release(), DAY_BEFORE)
        assert notes(state) == ["released"]
        assert state.stop is None


def test_a_release_after_the_beginning_leaves_the_recording_alone() -> None:
    for released, stopped in (
        (release(deleted_at=at(minutes=-1)), True),
        (release(deleted_at=at(minutes=1)), False),
        (release(), False),
    ):
        state = of_calendar("in_call_recording")
        meeting_changes.release(state, released, at(minutes=10))
        assert (state.stop is not None) is stopped
        assert ("kept_on" in notes(state)) is not stopped
    waiting = of_calendar("in_waiting_room")
    meeting_changes.release(waiting, release(), at(minutes=10))
    assert waiting.stop is not None


def test_a_person_sends_out_the_bot_that_stayed_when_their_calendar_was_the_last_to_let_go() -> None:
    person = release("ben", 40, by_person=True)
    said: list[tuple[list[Claim | ClaimRelease], bool]]
    said = [([person], True), ([release("ben", 40)], False), ([claim("carl", 30), person], False)]
    for words, stopped in said:
        state = of_calendar("in_call_recording")
        for word in (claim("ben"), release("anna", 20), release("ben", 20), *words):
            if isinstance(word, Claim):
                meeting_changes.claim(state, word, at(minutes=40))
            else:
                meeting_changes.release(state, word, at(minutes=40))
        assert ("kept_on" in notes(state), state.stop is not None) == (True, stopped)


def test_a_meeting_goes_on_in_another_room_only_by_the_word_of_the_leading_claim_and_in_time() -> None:
    state = failed(of_calendar("in_waiting_room", is_organizer=True))
    elsewhere = claim(seen=20, meeting_url=OTHER_URL, is_organizer=True)
    meeting_changes.check_claim(state, elsewhere, at(minutes=20))
    late, stale = (elsewhere, at(minutes=59, seconds=1)), (claim("ben", 20, meeting_url=OTHER_URL), at(minutes=20))
    same = (claim(seen=20, title="New", is_organizer=True), at(minutes=20))
    another_day = (claim(seen=20, meeting_url=OTHER_URL, is_organizer=True, start_time=at(days=1)), at(minutes=20))
    for wanted, now in (late, stale, same, another_day):
        with pytest.raises(ChangeRefusedError, match="This meeting is over"):
            meeting_changes.check_claim(state, wanted, now)
    assert meeting_changes.claim(state, elsewhere, at(minutes=20)) is ClaimResult.ACCEPTED
    assert next_step(state, at(minutes=20), 0).kind is NextStepKind.START
    stopped = of_calendar("in_call_recording", is_organizer=True)
    meeting_changes.stop(stopped, StopKind.LEAVE, "", T0)
    assert not meeting_changes.is_continued_elsewhere(stopped, elsewhere, at(minutes=20))


def test_a_meeting_that_is_shifted_while_it_is_recorded_ends_with_its_event() -> None:
    for minutes, end_minutes in ((5, 35), (30, 30), (-60, 30)):
        shifted = at(minutes=minutes)
        state = of_calendar("in_call_recording", end_time=at(minutes=30))
        state.request = state.request.model_copy(update={"end_time": at(minutes=30)})
        wanted = claim(start_time=shifted, end_time=shifted + timedelta(minutes=30))
        assert meeting_changes.claim(state, wanted, at(minutes=3)) is ClaimResult.DEFERRED
        assert (state.request.start_time, state.request.end_time) == (T0, at(minutes=end_minutes))


def test_what_is_over_is_neither_claimed_nor_cancelled() -> None:
    state = ended(of_calendar("call_ended"))
    meeting_changes.release(state, release(), at(hours=2))
    assert state.stop is None
    stopped = of_calendar()
    meeting_changes.stop(stopped, StopKind.CANCEL, "", T0)
    refused = {
        "This meeting is over": state,
        "stopped already": stopped,
        "by its own timer": meeting(follows=ProviderScheduledBot(bot_id="a", sent_at=T0)),
    }
    for words, each in refused.items():
        with pytest.raises(ChangeRefusedError, match=words):
            meeting_changes.check_claim(each, claim(), T0)
    meeting_changes.check_claim(of_calendar(), claim(), T0)
