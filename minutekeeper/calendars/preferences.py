"""What people decided for a calendar of theirs, and which policy holds when it is connected. Pure.

It belongs to the user's calendar and not to the provider's id of it, which is another one after each connection.
"""

import hashlib
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from pydantic import AwareDatetime, BaseModel, ConfigDict

from minutekeeper.calendars.decisions import NO_OVERRIDES, Overrides
from minutekeeper.calendars.policy import DEFAULT_POLICY, Policy


class CalendarIdentity(BaseModel):
    """A calendar as its user knows it: the account at Google or Microsoft, and the calendar's id there."""

    model_config = ConfigDict(frozen=True)

    platform: str
    account: str
    """The mail address of the account; empty where the provider does not say it."""
    raw_id: str

    @property
    def key(self) -> str:
        """A name that is the same for every connection of the calendar: letters and digits."""
        raw_id = self.raw_id.strip()
        # Ids that are addresses are the same in capitals; the others are not.
        parts = (self.platform, self.account.strip().casefold(), raw_id.casefold() if "@" in raw_id else raw_id)
        return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


class CalendarPreferences(BaseModel):
    """The policy and the overrides of a calendar, and when people last changed them."""

    model_config = ConfigDict(frozen=True)

    identity: CalendarIdentity
    policy: Policy = DEFAULT_POLICY
    overrides: Overrides = NO_OVERRIDES
    changed_at: AwareDatetime


class PolicySource(StrEnum):
    """Where the policy of a connected calendar comes from."""

    GIVEN = "given"
    """It was given when the calendar was connected."""
    CARRIED_OVER = "carried_over"
    """The same calendar had it when it was connected before."""
    LINK = "link"
    """The connect link named it."""
    INSTALLATION = "installation"
    """It is the default policy of the installation."""
    BUILT_IN = "built_in"
    """It is the default policy of Minutekeeper."""
    UNCHANGED = "unchanged"
    """The calendar was connected already and keeps its own."""


class StartingRules(NamedTuple):
    """What a calendar decides by when it is connected. `changed_at` is None where no person decided it."""

    policy: Policy
    overrides: Overrides
    source: PolicySource
    changed_at: datetime | None


def starting_rules(
    kept: CalendarPreferences | None,
    now: datetime,
    *,
    given: Policy | None = None,
    linked: Policy | None = None,
    default: Policy = DEFAULT_POLICY,
) -> StartingRules:
    """The rules of a calendar that is connected and has no workflow yet.

    A policy that is given counts, then the one that the calendar had before, then that of the connect link, then
    the default one. The overrides are always those that it had before.

    Args:
        kept: What the calendar had before, if it was ever connected.
        now: When it is connected.
        given: A policy that was named in the command that connects it.
        linked: The policy of the connect link.
        default: The default policy of the installation.
    """
    overrides = kept.overrides if kept else NO_OVERRIDES
    if given is not None:
        return StartingRules(given, overrides, PolicySource.GIVEN, now)
    if kept is not None:
        return StartingRules(kept.policy, kept.overrides, PolicySource.CARRIED_OVER, kept.changed_at)
    if linked is not None:
        return StartingRules(linked, overrides, PolicySource.LINK, now)
    source = PolicySource.BUILT_IN if default == DEFAULT_POLICY else PolicySource.INSTALLATION
    return StartingRules(default, overrides, source, None)
