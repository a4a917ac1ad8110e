"""When a sleeping meeting wakes up: early enough for its provider, and not all at once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from minutekeeper.meetings.dispatch_timing import (
    DEFAULT_DISPATCH_TIMING,
    LONGEST_AHEAD,
    LONGEST_SPREAD,
    DispatchTiming,
)

START = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)


def test_by_default_the_provider_is_called_four_minutes_before_the_start() -> None:
    assert DispatchTiming() == DEFAULT_DISPATCH_TIMING
    assert DEFAULT_DISPATCH_TIMING.dispatch_at(START) == START - timedelta(minutes=4)


def test_by_default_a_meeting_wakes_up_45_to_85_seconds_before_that() -> None:
    dispatch_at = DEFAULT_DISPATCH_TIMING.dispatch_at(START)
    assert DEFAULT_DISPATCH_TIMING.wake_at(START, 0.0) == dispatch_at - timedelta(seconds=45)
    assert DEFAULT_DISPATCH_TIMING.wake_at(START, 0.25) == dispatch_at - timedelta(seconds=55)
    assert DEFAULT_DISPATCH_TIMING.wake_at(START, 0.75) == dispatch_at - timedelta(seconds=75)


def test_without_any_time_in_advance_a_meeting_wakes_up_at_its_start() -> None:
    at_once = DispatchTiming(lead=0, ahead=0, spread=0)
    assert at_once.dispatch_at(START) == at_once.wake_at(START, 0.9) == START


@pytest.mark.parametrize(
    ("name", "longest"), [("lead", 30 * 24 * 3600), ("ahead", LONGEST_AHEAD), ("spread", LONGEST_SPREAD)]
)
def test_the_times_are_bounded(name: str, longest: float) -> None:
    bounded: dict[str, Any] = {name: longest}
    assert getattr(DispatchTiming(**bounded), name) == longest
    for beyond in (-1, longest + 1):
        with pytest.raises(ValidationError, match=name):
            DispatchTiming(**{name: beyond})


def test_an_activity_holds_an_order_for_ten_minutes_at_most() -> None:
    assert LONGEST_AHEAD == 600
