"""A calendar's state decides when to reconcile, loses nothing that was reported, and survives a continue-as-new."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minutekeeper.calendars.calendar_state import RETRY_AFTER, CalendarState
from minutekeeper.calendars.health import ACCESS_GOOD, ACCESS_RENEWED, AccessProblem, AccessReport
from minutekeeper.calendars.messages import (
    FULL_SYNC,
    NO_CHANGES,
    CalendarStatus,
    CalendarWorkflowInput,
    PendingChanges,
    ReconcileCounts,
    ReconcileResult,
)
from tests.calendars.support import through_temporal

START = datetime(2026, 12, 1, 10, tzinfo=UTC)
NAMED = PendingChanges(event_ids=("e1",))
FULL = ReconcileResult(was_full=True, cursor=START)
EVERY = timedelta(hours=6)


def a_state(**fields: object) -> CalendarState:
    state = CalendarState.model_validate({"calendar_id": "c", "full_sync_seconds": EVERY.total_seconds()} | fields)
    state.begin(START)
    return state


def reconciled(state: CalendarState, now: datetime, result: ReconcileResult = FULL) -> None:
    state.apply_result(state.begin_reconcile(now), result, now)


def failed(state: CalendarState, now: datetime, *, is_missing: bool = False) -> None:
    state.apply_failure(state.begin_reconcile(now), "no answer", now, is_missing=is_missing)


def test_a_calendar_is_read_in_full_at_first_and_waits_for_more_changes() -> None:
    state = a_state(debounce_seconds=5)
    assert (state.status, state.due_at(START)) == (CalendarStatus.SYNCING, START + timedelta(seconds=5))
    assert state.begin_reconcile(START).changes.full
    reconciled(state, START)
    assert state.status is CalendarStatus.ACTIVE
    assert START + EVERY / 2 < state.due_at(START) <= START + EVERY


def test_changes_are_waited_for_from_the_first_of_them() -> None:
    state = a_state(debounce_seconds=5)
    reconciled(state, START)
    later = START + timedelta(minutes=1)
    state.add_changes(NAMED, later)
    state.add_changes(PendingChanges(event_ids=("e2",)), later + timedelta(seconds=4))
    assert state.due_at(later) == later + timedelta(seconds=5)
    assert state.begin_reconcile(later).changes == PendingChanges(event_ids=("e1", "e2"))


def test_what_is_reported_during_a_reconcile_is_left_to_the_next_one() -> None:
    state = a_state()
    order = state.begin_reconcile(START)
    state.add_changes(NAMED, START)
    state.apply_result(order, FULL, START)
    assert state.begin_reconcile(START).changes == NAMED


def test_a_failed_reconcile_is_retried_with_all_that_it_had_to_do_and_ever_more_rarely() -> None:
    state = a_state()
    reconciled(state, START)
    state.add_changes(NAMED, START)
    now = START + timedelta(minutes=1)
    pauses = []
    for _ in range(5):
        failed(state, now)
        pauses.append((state.due_at(now) - now) / RETRY_AFTER)
        now = state.due_at(now)
    assert pauses == [1, 2, 4, 8, 8]
    assert (state.status, state.problem) == (CalendarStatus.ERROR, AccessProblem.RECONCILE)
    assert set(NAMED.event_ids) <= set(state.begin_reconcile(now).changes.event_ids)
    reconciled(state, now)
    assert (state.status, state.problem, state.failures) == (CalendarStatus.ACTIVE, None, 0)


def test_new_changes_do_not_wait_for_the_retry_but_a_disconnect_that_failed_does() -> None:
    state = a_state(debounce_seconds=0)
    failed(state, START)
    state.add_changes(NAMED, START)
    assert state.due_at(START) == START
    state.disconnect_reason = "enough"
    assert state.due_at(START) == START
    failed(state, START)
    state.add_changes(NAMED, START)
    assert state.due_at(START) == START + RETRY_AFTER
    reconciled(state, START + RETRY_AFTER)
    assert state.status is CalendarStatus.DISCONNECTED


def test_a_missing_calendar_is_asked_for_once_in_a_period() -> None:
    state = a_state()
    failed(state, START, is_missing=True)
    assert (state.problem, state.due_at(START)) == (AccessProblem.NOT_FOUND, START + EVERY)


def test_what_could_not_be_read_is_pending_and_retried() -> None:
    state = a_state()
    reconciled(state, START, ReconcileResult(was_full=True, unread=("e1",)))
    assert state.due_at(START) == START + RETRY_AFTER
    assert state.begin_reconcile(START + RETRY_AFTER).changes == NAMED


def test_a_deferred_change_is_retried_at_its_time() -> None:
    state = a_state()
    reconciled(state, START, ReconcileResult(was_full=True, retry_at=START + timedelta(minutes=3)))
    assert state.due_at(START) == START + timedelta(minutes=3)


@pytest.mark.parametrize("good", [ACCESS_GOOD, ACCESS_RENEWED])
def test_access_that_returns_asks_for_what_was_missed(good: AccessReport) -> None:
    state = a_state()
    reconciled(state, START)
    state.apply_access_report(AccessReport(problem=AccessProblem.USER_GRANT, text="revoked"), START)
    assert (state.status, state.view(START).error) == (CalendarStatus.ERROR, "revoked")
    assert state.new_changes == NO_CHANGES
    state.apply_access_report(good, START)
    assert (state.status, state.new_changes) == (CalendarStatus.ACTIVE, FULL_SYNC)


def test_what_was_found_out_before_the_calendar_was_connected_does_not_apply() -> None:
    state = a_state()
    old = AccessReport(problem=AccessProblem.USER_GRANT, at=START - timedelta(seconds=1))
    state.apply_access_report(old, START)
    assert state.problem is None


Act = Callable[[CalendarState, datetime], None]
ACTS: dict[str, Act] = {
    "named": lambda state, now: state.add_changes(NAMED, now),
    "everything": lambda state, now: state.add_changes(FULL_SYNC, now),
    "reconciled": reconciled,
    "in part": lambda state, now: reconciled(
        state, now, ReconcileResult(unread=("e9",), counts=ReconcileCounts(booked=1), retry_at=now + EVERY)
    ),
    "failed": failed,
    "missing": lambda state, now: failed(state, now, is_missing=True),
    "refused": lambda state, now: state.apply_access_report(
        AccessReport(problem=AccessProblem.OAUTH_APP, text="invalid_client", at=now), now
    ),
    "renewed": lambda state, now: state.apply_access_report(ACCESS_RENEWED, now),
    "leaving": lambda state, _now: setattr(state, "disconnect_reason", "enough"),
    "published": lambda state, _now: setattr(state, "published_status", state.status),
}


@given(st.lists(st.tuples(st.sampled_from(sorted(ACTS)), st.integers(0, 400), st.booleans()), max_size=25))
def test_a_state_that_was_carried_over_goes_on_as_the_one_that_was_not(acts: list[tuple[str, int, bool]]) -> None:
    whole, cut, now = a_state(), a_state(), START
    for name, minutes, is_cut in acts:
        now += timedelta(minutes=minutes)
        ACTS[name](whole, now)
        ACTS[name](cut, now)
        if is_cut:
            cut = through_temporal(cut)
        assert cut == whole
        assert (cut.due_at(now), cut.view(now)) == (whole.due_at(now), whole.view(now))


def test_a_workflow_input_is_a_state_at_its_beginning() -> None:
    request = CalendarWorkflowInput(calendar_id="c", user="u", provider="p", debounce_seconds=7)
    state = CalendarState.model_validate(request.model_dump())
    assert state.new_changes == FULL_SYNC
    assert state.view(START).provider == "p"
