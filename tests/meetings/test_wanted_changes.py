"""What calendars want to be kept of a meeting, the data that it is found by, and how long its bot stays."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from minutekeeper.meetings import meeting_changes
from minutekeeper.meetings.claims import Claim
from minutekeeper.meetings.dispatch import DispatchedBot
from minutekeeper.meetings.fields import BotOptions, WantedArtifacts
from minutekeeper.meetings.meeting_state import MeetingState
from minutekeeper.meetings.request import CalendarEventRef, MeetingRequest

T0 = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
URL = "https://meet.google.com/abc-defg-hij"
SOUND = WantedArtifacts(recording=True, transcript=False, audio=True)
BY_CALENDAR = CalendarEventRef(calendar_id="anna", event_id="e")


def at(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


def claim(seen: int = 0, **fields: Any) -> Claim:
    common = {"calendar_id": "anna", "event_id": "e", "seen_at": at(seen - 120)}
    return Claim.model_validate(common | {"start_time": T0, "meeting_url": URL} | fields)


def meeting(**fields: Any) -> MeetingState:
    request = MeetingRequest.model_validate({"meeting_url": URL, "start_time": T0} | fields)
    return MeetingState.initial(request, ("m", "meeting-m", "run"), at(-180))


def send_bot(state: MeetingState, sent_at: datetime = T0) -> None:
    state.add_bot(state.add_session(sent_at), DispatchedBot(bot_id="a", sent_at=sent_at))


def test_the_leading_claim_says_what_is_kept_and_what_the_meeting_is_found_by() -> None:
    state = meeting(calendar=BY_CALENDAR, claim=claim())
    meeting_changes.claim(state, claim(1, wanted=SOUND, metadata={"a": "1"}), at(-60))
    assert (state.request.wanted, state.request.metadata) == (SOUND, {"a": "1"})
    assert state.transcript.value == "not_asked"
    meeting_changes.claim(state, claim(2, metadata={"b": "2"}), at(-60))
    assert (state.request.wanted, state.request.metadata) == (WantedArtifacts(), {"b": "2"})
    assert state.transcript.value == "pending"


def test_what_people_said_when_they_booked_it_stays() -> None:
    state = meeting(wanted=SOUND, metadata={"own": "x", "a": "mine"})
    meeting_changes.claim(state, claim(1, metadata={"b": "1"}), at(-60))
    assert state.request.metadata == {"own": "x", "a": "mine"}, "the first claim only tells"
    meeting_changes.claim(state, claim(2, metadata={"c": "2"}, title="New"), at(-60))
    assert state.request.wanted == SOUND
    assert state.request.metadata == {"own": "x", "a": "mine", "c": "2"}
    meeting_changes.claim(state, claim(3, title="New"), at(-60))
    assert state.request.metadata == {"own": "x", "a": "mine"}


@pytest.mark.parametrize("was_asked", [True, False])
def test_of_a_bot_that_was_sent_only_less_can_be_wanted(was_asked: bool) -> None:
    asked = WantedArtifacts(transcript=was_asked)
    state = meeting(calendar=BY_CALENDAR, claim=claim(wanted=asked), wanted=asked)
    send_bot(state)
    meeting_changes.claim(state, claim(1, wanted=WantedArtifacts(transcript=not was_asked, audio=True)), at(5))
    assert state.request.wanted == WantedArtifacts(transcript=False, audio=True)


def test_of_too_many_data_peoples_own_stay_and_the_state_can_be_read_again() -> None:
    own = {f"own-{number}": "x" for number in range(15)}
    state = meeting(calendar=BY_CALENDAR, metadata=own)
    for minute in (1, 2):
        of_policy = {f"policy-{number}-{minute}": "y" for number in range(10)}
        meeting_changes.claim(state, claim(minute, metadata=of_policy), at(5))
    assert own.items() <= state.request.metadata.items()
    assert len(state.request.metadata) == 20
    MeetingState.model_validate_json(state.model_dump_json())


def test_a_bot_stays_for_as_long_as_its_options_say() -> None:
    state = meeting(bot=BotOptions(longest_stay=30), end_time=at(60))
    send_bot(state, at(10))
    (session,) = state.sessions
    assert state.stay_ends_at(session) == state.leave_at(session) == at(40)
    session.leave_at = at(20)
    assert state.leave_at(session) == at(20), "the next meeting in the room is earlier"
    state.request = state.request.model_copy(update={"bot": BotOptions(longest_stay=30, leave_at_end=0)})
    session.leave_at = None
    assert state.leave_at(session) == at(40)
    state.request = state.request.model_copy(update={"end_time": at(35)})
    assert state.leave_at(session) == at(35)


def test_a_bot_that_goes_on_for_another_one_goes_on_with_its_stay() -> None:
    state = meeting(bot=BotOptions(longest_stay=400))
    send_bot(state)
    state.sessions[0].is_relieved = True
    send_bot(state, at(290))
    state.sessions[1].is_relieved = True
    state.add_unexpected_bot("double", 7, at(500))
    send_bot(state, at(580))
    assert [state.stay_ends_at(session) for session in state.standing] == [at(400)] * 3


def test_a_bot_of_another_meeting_stays_as_that_one_says() -> None:
    state = meeting(bot=BotOptions(longest_stay=30))
    shared = DispatchedBot(bot_id="a", sent_at=T0, shared_with="meeting-other")
    state.add_bot(state.add_session(T0), shared)
    assert state.leave_at(state.sessions[0]) is None
