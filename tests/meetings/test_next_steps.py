"""What a meeting does next where a bot may be in the room, and what it says when no bot is worth sending."""

from datetime import timedelta

import pytest

from minutekeeper.meetings import meeting_changes
from minutekeeper.meetings.meeting_state import MeetingState
from minutekeeper.meetings.next_steps import NextStep, NextStepKind, next_step
from minutekeeper.meetings.request import Reschedule
from minutekeeper.meetings.status import FailureReason, MeetingStatus
from minutekeeper.meetings.verdict import fail_too_late, verdict
from minutekeeper.meetings.views import Evidence, Failure
from tests.meetings.test_meeting_state import T0, at, meeting

HOUR = timedelta(hours=1)


def test_another_bot_waits_for_the_present_one_alone() -> None:
    state = meeting("a")
    meeting_changes.request_bot(state, "", at(minutes=5))
    assert next_step(state, at(minutes=5), 0) == NextStep(NextStepKind.WAIT, None, is_room_occupied=True)


def test_the_first_bot_of_a_new_time_waits_for_the_earlier_one_until_the_meeting_is_over() -> None:
    state = meeting("a")
    meeting_changes.reschedule(state, Reschedule(start_time=T0 + HOUR, end_time=T0 + 2 * HOUR), T0)
    occupied = NextStep(NextStepKind.WAIT, T0 + 2 * HOUR, is_room_occupied=True)
    assert next_step(state, T0 + HOUR, 0) == occupied


def test_a_meeting_that_needs_no_bot_waits_for_a_change() -> None:
    assert next_step(meeting("a"), at(minutes=5), 0) == NextStep(NextStepKind.WAIT)


def too_late(state: MeetingState, now: timedelta) -> Failure:
    fail_too_late(state, T0 + now)
    assert state.failure is not None
    return state.failure


@pytest.mark.parametrize(
    ("now", "left"),
    [(HOUR, ""), (HOUR - timedelta(seconds=1), ", so less than a minute is left"), (2 * HOUR, "")],
)
def test_a_meeting_that_was_missed_says_when_it_was(now: timedelta, left: str) -> None:
    text = f"start 2026-12-01 10:00:00Z, end 2026-12-01 11:00:00Z, now {T0 + now:%Y-%m-%d %H:%M:%S}Z{left}"
    evidence = Evidence(event="missed", at=T0 + now, text=text)
    assert too_late(meeting(), now) == Failure(reason=FailureReason.MISSED, evidence=evidence)


def test_a_meeting_that_was_over_when_it_became_known_was_not_missed() -> None:
    state = meeting()
    state.known_since = T0 + HOUR
    failure = too_late(state, HOUR)
    assert (failure.reason, failure.evidence.event) == (FailureReason.MEETING_OVER, "meeting_over")


def test_an_account_that_was_refused_is_why_no_bot_was_sent() -> None:
    state = meeting()
    evidence = Evidence(event="account", at=T0, text="key revoked")
    state.account_problem = Failure(reason=FailureReason.ACCOUNT, evidence=evidence)
    assert too_late(state, HOUR) == state.account_problem


def test_a_meeting_that_stopped_without_any_cause_says_that_none_is_known() -> None:
    evidence = Evidence(event="unknown", at=T0, text="")
    assert verdict(meeting(), T0) == (MeetingStatus.FAILED, FailureReason.STOPPED, evidence)
