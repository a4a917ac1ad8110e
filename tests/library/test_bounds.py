"""What is kept of very many events, and what bounds the waiting."""

from datetime import UTC, datetime, timedelta
from time import process_time
from typing import Any

import pytest

from minutekeeper.meetings import polling_policy
from minutekeeper.meetings.bot_events import BotEvent, BotEventKind
from minutekeeper.meetings.bot_state import BotState, apply_bot_event
from minutekeeper.meetings.dispatch import DispatchedBot, is_worth_joining, unbookable
from minutekeeper.meetings.meeting_state import MeetingState
from minutekeeper.meetings.request import MeetingRequest, Reschedule
from minutekeeper.meetings.status import FailureReason
from tests.bot_events import bot_event

T0 = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
FRESH = BotState(dispatch=0, bot_id="b", sent_at=T0, join_at=T0)
URL = "https://meet.google.com/abc-defg-hij"


def at(second: float) -> datetime:
    return T0 + timedelta(seconds=second)


def status(code: str, second: float, bot_id: str = "b", dispatch: int | None = 0) -> BotEvent:
    return bot_event(bot_id=bot_id, code=code, occurred_at=at(second), dispatch=dispatch)


def final(kind: BotEventKind, second: float, bot_id: str = "b", **fields: Any) -> BotEvent:
    return bot_event(kind=kind, bot_id=bot_id, occurred_at=at(second), **fields)


def meeting() -> MeetingState:
    return MeetingState.initial(MeetingRequest(meeting_url=URL, start_time=T0), ("m", "meeting-m", "run"), T0)


def test_of_too_many_events_the_first_and_the_last_are_kept() -> None:
    state = FRESH
    for second in range(1000):
        state = apply_bot_event(state, status(f"code_{second}", second))
    codes = [event.code for event in state.events]
    assert len(codes) == 200
    assert codes[:100] == [f"code_{second}" for second in range(100)]
    assert codes[100:] == [f"code_{second}" for second in range(900, 1000)]


def test_early_events_are_bounded_and_ends_outlast_the_steps_before_them() -> None:
    state = meeting()
    state.apply_event(final(BotEventKind.COMPLETE, 0, "late", dispatch=0, has_recording=True))
    for second in range(1, 500):
        state.apply_event(status(f"code_{second}", second, "late"))
    assert len(state.unmatched_events) == 100
    state.add_bot(state.add_session(T0), DispatchedBot(bot_id="late", sent_at=T0))
    assert not state.unmatched_events
    (bot,) = state.bots
    assert [event.code for event in bot.events] == ["", *(f"code_{second}" for second in range(401, 500))]
    assert bot.has_recording


def test_of_nothing_but_ends_the_oldest_is_dropped() -> None:
    state = meeting()
    for number in range(101):
        state.apply_event(final(BotEventKind.COMPLETE, number, f"bot-{number}"))
    assert [event.bot_id for event in state.unmatched_events] == [f"bot-{number}" for number in range(1, 101)]


@pytest.mark.no_cover
def test_ten_thousand_events_of_one_bot_are_cheap_and_stay_few() -> None:
    codes = ("joining_call", "in_call_recording", "levitating")
    events = [status(codes[number % 3], number / 100) for number in range(10_000)] * 2
    state = meeting()
    state.add_bot(state.add_session(T0), DispatchedBot(bot_id="b", sent_at=T0))
    costs = []
    for begin in range(0, len(events), 500):
        began = process_time()
        for event in events[begin : begin + 500]:
            state.apply_event(event)
        costs.append(process_time() - began)
    assert min(costs[-10:]) < 3 * min(costs[2:12]), "a late event costs what an early one did"
    assert len(state.bots[0].events) == len(state.timeline) == 200


def test_a_bot_that_speaks_again_is_asked_about_as_patiently_as_at_first() -> None:
    silent = FRESH.model_copy(update={"polls_without_news": 4})
    assert apply_bot_event(silent, status("joining_call", 1)).polls_without_news == 0
    known = apply_bot_event(silent, status("joining_call", 1)).model_copy(update={"polls_without_news": 3})
    assert apply_bot_event(known, status("joining_call", 1)).polls_without_news == 3, "a repeat is no news"


def test_the_grace_after_an_end_begins_anew_with_an_end_that_says_more() -> None:
    failed = apply_bot_event(FRESH, final(BotEventKind.FAILED, 1, code="oh dear"))
    repeated = apply_bot_event(failed, final(BotEventKind.FAILED, 2, code="oh dear"))
    better = apply_bot_event(repeated, final(BotEventKind.COMPLETE, 3, has_recording=True))
    assert [each.final_event_at for each in (failed, repeated, better)] == [at(1), at(1), at(3)]


@pytest.mark.parametrize(
    ("changes", "again"),
    [
        ({}, True),
        ({"has_recording": True}, False),
        ({"removed_at": T0}, False),
        ({"final": None}, False),
    ],
)
def test_another_bot_is_sent_only_where_the_first_left_nothing(changes: dict[str, object], again: bool) -> None:
    failed = apply_bot_event(FRESH, final(BotEventKind.FAILED, 1, code="InternalError"))
    assert polling_policy.may_try_again([failed.model_copy(update=changes)]) is again


@pytest.mark.parametrize(
    ("codes", "reason"),
    [
        ((), FailureReason.WAITING_TIMEOUT),
        (("joining_call", "in_waiting_room"), FailureReason.WAITING_TIMEOUT),
        (("in_waiting_for_host", "waiting_room_timeout"), FailureReason.WAITING_TIMEOUT),
        (("in_waiting_room", "in_call_not_recording", "call_ended"), FailureReason.NOBODY_CAME),
        (("in_call_not_recording",), FailureReason.NOBODY_CAME),
        (("in_call_recording", "call_ended"), FailureReason.NOBODY_CAME),
        (("in_call_not_recording", "in_waiting_room", "call_ended"), FailureReason.WAITING_TIMEOUT),
        (("in_call_not_recording", "levitating"), FailureReason.NOBODY_CAME),
    ],
)
def test_a_timeout_says_by_the_timeline_whether_nobody_came_or_nobody_let_the_bot_in(
    codes: tuple[str, ...], reason: FailureReason
) -> None:
    events = [status(code, second) for second, code in enumerate(codes)]
    end = final(BotEventKind.FAILED, 60, code="TimeoutWaitingToStart")
    for order in ([*events, end], [end, *reversed(events)]):
        state = FRESH
        for event in order:
            state = apply_bot_event(state, event)
        assert polling_policy.failure_reason_for(state).reason is reason
        assert polling_policy.may_try_again([state]) is (reason is FailureReason.WAITING_TIMEOUT)


@pytest.mark.parametrize(
    ("starts", "ends", "worth"),
    [(10, 20, True), (-10, 61, True), (-10, 59, False), (-100, -1, False), (1, None, True), (-3600, None, False)],
)
def test_a_meeting_that_has_not_begun_is_never_too_short_for_a_bot(
    starts: float, ends: float | None, worth: bool
) -> None:
    end = None if ends is None else at(ends)
    request = MeetingRequest(meeting_url=URL, start_time=at(starts), end_time=end)
    assert is_worth_joining(request, T0) is worth
    assert bool(unbookable(request, T0)) is not worth


def test_a_move_keeps_the_length() -> None:
    request = MeetingRequest(meeting_url=URL, start_time=T0, end_time=at(1800))
    assert request.moved(Reschedule(start_time=at(3600))).end_time == at(5400)
