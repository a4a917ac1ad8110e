"""The status machine: any order, any number of times."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minutekeeper.meetings.bot_events import BotEvent, BotEventKind
from minutekeeper.meetings.bot_state import BotState, apply_bot_event
from minutekeeper.meetings.status import FailureReason, MeetingStatus
from minutekeeper.providers.meetingbaas.status_codes import STATUS_CODES, failure_reason
from tests.bot_events import bot_event

T0 = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
FRESH = BotState(dispatch=0, bot_id="b", sent_at=T0, join_at=T0)


def status(code: str, second: float) -> BotEvent:
    at = T0 + timedelta(seconds=second)
    return bot_event(kind=BotEventKind.STATUS, bot_id="b", code=code, occurred_at=at)


def final(kind: BotEventKind, second: float, **fields: Any) -> BotEvent:
    return bot_event(kind=kind, bot_id="b", occurred_at=T0 + timedelta(seconds=second), **fields)


def run(*events: BotEvent) -> BotState:
    state = FRESH
    for event in events:
        state = apply_bot_event(state, event)
    return state


GOOD_DAY = (
    status("joining_call", 1),
    status("in_waiting_room", 2),
    status("in_call_not_recording", 3),
    status("in_call_recording", 4),
    status("call_ended", 5),
    final(BotEventKind.COMPLETE, 6, has_recording=True, body="raw/1"),
)


@pytest.mark.parametrize("code", STATUS_CODES)
def test_every_code_leads_to_its_status_and_to_the_timeline(code: str) -> None:
    state = run(status(code, 1))
    assert state.status is STATUS_CODES[code]
    assert [event.code for event in state.events] == [code]


def test_an_unknown_code_is_kept_and_changes_nothing() -> None:
    state = run(status("in_call_recording", 1), status("levitating", 2))
    assert state.status is MeetingStatus.RECORDING
    assert state.events[-1].code == "levitating"


def test_every_order_of_a_good_day_ends_the_same() -> None:
    expected = run(*GOOD_DAY)
    for order in permutations(GOOD_DAY):
        state = run(*order)
        assert (state.status, state.final, state.delivery_path) == (
            expected.status,
            expected.final,
            expected.delivery_path,
        )
        assert [event.code for event in state.events] == [event.code for event in expected.events]


def test_the_latest_status_is_shown_whatever_came_last() -> None:
    state = run(status("recording_paused", 5), status("in_call_recording", 4), status("recording_resumed", 6))
    assert state.status is MeetingStatus.RECORDING


def test_at_the_same_instant_the_further_status_wins() -> None:
    either = run(status("in_waiting_room", 1), status("in_call_recording", 1))
    other = run(status("in_call_recording", 1), status("in_waiting_room", 1))
    assert either.status is other.status is MeetingStatus.RECORDING


def test_at_the_same_instant_a_status_that_says_why_is_the_last() -> None:
    failed = final(BotEventKind.FAILED, 2, code="oh dear")
    for order in permutations((status("bot_removed", 1), status("call_ended", 1), failed)):
        state = run(*order)
        assert state.final is not None
        assert state.final.reason is FailureReason.REMOVED


def test_a_true_return_is_followed() -> None:
    state = run(status("call_ended", 1), status("in_call_recording", 2))
    assert state.status is MeetingStatus.RECORDING


def test_a_status_after_the_end_is_only_remembered() -> None:
    state = run(final(BotEventKind.FAILED, 5, code="BotRemoved"), status("in_call_recording", 9))
    assert state.status is MeetingStatus.ENDED
    assert state.final is not None
    assert state.final.reason is FailureReason.REMOVED


def test_a_recording_after_a_failure_is_kept_and_a_failure_after_a_recording_is_not_believed() -> None:
    failed, complete = final(BotEventKind.FAILED, 5, code="BotRemoved"), GOOD_DAY[-1]
    for state in (run(failed, complete), run(complete, failed)):
        assert state.final is not None
        assert state.final.kind is BotEventKind.COMPLETE
        assert state.is_collectable


def test_a_redelivered_final_brings_its_newer_delivery() -> None:
    again = final(BotEventKind.COMPLETE, 60, has_recording=True, body="raw/2")
    state = run(GOOD_DAY[-1], again)
    assert state.delivery_path == "raw/2"
    assert len(state.events) == 1
    empty = final(BotEventKind.COMPLETE, 61, body="raw/3")
    assert run(GOOD_DAY[-1], empty).delivery_path == "raw/1", (
        "a body without a recording does not replace one with it"
    )


def test_a_failure_without_a_known_word_is_explained_by_the_last_status() -> None:
    state = run(status("bot_rejected", 1), final(BotEventKind.FAILED, 2, code="oh dear"))
    assert state.final is not None
    assert (state.final.reason, state.final.text) == (FailureReason.NOT_ACCEPTED, "oh dear")


def test_a_bot_that_reports_for_ever_stays_small() -> None:
    state = run(*(status("in_waiting_room", second) for second in range(300)))
    assert len(state.events) == 200
    assert state.events[0].occurred_at == T0
    assert state.status_since == T0 + timedelta(seconds=299)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("InternalError classic", FailureReason.PROVIDER_ERROR),
        ("Timeout Waiting To Start", FailureReason.WAITING_TIMEOUT),
        ("", FailureReason.UNKNOWN),
        ("the cat sat on the keyboard", FailureReason.UNKNOWN),
    ],
)
def test_error_names_of_every_year(raw: str, reason: FailureReason) -> None:
    assert failure_reason(raw) is reason


codes = st.sampled_from([*STATUS_CODES, "never_heard_of"])
events = st.one_of(
    st.builds(status, codes, st.integers(0, 50)),
    st.builds(
        lambda second, recorded: final(BotEventKind.COMPLETE, second, has_recording=recorded),
        st.integers(0, 50),
        st.booleans(),
    ),
    st.builds(lambda second: final(BotEventKind.FAILED, second, code="BotRemoved"), st.integers(0, 50)),
    st.builds(lambda second: final(BotEventKind.TRANSCRIPTION_COMPLETE, second), st.integers(0, 50)),
)


@given(st.lists(events, max_size=30))
def test_final_states_absorb_and_recordings_are_never_dropped(sequence: list[BotEvent]) -> None:
    state, ended, recorded = FRESH, False, False
    for event in sequence:
        state = apply_bot_event(state, event)
        ended |= event.kind in {BotEventKind.COMPLETE, BotEventKind.FAILED}
        recorded |= event.has_recording
        assert (state.final is not None) == ended
        assert state.has_recording == recorded
        assert not ended or state.status is MeetingStatus.ENDED


@given(st.lists(st.builds(status, codes, st.integers(0, 50)), max_size=20), st.randoms())
def test_duplicates_and_swaps_of_statuses_are_harmless(sequence: list[BotEvent], random: Random) -> None:
    mixed = sequence * 2
    random.shuffle(mixed)
    once, often = run(*sequence), run(*mixed)
    assert (once.status, once.status_since, once.recording_seen) == (
        often.status,
        often.status_since,
        often.recording_seen,
    )
    assert set(once.events) == set(often.events)
