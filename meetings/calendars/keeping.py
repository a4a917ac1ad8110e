"""What calendar workflows exchange with others: their input, signals, updates, activity calls and status.

Every field that is added later needs a default, because calendars live for years.
"""

from enum import StrEnum
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from meetings.calendars.health import AccessProblem
from meetings.calendars.news import NO_CHANGES, PendingChanges
from meetings.calendars.overrides import NO_OVERRIDES, Overrides, Wanted
from meetings.calendars.policy import DEFAULT_POLICY, Policy
from meetings.request import UtcDatetime


class CalendarStatus(StrEnum):
    """The states of a calendar, in their usual order."""

    SYNCING = "syncing"
    """It was not reconciled yet."""
    ACTIVE = "active"
    ERROR = "error"
    """It cannot be read; `error` says why. Its meetings stay booked."""
    LEAVING = "leaving"
    """It releases its meetings."""
    DISCONNECTED = "disconnected"


class ReconcileCounts(BaseModel):
    """What a reconcile did: events that were read, and what became of meetings."""

    model_config = ConfigDict(frozen=True)

    events: int = 0
    booked: int = 0
    moved: int = 0
    updated: int = 0
    released: int = 0
    lost: int = 0
    """Booked meetings that Temporal no longer knew; those still wanted count as booked, too."""
    deferred: int = 0
    """Meetings that could not be changed just now; `retry_at` says when to try again."""


class ReconcileInput(BaseModel):
    """One reconcile of a calendar. `at` is the workflow's time: all decisions are made for this instant."""

    model_config = ConfigDict(frozen=True)

    calendar_id: str
    provider: str = ""
    """The provider that reads the calendar; empty for the worker's default one."""
    at: UtcDatetime
    policy: Policy = DEFAULT_POLICY
    overrides: Overrides = NO_OVERRIDES
    changes: PendingChanges = NO_CHANGES
    """What has to be read. Without any, what changed since the last reconcile is."""
    disconnect_reason: str = ""
    """Why the calendar releases all its meetings; empty if it stays."""


class ReconcileResult(BaseModel):
    """`cursor` is the time of the newest change up to which everything was read.

    `unread` are events that were asked for by id and could not be read: they are still pending.
    """

    model_config = ConfigDict(frozen=True)

    counts: ReconcileCounts = ReconcileCounts()
    was_full: bool = False
    cursor: AwareDatetime | None = None
    retry_at: AwareDatetime | None = None
    unread: tuple[str, ...] = ()


class CalendarWorkflowInput(BaseModel):
    """A calendar to follow. Only `calendar_id`, by the provider's name, is required."""

    model_config = ConfigDict(frozen=True)

    calendar_id: str = Field(min_length=1)
    provider: str = ""
    """The name of the provider that reads the calendar; empty for the worker's default one."""
    user: str = ""
    """Whose calendar it is, and at which platform, where it was connected for a user."""
    platform: str = ""
    owner: str = ""
    """The mail address or name that it has at the provider, for when the provider does not have it any more."""
    policy: Policy = DEFAULT_POLICY
    overrides: Overrides = NO_OVERRIDES
    debounce_seconds: float = Field(2.0, ge=0, le=600)
    """How long further changes are waited for after the first."""
    full_sync_seconds: float = Field(6 * 3600.0, ge=60, le=7 * 24 * 3600)
    """Webhooks get lost: at least so often everything is read again."""


class CalendarChanged(BaseModel):
    """A signal: something changed in the calendar. Without `event_ids` and `everything` it is not known what.

    Nothing is required, and fields that a sender adds are ignored.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    calendar_id: str = ""
    event_ids: tuple[str, ...] = ()
    everything: bool = False

    @property
    def changes(self) -> PendingChanges:
        named = PendingChanges(full=self.everything, event_ids=self.event_ids)
        return NO_CHANGES.merged_with(named) or PendingChanges(unnamed=True)


SOMETHING_CHANGED = CalendarChanged()


class PolicyChange(BaseModel):
    """Another policy, as people write it."""

    model_config = ConfigDict(frozen=True)

    policy: dict[str, Any]


class OverrideChange(BaseModel):
    """What a user decides for one event, or for a whole series; None leaves it to the policy again."""

    model_config = ConfigDict(frozen=True)

    event_id: str = ""
    series_id: str = ""
    wanted: Wanted | None = None


class DisconnectRequest(BaseModel):
    model_config = ConfigDict(frozen=True)

    reason: str = Field("The calendar was disconnected.", min_length=1, max_length=500)


DISCONNECT_REQUEST = DisconnectRequest()


class CalendarView(BaseModel):
    """What the `status` query answers."""

    model_config = ConfigDict(frozen=True)

    calendar_id: str
    provider: str = ""
    status: CalendarStatus
    user: str = ""
    platform: str = ""
    owner: str = ""
    problem: AccessProblem | None = None
    error: str = ""
    problem_since: AwareDatetime | None = None
    """Known for problems of access, which can last."""
    reconcile_count: int = 0
    counts: ReconcileCounts = ReconcileCounts()
    """Of the last reconcile."""
    cursor: AwareDatetime | None = None
    last_reconciled_at: AwareDatetime | None = None
    last_full_sync_at: AwareDatetime | None = None
    next_reconcile_at: AwareDatetime | None = None
    policy: Policy = DEFAULT_POLICY
    overrides: Overrides = NO_OVERRIDES
