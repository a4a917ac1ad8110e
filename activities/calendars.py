"""The activity that reconciles one calendar: reads its changes, plans, and applies the plan with checkpoints."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from datetime import timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.calendar_limits import CalendarLimits, LimitSources
from activities.calendar_plan_execution import PlanExecutor, ReconcileClock
from activities.errors import to_application_error
from activities.heartbeats import with_heartbeats
from activities.meeting_bookings import CALL_ERRORS, MeetingBookings
from activities.outgoing_events import EventAnnouncer, announce_reconcile
from activities.shared_meetings import SharedMeetingWords
from minutekeeper.calendars.decisions import decide
from minutekeeper.calendars.event import CalendarEvent
from minutekeeper.calendars.event_changes import compare_meetings
from minutekeeper.calendars.limited_events import LimitedEvents
from minutekeeper.calendars.limits_file import InstallationLimits
from minutekeeper.calendars.messages import ReconcileCounts, ReconcileInput, ReconcileResult
from minutekeeper.calendars.objections import VetoScope
from minutekeeper.calendars.occurrences import as_tracked
from minutekeeper.calendars.plan import ChangeKind, PlannedChange, plan_changes
from minutekeeper.calendars.preferences import CalendarPreferences
from minutekeeper.calendars.tracked_events import BookedState, TrackedEvents, entry_for
from minutekeeper.meetings.dispatch_timing import DEFAULT_DISPATCH_TIMING, DispatchTiming
from minutekeeper.meetings.ids import base_meeting_id
from minutekeeper.providers.base import ProviderError
from minutekeeper.providers.calendar_base import ConnectedCalendars
from minutekeeper.providers.calendar_reader import CalendarReader, CalendarSnapshot
from minutekeeper.storage.calendar_bookings import CalendarBookingsStore
from minutekeeper.storage.calendar_checkpoints import CalendarCheckpoint, CalendarCheckpointStore, StaleWriteError
from minutekeeper.storage.calendar_preferences import CalendarPreferencesStore
from minutekeeper.storage.errors import StoreError
from minutekeeper.storage.objections import ObjectionStore, OptOutStore
from minutekeeper.storage.store import ArtifactStore

logger = logging.getLogger(__name__)


_MAX_CONCURRENCY = 20

_MAX_NAMED = 5
"""Meetings that a log line names."""


class CalendarStores:
    """What is stored for the calendars of an artifact store."""

    def __init__(self, store: ArtifactStore) -> None:
        self.checkpoints = CalendarCheckpointStore(store)
        self.preferences = CalendarPreferencesStore(store)
        self.bookings = CalendarBookingsStore(store)
        self.shared = ObjectionStore(store), OptOutStore(store)


class Reconciler:
    """One attempt at one reconcile."""

    def __init__(  # noqa: PLR0913 - one argument for each thing that it works with
        self,
        order: ReconcileInput,
        clock: ReconcileClock,
        *,
        calendars: ConnectedCalendars,
        stores: CalendarStores,
        meetings: MeetingBookings,
        shared: SharedMeetingWords,
        limits: CalendarLimits,
    ) -> None:
        self._order = order
        self._clock = clock
        self._calendars = calendars
        self._reader = CalendarReader(calendars, order.calendar_id)
        self._checkpoints = stores.checkpoints
        self._preferences = stores.preferences
        self._meetings = meetings
        self._shared = shared
        self._limits = limits
        self.newly_left_out: Counter[str] = Counter()
        """Events that no limit has left out before, by the limit that does now."""
        empty = CalendarCheckpoint(events=TrackedEvents(calendar_id=order.calendar_id))
        self._executor = self._executor_from(empty)

    def progress(self) -> tuple[int, int]:
        """Meetings that were dealt with, of so many."""
        return self._executor.progress

    async def run(self) -> ReconcileResult:
        """Reconciles once.

        Raises ProviderError, StoreError or one of CALL_ERRORS: what was done until then stays, and is in the
        checkpoint.
        """
        await self._keep_preferences()
        checkpoint = await self._checkpoints.read(self._order.calendar_id)
        if checkpoint is not None:
            self._executor = self._executor_from(checkpoint)
        if self._order.disconnect_reason:
            return await self._disconnect()
        executor = self._executor
        reading = await self._reader.read(self._order.changes, executor.cursor, executor.events, self._clock.now)
        events = reading.events
        if reading.was_full:
            running = [each async for each in self._meetings.running_for_calendar(self._order.calendar_id)]
            await self._mark_lost(running)
            events = events + await self._find_untracked(events, running)
        await self._reconcile(events, reading)
        # The provider may not have read a new calendar yet.
        is_known = reading.was_full and (events or checkpoint is not None)
        if is_known and self._order.replaces:
            await self._meetings.disconnect_replaced(self._order.replaces)
        return self._result(reading).model_copy(update={"has_replaced": bool(is_known and self._order.replaces)})

    async def _keep_preferences(self) -> None:
        """Stores what people decided for the calendar: first, because the calendar may be lost at the provider."""
        order = self._order
        if order.identity and order.preferences_changed_at and not order.forget:
            await self._preferences.keep(
                CalendarPreferences(
                    identity=order.identity,
                    policy=order.policy,
                    overrides=order.overrides,
                    changed_at=order.preferences_changed_at,
                )
            )

    async def _reconcile(self, events: Collection[CalendarEvent], reading: CalendarSnapshot) -> None:
        """Has the meetings follow what was read, and what other calendars say of them."""
        executor, now = self._executor, self._clock.now
        await self._shared.load(events, executor.events, reading, now)
        await self._follow(events, reading)
        # Another calendar may have objected while the meetings were being booked, and have found none to stop.
        if executor.counts["booked"] and await self._shared.load(events, executor.events, reading, now):
            await self._follow(events, reading)
        await self._finish()

    async def _follow(self, events: Collection[CalendarEvent], reading: CalendarSnapshot) -> None:
        executor, now = self._executor, self._clock.now
        policy, overrides = self._order.policy, self._order.overrides
        entries = [
            entry_for(event, self._shared.decide(decide(policy, overrides, event, now), event, now))
            for event in as_tracked(events, executor.events)
        ]
        await self._shared.publish()
        snapshot = executor.events.with_snapshot(entries, now, complete=False, gone=reading.gone)
        limited = await self._limits.apply(snapshot, now)
        self._note_left_out(limited)
        plan = plan_changes(limited.events, now)
        executor.events, executor.cursor = plan.events.pruned(now), reading.cursor
        executor.counts["events"] = len(events)
        await executor.apply([change for change in plan.changes if self._is_needed(change)])
        planned = {base_meeting_id(change.meeting_id) for change in plan.changes}
        unwanted = [each for each in executor.uncertain if base_meeting_id(each) not in planned]
        await executor.release(unwanted, "The calendar no longer wants it.")
        seen = reading.gone | {event.event_id for event in events}
        await self._shared.tell(executor, seen, self._clock.attempt_at)
        await self._limits.tell(executor)

    def _note_left_out(self, limited: LimitedEvents) -> None:
        executor, now = self._executor, self._clock.now
        left_out = {key: each.limit.label for key, each in limited.left_out(now).items()}
        known = {key: each.left_out.limit.label for key, each in executor.events.entries.items() if each.left_out}
        self.newly_left_out += Counter(label for key, label in left_out.items() if known.get(key) != label)
        executor.counts["left_out"] = len(left_out)
        if recheck_at := limited.recheck_after(now):
            executor.retry_at = min(executor.retry_at or recheck_at, recheck_at)

    def _is_needed(self, change: PlannedChange) -> bool:
        if change.kind is not ChangeKind.KEEP or change.meeting_id in self._executor.uncertain:
            return True
        return not self._executor.events.entries[change.event_id].booked

    async def _mark_lost(self, running: Collection[str]) -> None:
        """Marks meetings as not booked that are tracked and that Temporal has lost, so that the plan books them."""
        executor = self._executor
        slots = asyncio.Semaphore(_MAX_CONCURRENCY)

        async def state_of(meeting_id: str) -> BookedState:
            async with slots:
                try:
                    return await self._meetings.state(meeting_id)
                except CALL_ERRORS as error:
                    executor.failures.append(error)
                    return BookedState.RUNNING

        states = await compare_meetings(executor.events, frozenset(running), state_of, self._clock.now)
        executor.events = executor.events.with_workflow_states(states)
        lost = [meeting_id for meeting_id, state in states.items() if state.is_lost]
        executor.counts["lost"] = len(lost)
        executor.lost |= set(lost)
        if lost:
            logger.warning(
                "%d booked meetings of calendar %s do not run in Temporal any more; those that are wanted are "
                "booked again: %s",
                len(lost),
                self._order.calendar_id,
                ", ".join(lost[:_MAX_NAMED]),
            )

    async def _find_untracked(self, seen: Iterable[CalendarEvent], running: Iterable[str]) -> list[CalendarEvent]:
        """Events of meetings that this calendar has booked and does not track, as far as they were not read.

        That is so after the loss of a checkpoint. All these meetings are uncertain, except for those whose event
        cannot be read: they stay.
        """
        tracked = self._executor.events.entries.values()
        booked = {base_meeting_id(entry.meeting_id) for entry in tracked if entry.booked}
        calendar_id = self._order.calendar_id
        untracked = {
            meeting_id: event_id
            for meeting_id in running
            if base_meeting_id(meeting_id) not in booked
            if (event_id := await self._meetings.event_id_for(meeting_id, calendar_id)) is not None
        }
        known = {"", *(event.event_id for event in seen)}
        answers = await self._reader.ask(set(untracked.values()) - known)
        known |= answers.gone | {event.event_id for event in answers.found}
        self._executor.uncertain |= {each for each, event_id in untracked.items() if event_id in known}
        return answers.found

    async def _disconnect(self) -> ReconcileResult:
        """Releases all meetings, and then removes the calendar at the provider and its checkpoint."""
        executor, calendar_id = self._executor, self._order.calendar_id
        running = [meeting_id async for meeting_id in self._meetings.running_for_calendar(calendar_id)]
        booked = [entry.meeting_id for entry in executor.events.entries.values() if entry.booked]
        every = dict.fromkeys([*booked, *executor.uncertain, *running])
        await executor.release(every, self._order.disconnect_reason)
        await self._finish()
        await self._shared.withdraw_all()
        await self._limits.withdraw(executor, self._clock.now)
        await self._calendars.delete_calendar(calendar_id)
        await self._checkpoints.remove(calendar_id)
        if self._order.forget and self._order.identity:
            await self._preferences.forget(self._order.identity)
        return self._result()

    async def _finish(self) -> None:
        await self._executor.checkpoint()
        if self._executor.failures:
            raise self._executor.failures[0]

    def _executor_from(self, checkpoint: CalendarCheckpoint) -> PlanExecutor:
        return PlanExecutor(checkpoint, self._clock, self._checkpoints, self._meetings)

    def _result(self, reading: CalendarSnapshot | None = None) -> ReconcileResult:
        executor = self._executor
        return ReconcileResult(
            counts=ReconcileCounts(**executor.counts),
            was_full=reading is not None and reading.was_full,
            cursor=executor.cursor,
            retry_at=executor.retry_at,
            unread=reading.unread if reading else (),
        )


EVENTS_LEFT_OUT = (
    "minutekeeper_events_left_out_total",
    "Events of calendars that a limit leaves out; each counts once for a limit.",
)

_MAX_CONCURRENT_RECONCILES = 10
"""After an outage all calendars are due at the same time; those of a worker take turns."""


class CalendarActivities:
    """The activities of calendar workflows.

    Args:
        calendars: Gives access to the calendar of an id. Raises ProviderError.
        store: Where the checkpoints lie.
        wake_up: When booked meetings have their bots sent.
        veto: For whom a user's `never` speaks.
        limits: The limits of bots of the installation and of each user.
        events: Tells other services of calendars and of their meetings.
    """

    def __init__(  # noqa: PLR0913 - one argument for each thing that it works with
        self,
        calendars: Callable[[str], ConnectedCalendars],
        store: ArtifactStore,
        wake_up: DispatchTiming = DEFAULT_DISPATCH_TIMING,
        *,
        veto: VetoScope = VetoScope.ANY,
        limits: InstallationLimits | None = None,
        events: EventAnnouncer | None = None,
    ) -> None:
        self._calendars = calendars
        self._stores = CalendarStores(store)
        self._events = events or EventAnnouncer(store)
        self._wake_up = wake_up
        self._veto = veto
        self._limits = limits
        self._slots = asyncio.Semaphore(_MAX_CONCURRENT_RECONCILES)

    @activity.defn
    async def reconcile(self, order: ReconcileInput) -> ReconcileResult:
        """Reads the calendar, and books, moves and releases meetings; a further attempt resumes where one stopped.

        Raises ApplicationError of the types in `activities.errors`, and `Store`, `Temporal`, `StaleWrite`.
        """
        try:
            calendars = self._calendars(order.calendar_id)
        except ProviderError as error:
            raise to_application_error(error) from None
        info = activity.info()
        # Both by the same clock, which need not be the workflow's.
        waited = max(info.current_attempt_scheduled_time - info.scheduled_time, timedelta())
        meetings = MeetingBookings(activity.client(), self._wake_up, await self._events.early_types())
        clock = ReconcileClock(now=order.at + waited, attempt_at=order.at + timedelta(microseconds=info.attempt))
        client, sources = activity.client(), LimitSources(self._limits, self._stores.bookings)
        reconciler = Reconciler(
            order,
            clock,
            calendars=calendars,
            stores=self._stores,
            meetings=meetings,
            shared=SharedMeetingWords(order, self._stores.shared, meetings, client, self._veto),
            limits=CalendarLimits(order, sources, meetings, client, clock.attempt_at),
        )
        try:
            result = await with_heartbeats(self._in_turn(reconciler), reconciler.progress)
            await announce_reconcile(self._events, order)
        except ProviderError as error:
            raise to_application_error(error) from None
        except StoreError as error:
            raise ApplicationError(str(error), type="Store") from None
        except CALL_ERRORS as error:
            raise ApplicationError(f"Temporal: {error}", type="Temporal") from None
        except StaleWriteError:
            raise ApplicationError(
                "a later reconcile has been made", type="StaleWrite", non_retryable=True
            ) from None
        for label, count in reconciler.newly_left_out.items():
            activity.metric_meter().create_counter(*EVENTS_LEFT_OUT).add(count, {"limit": label})
        return result

    async def _in_turn(self, reconciler: Reconciler) -> ReconcileResult:
        async with self._slots:
            return await reconciler.run()
