"""What people decided for one event or for a series, and how it is taken back."""

import pytest

from minutekeeper.calendars.decisions import MAX_OVERRIDES, NO_OVERRIDES, Override, Overrides
from tests.calendars.support import an_event

BOTH = NO_OVERRIDES.with_event("e1", "never").with_series("s1", "always")


def test_an_event_goes_before_its_series() -> None:
    assert BOTH.for_event(an_event(event_id="e1", recurring_event_id="s1")) == Override("never", "event")
    assert BOTH.for_event(an_event(event_id="e2", recurring_event_id="s1")) == Override("always", "series")
    assert BOTH.for_event(an_event(event_id="e2", recurring_event_id="s2")) is None
    assert BOTH.for_event(an_event(event_id="e2")) is None
    assert BOTH.for_event(an_event(event_id="s1", recurring_event_id="e1")) is None


def test_an_event_of_no_series_is_none_of_the_nameless_series() -> None:
    assert Overrides(series={"": "never"}).for_event(an_event()) is None


def test_the_last_word_counts_and_can_be_taken_back() -> None:
    assert BOTH.with_event("e1", "always").with_event("e2", "never").events == {"e1": "always", "e2": "never"}
    assert BOTH.with_event("e1", None) == NO_OVERRIDES.with_series("s1", "always")
    assert BOTH.with_series("s1", None) == NO_OVERRIDES.with_event("e1", "never")
    assert BOTH.with_series("s2", None).with_event("e2", None) == BOTH


def test_there_is_room_for_a_thousand() -> None:
    assert MAX_OVERRIDES == 1000
    events = {f"e{number}": "never" for number in range(600)}
    series = {f"s{number}": "always" for number in range(399)}
    nearly = Overrides.model_validate({"events": events, "series": series})
    assert not nearly.is_full
    assert nearly.with_series("one more", "always").is_full
    assert nearly.with_event("one more", "always").is_full


@pytest.mark.parametrize("word", ["", "perhaps", None])
def test_only_two_words_are_known(word: str | None) -> None:
    with pytest.raises(ValueError, match="events"):
        Overrides.model_validate({"events": {"e1": word}})
