"""When a sleeping meeting wakes up to have its bot sent. Pure, so that every replay comes to the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field

LONGEST_AHEAD = 600.0
LONGEST_SPREAD = 7200.0
"""Seconds. A provider that takes a bot a second needs half an hour for a rush of 2,000."""


class DispatchTiming(BaseModel):
    """How long before its start a meeting has its bot sent, in seconds; part of what is booked.

    The exact instant of the call is the provider's; this only has to be early enough for it. `lead` is how long
    before the start the provider wants to be called, `ahead` how long before that the order is at least in an
    activity's hands: by more than half of what a rush takes at the account's limit, so that it begins early enough.
    Meetings of one instant wake up over `spread` further seconds, always earlier.
    """

    model_config = ConfigDict(frozen=True)

    lead: float = Field(240.0, ge=0, le=2_592_000)
    ahead: float = Field(45.0, ge=0, le=LONGEST_AHEAD)
    spread: float = Field(40.0, ge=0, le=LONGEST_SPREAD)

    def dispatch_at(self, start_time: datetime) -> datetime:
        return start_time - timedelta(seconds=self.lead)

    def wake_at(self, start_time: datetime, fraction: float) -> datetime:
        """`fraction`, in [0, 1), is the meeting's own place in the spread."""
        return self.dispatch_at(start_time) - timedelta(seconds=self.ahead + self.spread * fraction)


DEFAULT_DISPATCH_TIMING = DispatchTiming()


def longest_of(timings: Sequence[DispatchTiming]) -> DispatchTiming:
    """Early enough for each of them: which provider sends the bot is decided when the meeting has woken up."""
    return DispatchTiming(
        lead=max(each.lead for each in timings),
        ahead=max(each.ahead for each in timings),
        spread=max(each.spread for each in timings),
    )


@dataclass(frozen=True)
class AccountPace:
    """When a provider's account wants its requests, and how many a second it takes; 0: no limit is known."""

    timing: DispatchTiming = DEFAULT_DISPATCH_TIMING
    per_second: float = 0.0
