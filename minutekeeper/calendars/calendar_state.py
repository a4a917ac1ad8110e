"""Everything that is known of one calendar, and when it is reconciled next. Pure."""

from datetime import datetime, timedelta

from pydantic import AwareDatetime, ConfigDict

from minutekeeper.calendars.decisions import Overrides
from minutekeeper.calendars.event import series_key
from minutekeeper.calendars.health import AccessProblem, AccessReport, AccessState
from minutekeeper.calendars.messages import (
    FULL_SYNC,
    NO_CHANGES,
    CalendarStatus,
    CalendarView,
    CalendarWorkflowInput,
    OverrideChange,
    PendingChanges,
    ReconcileCounts,
    ReconcileInput,
    ReconcileResult,
    next_full_sync,
)
from minutekeeper.calendars.policy import Policy
from minutekeeper.text import one_line

RETRY_AFTER = timedelta(minutes=10)
"""Doubled with each further failure, because calendars that retry quickly do not help a provider in trouble."""
_MAX_DOUBLINGS = 3
_MAX_ERROR_LENGTH = 500


class CalendarState(CalendarWorkflowInput):
    """What is known of a calendar. Its workflow is the only writer, and continue-as-new carries all of it.

    Each field that the input does not have has a default: a workflow is started with a CalendarWorkflowInput, and
    continued with its own state.
    """

    model_config = ConfigDict(frozen=False)

    new_changes: PendingChanges = FULL_SYNC
    """Reported since the last reconcile began."""
    changed_at: AwareDatetime | None = None
    """When the first of the new changes was reported."""
    pending: PendingChanges = NO_CHANGES
    """What the reconcile that is under way, or the last one, has not done: part of the next one."""
    disconnect_reason: str = ""
    """Why the calendar releases its meetings and ends; empty if it stays."""
    forget: bool = False
    """Whether what people decided for it is erased when it ends."""
    is_disconnected: bool = False
    access: AccessState = AccessState()
    last_error: str = ""
    """Why the last reconcile failed; empty if it did not."""
    is_missing: bool = False
    """Whether it failed because the provider does not know the calendar."""
    failures: int = 0
    """Reconciles that failed since the last one that did not."""
    retry_at: AwareDatetime | None = None
    """When something that could not be done is tried again."""
    disconnect_retry_at: AwareDatetime | None = None
    reconcile_count: int = 0
    counts: ReconcileCounts = ReconcileCounts()
    cursor: AwareDatetime | None = None
    last_reconciled_at: AwareDatetime | None = None
    last_full_sync_at: AwareDatetime | None = None
    published_status: CalendarStatus | None = None
    reported_problem: AccessProblem | None = None

    @property
    def status(self) -> CalendarStatus:
        if self.is_disconnected:
            return CalendarStatus.DISCONNECTED
        if self.disconnect_reason:
            return CalendarStatus.DISCONNECTING
        if self.problem:
            return CalendarStatus.ERROR
        return CalendarStatus.ACTIVE if self.reconcile_count else CalendarStatus.SYNCING

    @property
    def problem(self) -> AccessProblem | None:
        """Why the calendar cannot be read now."""
        if self.access.problem or not self.last_error:
            return self.access.problem
        return AccessProblem.NOT_FOUND if self.is_missing else AccessProblem.RECONCILE

    def begin(self, now: datetime) -> None:
        """Begins the first run. Access counts as renewed: what was found out about it before does not apply."""
        self.changed_at = now
        self.access = AccessState(renewed_at=now)

    def change_policy(self, policy: Policy, now: datetime) -> None:
        """Decides by another policy from now on, also about what was booked already."""
        self.policy = policy
        self.preferences_changed_at = now
        self.add_changes(FULL_SYNC, now)

    def overrides_after(self, change: OverrideChange, now: datetime) -> Overrides | None:
        """The overrides after what a user decided for one event or one series; None if there is no room for it."""
        if change.series_id:
            changed = self.overrides.with_series(change.series_id, change.wanted)
            return changed.fitted(series_key(change.series_id), now)
        changed = self.overrides.with_event(change.meeting_id, change.wanted, change.other_ids, change.expires_at)
        return changed.fitted(change.meeting_id, now)

    def change_override(self, change: OverrideChange, now: datetime) -> None:
        """Takes in what a user decided for one event or one series."""
        self.overrides = self.overrides_after(change, now) or self.overrides
        self.preferences_changed_at = now
        self.add_changes(FULL_SYNC, now)

    def add_changes(self, changes: PendingChanges, now: datetime) -> None:
        """Records changes that were reported."""
        if not self.new_changes:
            self.changed_at = now
        self.new_changes = self.new_changes.merged_with(changes)

    def apply_access_report(self, report: AccessReport, now: datetime) -> None:
        """Records whether the calendar can be read. What it missed while it could not be is read afterwards."""
        before, self.access = self.access, self.access.after(report, now)
        if report.renewed or (before.problem and not self.access.problem):
            self.add_changes(FULL_SYNC, now)

    def next_full_sync(self, now: datetime) -> datetime:
        if self.last_full_sync_at is None:
            return now
        return next_full_sync(self.last_full_sync_at, timedelta(seconds=self.full_sync_seconds), self.calendar_id)

    def next_reconcile(self, now: datetime) -> datetime:
        """When the calendar is reconciled next if nothing changes."""
        if self.last_error and self.retry_at:
            return self.retry_at
        return min(self.retry_at or self.next_full_sync(now), self.next_full_sync(now))

    def due_at(self, now: datetime) -> datetime:
        """When to reconcile. Changes come in bursts: one reconcile answers all of a burst."""
        if self.disconnect_reason:
            return self.disconnect_retry_at or now
        if self.new_changes:
            return (self.changed_at or now) + timedelta(seconds=self.debounce_seconds)
        return self.next_reconcile(now)

    def begin_reconcile(self, now: datetime) -> ReconcileInput:
        """Takes up everything that is to be done; what is reported from here on is left to the next reconcile."""
        is_full = now >= self.next_full_sync(now)
        self.pending = self.pending.merged_with(self.new_changes).merged_with(FULL_SYNC if is_full else NO_CHANGES)
        self.new_changes, self.changed_at = NO_CHANGES, None
        return ReconcileInput(
            calendar_id=self.calendar_id,
            at=now,
            user=self.user,
            owner=self.owner,
            identity=self.identity,
            policy=self.policy,
            overrides=self.overrides,
            preferences_changed_at=self.preferences_changed_at,
            changes=self.pending,
            replaces=self.replaces,
            is_first=self.last_reconciled_at is None,
            disconnect_reason=self.disconnect_reason,
            forget=self.forget,
        )

    def apply_result(self, order: ReconcileInput, result: ReconcileResult, now: datetime) -> None:
        """Records a reconcile that was made."""
        self.is_disconnected = bool(order.disconnect_reason)
        self.last_error, self.is_missing, self.failures = "", False, 0
        self.pending = PendingChanges(event_ids=result.unread)
        self.reconcile_count += 1
        self.counts, self.cursor = result.counts, result.cursor
        self.last_reconciled_at = order.at
        if result.was_full:
            self.last_full_sync_at = order.at
        if result.has_replaced:
            self.replaces = ""
        unread_retry_at = now + RETRY_AFTER if result.unread else None
        self.retry_at = min((at for at in (result.retry_at, unread_retry_at) if at), default=None)

    def apply_failure(self, order: ReconcileInput, error: str, now: datetime, *, is_missing: bool) -> None:
        """Records a reconcile that failed. New changes do not wait for the retry; a disconnect does."""
        self.last_error, self.is_missing = one_line(error)[:_MAX_ERROR_LENGTH], is_missing
        doubled = RETRY_AFTER * 2 ** min(self.failures, _MAX_DOUBLINGS)
        self.retry_at = now + (timedelta(seconds=self.full_sync_seconds) if is_missing else doubled)
        self.failures += 1
        if order.disconnect_reason:
            self.disconnect_retry_at = now + RETRY_AFTER

    def view(self, now: datetime) -> CalendarView:
        """What the `status` query answers."""
        return CalendarView(
            calendar_id=self.calendar_id,
            provider=self.provider,
            status=self.status,
            user=self.user,
            platform=self.platform,
            owner=self.owner,
            problem=self.problem,
            error=self.access.text or self.last_error,
            problem_since=self.access.since,
            reconcile_count=self.reconcile_count,
            counts=self.counts,
            cursor=self.cursor,
            last_reconciled_at=self.last_reconciled_at,
            last_full_sync_at=self.last_full_sync_at,
            next_reconcile_at=None if self.is_disconnected else self.next_reconcile(now),
            identity=self.identity,
            policy=self.policy,
            overrides=self.overrides,
        )
