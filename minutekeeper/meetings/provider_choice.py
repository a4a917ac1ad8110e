"""Which provider sends a meeting's bot, by the order of preference, what was tried, and who is in trouble. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from minutekeeper.meetings.fields import UtcDatetime
from minutekeeper.meetings.status import FailureReason

_MOST_FAULTS = 2
"""A bot that failed while joining may have met a machine that is broken, so its provider gets a second chance."""

PROVIDER_FAULTS = frozenset({FailureReason.PROVIDER_ERROR, FailureReason.STREAMING_FAILED})
"""What the provider itself says to be its own fault."""

UNANSWERED = frozenset({FailureReason.ACCOUNT, FailureReason.PROVIDER_UNREACHABLE, FailureReason.NO_ANSWER})
"""A provider that gives no bot, or does not say what became of it: asking it again is of no use in time."""


class TriedProvider(BaseModel):
    """A provider that was asked for a bot of this occurrence, and why that failed; None if it did not."""

    model_config = ConfigDict(frozen=True)

    provider: str
    reason: FailureReason | None = None
    at: UtcDatetime
    was_recording: bool = False


class ProviderChoice(BaseModel):
    """Which provider is asked for a bot, made before any request leaves. Answers a request that names none.

    `dispatch_at` is when the provider wants to be called, `ask_at` when a worker should have the request in hand
    (both UTC).
    """

    model_config = ConfigDict(frozen=True)

    provider: str
    dispatch_at: UtcDatetime
    ask_at: UtcDatetime
    why: str = ""
    """A sentence for people; empty where there was nothing to choose."""
    others: tuple[str, ...] = ()
    """The providers of which one may take over if this one fails."""
    switch_at: UtcDatetime | None = None
    """Until when a request that fails is repeated, because then another provider can still be in time (UTC)."""


@dataclass(frozen=True)
class Candidate:
    """A provider that is set up; `trouble` says why it should be left out now."""

    name: str
    trouble: str = ""


def choose_provider(
    candidates: Sequence[Candidate], tried: Sequence[TriedProvider]
) -> tuple[str, str, tuple[str, ...]]:
    """The provider of the next bot, why it is that one, and which others may still take over from it.

    `candidates` are in the order of preference. An occurrence changes its provider once at most.
    """
    names = [each.name for each in candidates]
    used = [name for name in dict.fromkeys(each.provider for each in tried) if name in names]
    if len(used) > 1:
        return used[-1], "another change of provider is not made", ()
    allowed = [each for each in candidates if not _is_ruled_out(each.name, tried)]
    current = next((each for each in allowed if each.name in used and not each.trouble), None)
    healthy = [each for each in allowed if not each.trouble]
    chosen = current or next(iter(healthy or allowed), candidates[0])
    why = _why(chosen, candidates, tried, is_repeat=current is not None)
    may_change = not used or used == [chosen.name]
    others = tuple(each.name for each in allowed if each is not chosen) if may_change else ()
    return chosen.name, why, others


def _is_ruled_out(name: str, tried: Sequence[TriedProvider]) -> bool:
    own = [each for each in tried if each.provider == name]
    faults = [each for each in own if each.reason in PROVIDER_FAULTS]
    return (
        any(each.reason in UNANSWERED for each in own)
        or any(each.was_recording for each in faults)
        or len(faults) >= _MOST_FAULTS
    )


def _why(
    chosen: Candidate, candidates: Sequence[Candidate], tried: Sequence[TriedProvider], *, is_repeat: bool
) -> str:
    if is_repeat:
        return "it is asked again"
    passed_over = []
    for each in candidates[: candidates.index(chosen)]:
        reasons = [one.reason for one in tried if one.provider == each.name and one.reason is not None]
        passed_over.append(f"{each.name} is left out: {each.trouble or (reasons[-1].value if reasons else 'used')}")
    return "; ".join(passed_over) or "it is the first in the order of preference"
