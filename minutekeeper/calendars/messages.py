"""What a calendar's workflow receives, asks of its activity, carries over and answers."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from minutekeeper.calendars.decisions import NO_OVERRIDES, Overrides, Wanted
from minutekeeper.calendars.health import AccessProblem
from minutekeeper.calendars.policy import DEFAULT_POLICY, Policy
from minutekeeper.calendars.preferences import CalendarIdentity
from minutekeeper.meetings.fields import UtcDatetime
from minutekeeper.meetings.ids import jitter_fraction

MAX_NAMED = 100
"""Events that are asked for by id. Where more have changed, reading everything is no more work."""


class PendingChanges(BaseModel):
    """`event_ids` are the events that changed; `unnamed` says that others did too, and it is not known which.

    `full` asks for everything that is to come.
    """

    model_config = ConfigDict(frozen=True)

    full: bool = False
    unnamed: bool = False
    event_ids: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self != NO_CHANGES

    def merged_with(self, other: "PendingChanges") -> "PendingChanges":
        """Both together."""
        event_ids = tuple(dict.fromkeys((*self.event_ids, *other.event_ids)))
        is_full = len(event_ids) > MAX_NAMED
        return PendingChanges(
            full=self.full or other.full or is_full,
            unnamed=self.unnamed or other.unnamed,
            event_ids=() if is_full else event_ids,
        )


NO_CHANGES = PendingChanges()

FULL_SYNC = PendingChanges(full=True)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def next_full_sync(last: datetime, every: timedelta, calendar_id: str) -> datetime:
    """When a calendar is read in full next: more than half the period after the last time, and at most the whole.

    Each calendar has instants of its own, half a period apart: however many were read at once, say after an outage,
    the next time they are spread over half a period, and from then on each is read once in a period.
    """
    half = every / 2
    offset = _EPOCH + half * jitter_fraction(calendar_id)
    earliest = last + half
    return earliest + (half - (earliest - offset) % half)


class CalendarStatus(StrEnum):
    """The states of a calendar, in their usual order."""

    SYNCING = "syncing"
    """It was not reconciled yet."""
    ACTIVE = "active"
    ERROR = "error"
    """It cannot be read; `error` says why. Its meetings stay booked."""
    DISCONNECTING = "leaving"
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
    left_out: int = 0
    """Events to come that limits leave out."""
    deferred: int = 0
    """Meetings that could not be changed just now; `retry_at` says when to try again."""


class ReconcileInput(BaseModel):
    """One reconcile of a calendar. `at` is the workflow's time: all decisions are made for this instant."""

    model_config = ConfigDict(frozen=True)

    calendar_id: str
    at: UtcDatetime
    user: str = ""
    owner: str = ""
    identity: CalendarIdentity | None = None
    policy: Policy = DEFAULT_POLICY
    overrides: Overrides = NO_OVERRIDES
    preferences_changed_at: AwareDatetime | None = None
    """When people last changed policy or overrides; None if they never did."""
    changes: PendingChanges = NO_CHANGES
    """What has to be read. Without any, what changed since the last reconcile is."""
    replaces: str = ""
    """The id under which the calendar was connected before: that is disconnected once this one has its meetings."""
    is_first: bool = False
    """Whether none has been made of this calendar yet."""
    disconnect_reason: str = ""
    """Why the calendar releases all its meetings; empty if it stays."""
    forget: bool = False
    """Whether what people decided for a calendar that is disconnected is erased."""


class ReconcileResult(BaseModel):
    """`cursor` is the time of the newest change up to which everything was read.

    `unread` are events that were asked for by id and could not be read: they are still pending.
    """

    model_config = ConfigDict(frozen=True)

    counts: ReconcileCounts = ReconcileCounts()
    was_full: bool = False
    has_replaced: bool = False
    """Whether the calendar that this one replaces was told to release its meetings."""
    cursor: AwareDatetime | None = None
    retry_at: AwareDatetime | None = None
    unread: tuple[str, ...] = ()


class CalendarWorkflowInput(BaseModel):
    """A calendar to follow. Only `calendar_id`, which leads to its provider, is required."""

    model_config = ConfigDict(frozen=True)

    calendar_id: str = Field(min_length=1)
    provider: str = ""
    """The name of the provider that reads the calendar, as its id says it; empty for Meeting BaaS v1."""
    user: str = ""
    """Whose calendar it is, and at which platform, where it was connected for a user."""
    platform: str = ""
    owner: str = ""
    """The mail address or name that it has at the provider, for when the provider does not have it any more."""
    identity: CalendarIdentity | None = None
    """The user's calendar, for which policy and overrides are stored; None: they are lost with the workflow."""
    policy: Policy = DEFAULT_POLICY
    overrides: Overrides = NO_OVERRIDES
    preferences_changed_at: AwareDatetime | None = None
    """When people last changed policy or overrides; None if they never did."""
    replaces: str = ""
    """The id under which the same calendar was connected before, and still has its meetings."""
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
    """What a user decides for one event, by its meeting id, or for a series; None leaves it to the policy again."""

    model_config = ConfigDict(frozen=True)

    meeting_id: str = ""
    other_ids: tuple[str, ...] = ()
    """Further meeting ids of the event: overrides under these are replaced."""
    expires_at: UtcDatetime | None = None
    """From when on the override of the event is not needed any more."""
    series_id: str = ""
    wanted: Wanted | None = None


class DisconnectRequest(BaseModel):
    model_config = ConfigDict(frozen=True)

    reason: str = Field("The calendar was disconnected.", min_length=1, max_length=500)
    forget: bool = False
    """Whether what people decided for the calendar is erased: its policy and its overrides."""


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
    identity: CalendarIdentity | None = None
    policy: Policy = DEFAULT_POLICY
    overrides: Overrides = NO_OVERRIDES
