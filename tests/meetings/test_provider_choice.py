"""Which provider sends a bot: by the order of preference, what was tried, and who is in trouble."""

from datetime import UTC, datetime, timedelta

import pytest

from minutekeeper.meetings.provider_choice import Candidate, TriedProvider, choose_provider
from minutekeeper.meetings.status import FailureReason

NOW = datetime(2026, 12, 1, 10, tzinfo=UTC)
BOTH = [Candidate("a"), Candidate("b")]


def tried(*reasons: FailureReason | None, provider: str = "a", was_recording: bool = False) -> list[TriedProvider]:
    return [
        TriedProvider(
            provider=provider, reason=reason, at=NOW + timedelta(minutes=number), was_recording=was_recording
        )
        for number, reason in enumerate(reasons)
    ]


def test_the_first_one_is_chosen_and_the_others_may_take_over() -> None:
    assert choose_provider(BOTH, []) == ("a", "it is the first in the order of preference", ("b",))


def test_one_in_trouble_is_left_out_unless_all_are() -> None:
    chosen, why, others = choose_provider([Candidate("a", "its account is refused"), Candidate("b")], [])
    assert (chosen, why, others) == ("b", "a is left out: its account is refused", ("a",))
    assert choose_provider([Candidate("a", "x"), Candidate("b", "y")], [])[0] == "a"


@pytest.mark.parametrize(
    "reason", [FailureReason.ACCOUNT, FailureReason.PROVIDER_UNREACHABLE, FailureReason.NO_ANSWER]
)
def test_one_that_gives_no_bot_is_left_for_good(reason: FailureReason) -> None:
    chosen, why, others = choose_provider(BOTH, tried(reason))
    assert (chosen, others) == ("b", ())
    assert why == f"a is left out: {reason.value}"


@pytest.mark.parametrize("reason", [FailureReason.PROVIDER_ERROR, FailureReason.STREAMING_FAILED])
def test_a_fault_while_joining_has_a_second_chance_and_no_third(reason: FailureReason) -> None:
    assert choose_provider(BOTH, tried(reason)) == ("a", "it is asked again", ("b",))
    assert choose_provider(BOTH, tried(reason, reason))[0] == "b"


def test_a_fault_in_a_recording_has_none() -> None:
    assert choose_provider(BOTH, tried(FailureReason.PROVIDER_ERROR, was_recording=True))[0] == "b"


@pytest.mark.parametrize("reason", [None, FailureReason.WAITING_TIMEOUT, FailureReason.NOT_ACCEPTED])
def test_what_another_provider_cannot_cure_changes_nothing(reason: FailureReason | None) -> None:
    assert choose_provider(BOTH, tried(reason, reason, reason))[0] == "a"


def test_the_provider_changes_once() -> None:
    changed = [*tried(FailureReason.ACCOUNT), *tried(FailureReason.ACCOUNT, provider="b")]
    assert choose_provider([*BOTH, Candidate("c")], changed) == ("b", "another change of provider is not made", ())


def test_one_that_is_not_set_up_any_more_does_not_count() -> None:
    assert choose_provider(BOTH, tried(FailureReason.ACCOUNT, provider="gone"))[0] == "a"
