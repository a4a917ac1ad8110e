"""Has one calendar keep to limits, together with all others: says what it wants, and hears what they want."""

from datetime import datetime
from typing import NamedTuple

from temporalio.client import Client

from activities.calendar_plan_execution import PlanExecutor
from activities.meeting_bookings import CALL_ERRORS, MeetingBookings
from minutekeeper.calendars.limited_events import (
    COUNTED_FOR,
    CalendarBookings,
    LimitContext,
    LimitedEvents,
    limit_events,
    own_bookings,
    unlimited,
    user_key,
    wanted_bookings,
)
from minutekeeper.calendars.limits import Limits, WantedBooking
from minutekeeper.calendars.limits_file import InstallationLimits
from minutekeeper.calendars.messages import ReconcileInput
from minutekeeper.calendars.tracked_events import TrackedEvents
from minutekeeper.storage.calendar_bookings import CalendarBookingsStore
from minutekeeper.temporal.calendar_workflows import report_changes

_MOST_TOLD = 100
"""Calendars that are told at once; further ones hear of it from these, or decide again by themselves."""


class LimitSources(NamedTuple):
    """Where limits and bookings are read from."""

    installation: InstallationLimits | None
    store: CalendarBookingsStore

    @property
    def of_all(self) -> Limits | None:
        return self.installation.installation if self.installation else None


class CalendarLimits:
    """What one attempt at a reconcile does about limits: `apply` before meetings are changed, then `tell`.

    What this calendar wants is stored before others are read, so that of two calendars which decide at the same
    time at least one sees both; it tells the other. `apply` and `withdraw` raise StoreError and CALL_ERRORS.
    """

    def __init__(
        self, order: ReconcileInput, sources: LimitSources, meetings: MeetingBookings, client: Client, at: datetime
    ) -> None:
        account = order.identity.account if order.identity else ""
        user = user_key(order.user, account, order.owner, order.calendar_id)
        self._own = own_bookings(order.calendar_id, user, order.policy, sources.installation)
        self._sources = sources
        self._meetings = meetings
        self._client = client
        self._at = at
        self._writes = 0
        self._disagreeing: dict[str, str] = {}
        self._by_hand: tuple[WantedBooking, ...] | None = None

    async def apply(self, events: TrackedEvents, now: datetime) -> LimitedEvents:
        """Leaves out the events that limits have no room for, and stores what was decided."""
        context = await self._read(now)
        before = context.before
        if not context.has_limits:
            if before:
                await self._sources.store.remove(before)
            return unlimited(events, context, now)
        wanted = wanted_bookings(events, context, now)
        is_news = wanted != before and (before is not None or not wanted.is_empty)
        if is_news:
            await self._write(wanted)
            context = await self._read(now)
        limited = limit_events(events, wanted, context, now)
        if limited.bookings != wanted:
            await self._write(limited.bookings)
            is_news = is_news or limited.bookings != before
        if is_news:
            # Others may have decided meanwhile, and did not see this.
            current = limit_events(limited.events, limited.bookings, await self._read(now), now)
            self._disagreeing |= dict(current.disagreeing)
        return limited

    async def tell(self, executor: PlanExecutor) -> None:
        """Has other calendars decide again that do not know yet what this one wants, or wants no more."""
        for calendar_id, event_id in list(self._disagreeing.items())[:_MOST_TOLD]:
            try:
                await report_changes(self._client, calendar_id, event_id)
            except CALL_ERRORS as error:
                executor.failures.append(error)

    async def withdraw(self, executor: PlanExecutor, now: datetime) -> None:
        """Takes back what a calendar wants that is being disconnected. What it has had still counts."""
        context = await self._read(now)
        if context.before:
            held = tuple(each for each in context.before.bookings if each.booked and each.start <= now)
            left = context.own.model_copy(update={"bookings": held, "limits": None})
            await (self._write(left) if held else self._sources.store.remove(left))
            current = (await self._read(now))._replace(own=left)
            none = TrackedEvents(calendar_id=left.calendar_id)
            self._disagreeing |= dict(limit_events(none, left, current, now).disagreeing)
            await self.tell(executor)

    async def _read(self, now: datetime) -> LimitContext:
        store, is_for_all = self._sources.store, self._sources.of_all is not None
        found = await store.read("" if is_for_all else self._own.user)
        others = [each for each in found if each.calendar_id != self._own.calendar_id]
        await store.remove_outdated(others, now)
        if is_for_all and self._by_hand is None:
            self._by_hand = tuple(await self._meetings.booked_by_hand(now - COUNTED_FOR))
        return LimitContext(
            own=self._own,
            installation=self._sources.installation,
            before=next((each for each in found if each.calendar_id == self._own.calendar_id), None),
            others=tuple(others),
            by_hand=self._by_hand or (),
        )

    async def _write(self, bookings: CalendarBookings) -> None:
        await self._sources.store.write(bookings, self._at, self._writes)
        self._writes += 1
