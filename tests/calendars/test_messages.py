"""The defaults and limits of the messages that calendar workflows exchange."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from minutekeeper.calendars.decisions import NO_OVERRIDES
from minutekeeper.calendars.messages import (
    DISCONNECT_REQUEST,
    FULL_SYNC,
    MAX_NAMED,
    NO_CHANGES,
    SOMETHING_CHANGED,
    CalendarChanged,
    CalendarStatus,
    CalendarView,
    CalendarWorkflowInput,
    DisconnectRequest,
    OverrideChange,
    PendingChanges,
    PolicyChange,
    ReconcileCounts,
    ReconcileInput,
    ReconcileResult,
)
from minutekeeper.calendars.policy import DEFAULT_POLICY

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
COUNTS = {
    "events": 0,
    "booked": 0,
    "moved": 0,
    "updated": 0,
    "released": 0,
    "lost": 0,
    "left_out": 0,
    "deferred": 0,
}


def test_a_calendar_needs_only_its_id() -> None:
    assert dict(CalendarWorkflowInput(calendar_id="c1")) == {
        "calendar_id": "c1",
        "provider": "",
        "user": "",
        "platform": "",
        "owner": "",
        "identity": None,
        "policy": DEFAULT_POLICY,
        "overrides": NO_OVERRIDES,
        "preferences_changed_at": None,
        "replaces": "",
        "debounce_seconds": 2.0,
        "full_sync_seconds": 6 * 3600.0,
    }
    with pytest.raises(ValidationError, match="calendar_id"):
        CalendarWorkflowInput(calendar_id="")


@pytest.mark.parametrize(
    ("name", "shortest", "longest"), [("debounce_seconds", 0, 600), ("full_sync_seconds", 60, 7 * 24 * 3600)]
)
def test_the_times_of_a_calendar_are_bounded(name: str, shortest: int, longest: int) -> None:
    for seconds in (shortest, longest):
        assert getattr(CalendarWorkflowInput.model_validate({"calendar_id": "c1", name: seconds}), name) == seconds
    for seconds in (shortest - 1, longest + 1):
        with pytest.raises(ValidationError, match=name):
            CalendarWorkflowInput.model_validate({"calendar_id": "c1", name: seconds})


def test_a_reconcile_reads_what_was_changed_unless_more_is_asked_for() -> None:
    order = ReconcileInput(calendar_id="c1", at=NOON)
    assert dict(order) == {
        "calendar_id": "c1",
        "at": NOON,
        "user": "",
        "owner": "",
        "identity": None,
        "policy": DEFAULT_POLICY,
        "overrides": NO_OVERRIDES,
        "preferences_changed_at": None,
        "changes": NO_CHANGES,
        "replaces": "",
        "disconnect_reason": "",
        "forget": False,
        "is_first": False,
    }


def test_an_empty_result_changed_nothing() -> None:
    assert ReconcileCounts().model_dump() == COUNTS
    assert dict(ReconcileResult()) == {
        "counts": ReconcileCounts(),
        "was_full": False,
        "has_replaced": False,
        "cursor": None,
        "retry_at": None,
        "unread": (),
    }


def test_a_calendar_shows_no_more_than_is_known() -> None:
    view = CalendarView(calendar_id="c1", status=CalendarStatus.SYNCING)
    assert dict(view) == {
        "calendar_id": "c1",
        "provider": "",
        "status": CalendarStatus.SYNCING,
        "user": "",
        "platform": "",
        "owner": "",
        "problem": None,
        "error": "",
        "problem_since": None,
        "reconcile_count": 0,
        "counts": ReconcileCounts(),
        **dict.fromkeys(("cursor", "last_reconciled_at", "last_full_sync_at", "next_reconcile_at")),
        "identity": None,
        "policy": DEFAULT_POLICY,
        "overrides": NO_OVERRIDES,
    }


def test_the_states_of_a_calendar_are_words_that_others_rely_on() -> None:
    assert [*CalendarStatus] == ["syncing", "active", "error", "leaving", "disconnected"]


def test_a_signal_may_say_nothing_or_more_than_is_known_here() -> None:
    assert dict(SOMETHING_CHANGED) == {"calendar_id": "", "event_ids": (), "everything": False}
    assert CalendarChanged.model_validate({"event_ids": ["e1"], "sent_by": "x"}) == CalendarChanged(
        event_ids=("e1",)
    )


def test_up_to_a_hundred_events_are_asked_for_by_name() -> None:
    assert MAX_NAMED == 100
    assert dict(NO_CHANGES) == {"full": False, "unnamed": False, "event_ids": ()}
    assert FULL_SYNC.full


def test_every_word_about_a_calendar_stays_in_what_adds_up() -> None:
    for some in (PendingChanges(full=True), PendingChanges(unnamed=True), PendingChanges(event_ids=("e1",))):
        assert some.merged_with(NO_CHANGES) == NO_CHANGES.merged_with(some) == some
    assert PendingChanges(full=True).merged_with(PendingChanges(unnamed=True)) == PendingChanges(
        full=True, unnamed=True
    )


def test_what_is_decided_for_an_event_or_a_series_can_be_taken_back() -> None:
    assert dict(OverrideChange()) == {
        "meeting_id": "",
        "other_ids": (),
        "expires_at": None,
        "series_id": "",
        "wanted": None,
    }
    with pytest.raises(ValidationError, match="policy"):
        PolicyChange.model_validate({})


def test_a_disconnection_has_a_reason_of_one_to_500_characters() -> None:
    assert DISCONNECT_REQUEST.reason == "The calendar was disconnected."
    for reason in ("x", "x" * 500):
        assert DisconnectRequest(reason=reason).reason == reason
    for reason in ("", "x" * 501):
        with pytest.raises(ValidationError, match="reason"):
            DisconnectRequest(reason=reason)
