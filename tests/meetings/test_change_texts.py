"""What people read when a change of a meeting is taken or refused, word by word."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from minutekeeper.meetings import meeting_changes, room_changes
from minutekeeper.meetings.claims import Claim, ClaimRelease
from minutekeeper.meetings.meeting_changes import ChangeRefusedError
from minutekeeper.meetings.meeting_state import MeetingState
from minutekeeper.meetings.request import CalendarEventRef, ProviderScheduledBot, Reschedule
from minutekeeper.meetings.rooms import RoomNeeded
from minutekeeper.meetings.session_state import StopKind
from tests.meetings.test_meeting_changes import DAY_BEFORE, OTHER_URL, T0, TOMORROW, URL, at, ended, failed, meeting

Change = Callable[[MeetingState], object]


def stopped() -> MeetingState:
    state = meeting()
    meeting_changes.stop(state, StopKind.CANCEL, "", T0)
    return state


def reschedule(state: MeetingState) -> None:
    meeting_changes.check_reschedule(state, TOMORROW, T0)


def send(state: MeetingState) -> None:
    meeting_changes.check_send(state, T0)


def leave(state: MeetingState) -> None:
    meeting_changes.check_open_for_stop(state, StopKind.LEAVE)


def cancel(state: MeetingState) -> None:
    meeting_changes.check_open_for_stop(state, StopKind.CANCEL)


def check_claim(state: MeetingState) -> None:
    meeting_changes.check_claim(state, claim(), T0)


OVER = "This meeting is over (completed) and cannot be"
BY_TIMER = "The provider sent this bot by its own timer, so the meeting cannot be"
ADOPTED = ProviderScheduledBot(bot_id="a", sent_at=T0)


@pytest.mark.parametrize(
    ("state", "change", "says"),
    [
        (ended(meeting("call_ended")), reschedule, f"{OVER} moved any more."),
        (ended(meeting("call_ended")), cancel, f"{OVER} cancelled any more."),
        (ended(meeting("call_ended")), leave, f"{OVER} left any more."),
        (ended(meeting("call_ended")), check_claim, f"{OVER} claimed any more."),
        (
            failed(meeting("in_waiting_room")),
            cancel,
            "This meeting is over (what its bot left is being collected) and cannot be cancelled any more.",
        ),
        (stopped(), reschedule, "This meeting was stopped already and cannot be moved."),
        (stopped(), check_claim, "This meeting was stopped already and cannot be claimed."),
        (stopped(), send, "This meeting was stopped; book it again to have a bot in it."),
        (meeting(), send, "The meeting's first bot is still to be sent; no other one is needed yet."),
        (meeting(), leave, "No bot is in this meeting yet; cancel the meeting instead."),
        (
            meeting("call_ended", end_time=T0 + timedelta(seconds=50)),
            send,
            (
                "The meeting has less than a minute left (planned end: 2026-12-01 10:00:50Z); "
                "reschedule it to a later end first."
            ),
        ),
        (meeting(follows=ADOPTED), reschedule, f"{BY_TIMER} moved here; change the event in its calendar."),
        (
            meeting(follows=ADOPTED),
            check_claim,
            f"{BY_TIMER} claimed here; change the event in its calendar.",
        ),
        (
            meeting(follows=ADOPTED),
            send,
            f"{BY_TIMER} joined by another bot here; change the event in its calendar.",
        ),
    ],
)
def test_a_refusal_says_why_and_what_else_can_be_done(state: MeetingState, change: Change, says: str) -> None:
    with pytest.raises(ChangeRefusedError) as refusal:
        change(state)
    assert str(refusal.value) == says
    assert not refusal.value.is_invalid


def test_what_makes_no_sense_is_refused_as_invalid() -> None:
    with pytest.raises(ChangeRefusedError) as refusal:
        meeting_changes.check_reschedule(meeting(), Reschedule(start_time=at(days=4000)), T0)
    assert refusal.value.is_invalid
    assert str(refusal.value).endswith("is more than ten years away; is the year right?")


def claim(calendar_id: str = "anna") -> Claim:
    return Claim(calendar_id=calendar_id, event_id="e", seen_at=T0, start_time=T0, meeting_url=URL)


def by_calendar() -> MeetingState:
    return meeting("in_call_recording", calendar=CalendarEventRef(calendar_id="anna", event_id="e"), claim=claim())


@pytest.mark.parametrize(
    ("change", "event", "text"),
    [
        (
            lambda state: meeting_changes.reschedule(state, TOMORROW, T0),
            "held",
            (
                "The bot is in the call, so its recording goes on and the meeting keeps its time; "
                "leave or cancel the meeting to end the recording."
            ),
        ),
        (
            lambda state: meeting_changes.reschedule(state, Reschedule(start_time=T0, title="x"), T0),
            "changed",
            "The meeting's end or title was changed; its start stays.",
        ),
        (
            lambda state: meeting_changes.stop(state, StopKind.CANCEL, "", T0),
            "cancel",
            "The meeting was cancelled.",
        ),
        (
            lambda state: meeting_changes.stop(state, StopKind.CANCEL, "no time", T0),
            "cancel",
            "The meeting was cancelled: no time",
        ),
        (lambda state: meeting_changes.stop(state, StopKind.LEAVE, "", T0), "leave", "The bot was asked to leave."),
        (lambda state: meeting_changes.request_bot(state, "", T0), "send", "Another bot was asked for."),
        (
            lambda state: meeting_changes.request_bot(state, "it hangs", T0),
            "send",
            "Another bot was asked for: it hangs",
        ),
        (
            lambda state: room_changes.vacate(state, RoomNeeded(at=at(hours=1), meeting_id="m2"), T0),
            "room_needed",
            "Meeting m2 begins here at 2026-12-01 11:00:00Z: the bot leaves by then.",
        ),
        (
            lambda state: meeting_changes.claim(state, claim("ben"), T0),
            "claimed",
            "Calendar ben has this meeting too.",
        ),
        (
            lambda state: meeting_changes.release(state, ClaimRelease(calendar_id="anna", seen_at=T0), at(hours=1)),
            "kept_on",
            "The meeting had begun, so its recording goes on.",
        ),
    ],
)
def test_a_change_is_told_in_the_timeline(change: Change, event: str, text: str) -> None:
    state = by_calendar()
    change(state)
    assert (state.timeline[-1].event, state.timeline[-1].text) == (event, text)


def test_a_release_is_told_with_its_reason() -> None:
    for why, text in (("", ""), ("It was deleted.", " It was deleted.")):
        state = by_calendar()
        meeting_changes.release(state, ClaimRelease(calendar_id="anna", seen_at=T0, why=why), at(hours=1))
        entry = state.timeline[-2]
        assert (entry.event, entry.text) == ("released", f"Calendar anna let go of this meeting.{text}")


def test_a_move_tells_from_when_to_when_and_where() -> None:
    state = meeting()
    change = Reschedule(start_time=TOMORROW.start_time, meeting_url=OTHER_URL)
    meeting_changes.reschedule(state, change, DAY_BEFORE)
    assert state.timeline[-1].text == (
        f"Moved from 2026-12-01 10:00:00Z to 2026-12-02 10:00:00Z, now at {OTHER_URL}."
    )
