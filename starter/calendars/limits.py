"""What limits leave out of a calendar, by what all calendars have stored and people have booked."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from pydantic import AwareDatetime, BaseModel, ConfigDict
from temporalio.client import Client

from minutekeeper.calendars.limited_events import (
    COUNTED_FOR,
    LimitContext,
    LimitedEvents,
    limit_events,
    own_bookings,
    unlimited,
    user_key,
    wanted_bookings,
)
from minutekeeper.calendars.limits import LimitReached
from minutekeeper.calendars.limits_file import InstallationLimits
from minutekeeper.calendars.messages import CalendarView
from minutekeeper.calendars.policy import Policy
from minutekeeper.calendars.tracked_events import TrackedEvents
from minutekeeper.storage.calendar_bookings import CalendarBookingsStore
from minutekeeper.storage.store import ArtifactStore
from minutekeeper.temporal.meeting_workflows import MeetingWorkflows, meetings_booked_by_hand

_RPC_TIMEOUT = timedelta(seconds=10)


class EventLeftOut(BaseModel):
    """An event that would be recorded, and that a limit has no room for. `rule` is the one that would record it."""

    model_config = ConfigDict(frozen=True)

    event_id: str
    title: str
    start_time: AwareDatetime
    rule: str
    reason: str
    limit: LimitReached


class KnownLimits:
    """The limits of an installation, and what is wanted in it. Methods raise RPCError and StoreError."""

    def __init__(self, temporal: Client, store: ArtifactStore, installation: InstallationLimits | None) -> None:
        self._temporal = temporal
        self._bookings = CalendarBookingsStore(store)
        self._installation = installation

    async def context(
        self, calendar_id: str, view: CalendarView | None, policy: Policy, now: datetime
    ) -> LimitContext:
        """Everything by which limits of one calendar's events are decided under a policy."""
        account = view.identity.account if view and view.identity else ""
        user = user_key(view.user if view else "", account, view.owner if view else "", calendar_id)
        is_for_all = self._installation is not None and self._installation.installation is not None
        found = await self._bookings.read("" if is_for_all else user)
        workflows = MeetingWorkflows(self._temporal, _RPC_TIMEOUT)
        by_hand = (
            [each async for each in meetings_booked_by_hand(workflows, now - COUNTED_FOR)] if is_for_all else []
        )
        return LimitContext(
            own=own_bookings(calendar_id, user, policy, self._installation),
            installation=self._installation,
            before=next((each for each in found if each.calendar_id == calendar_id), None),
            others=tuple(each for each in found if each.calendar_id != calendar_id),
            by_hand=tuple(by_hand),
        )


def limited(events: TrackedEvents, context: LimitContext, now: datetime) -> LimitedEvents:
    """The events with limits applied, as the next reconcile does it."""
    if not context.has_limits:
        return unlimited(events, context, now)
    return limit_events(events, wanted_bookings(events, context, now), context, now)


def events_left_out(events: TrackedEvents, now: datetime) -> tuple[EventLeftOut, ...]:
    """The events to come that limits leave out, in order of their start."""
    found: Iterable[EventLeftOut] = (
        EventLeftOut(
            event_id=entry.event_id,
            title=entry.desired.title,
            start_time=entry.desired.start_time,
            rule=entry.left_out.rule,
            reason=entry.reason,
            limit=entry.left_out.limit,
        )
        for entry in events.entries.values()
        if entry.left_out and not entry.is_over(now)
    )
    return tuple(sorted(found, key=lambda each: (each.start_time, each.event_id)))
