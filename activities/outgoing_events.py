"""Tells endpoints of events: starts a delivery of each to every endpoint that wants it."""

import asyncio
from collections.abc import Collection

from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

from minutekeeper.calendars.health import AccessProblem, suggested_fix
from minutekeeper.calendars.messages import ReconcileInput
from minutekeeper.deliveries.delivery import delivery_of
from minutekeeper.deliveries.endpoint import OutgoingEventType, WebhookEndpoint
from minutekeeper.deliveries.events import (
    END_TYPES,
    CalendarFacts,
    OutgoingEvent,
    calendar_event,
    end_event,
    is_wanted,
)
from minutekeeper.deliveries.meeting_events import EARLY_TYPES, MeetingNews
from minutekeeper.meetings.ids import calendar_workflow_id_for
from minutekeeper.storage.endpoints import EndpointStore
from minutekeeper.storage.errors import StoreError
from minutekeeper.storage.records import RecordStore
from minutekeeper.storage.store import ArtifactStore
from minutekeeper.temporal.delivery_workflows import start_delivery

_FRESH_SECONDS = 5.0
"""How long endpoints are remembered, as meetings end in crowds."""

_MOST_ATTEMPTS = 5
"""Attempts of an activity that fail because the endpoints cannot be read; the meeting must come to its end."""


class EventAnnouncer:
    """Tells the endpoints in a store of events. Disabled ones are told, too: their deliveries are held.

    `api_url` is where people reach the API. Without an endpoint nothing is asked of Temporal.
    """

    def __init__(self, store: ArtifactStore, api_url: str = "") -> None:
        self._endpoints = EndpointStore(store)
        self._records = RecordStore(store)
        self.store = store
        self.api_url = api_url
        self._known: list[WebhookEndpoint] = []
        self._known_until = 0.0

    async def endpoints_for(self, kinds: Collection[OutgoingEventType]) -> list[WebhookEndpoint]:
        """The endpoints that want events of any of these types. Raises StoreError."""
        now = asyncio.get_running_loop().time()
        if now >= self._known_until:
            self._known = await self._endpoints.all()
            self._known_until = now + _FRESH_SECONDS
        return [each for each in self._known if any(is_wanted(each, kind) for kind in kinds)]

    async def early_types(self) -> tuple[str, ...]:
        """The types of events before the end that some endpoint wants; none if that is not known."""
        try:
            known = await self.endpoints_for(EARLY_TYPES)
        except StoreError as error:
            activity.logger.error("Meetings are booked without events before their end: %s", error)
            return ()
        return tuple(kind.value for kind in EARLY_TYPES if any(is_wanted(each, kind) for each in known))

    async def announce(self, event: OutgoingEvent) -> None:
        """Within an activity: starts the deliveries of an event, each only once, however often it is announced.

        Raises StoreError, and ApplicationError of the type `Temporal`; it can then be announced again.
        """
        client = activity.client()
        endpoints = await self._wanting([event.type])
        try:
            await asyncio.gather(*(start_delivery(client, delivery_of(event, each)) for each in endpoints))
        except RPCError as error:
            raise ApplicationError(f"Temporal: {error}", type="Temporal") from None

    async def announce_end(self, record_path: str) -> None:
        """Within an activity: announces the end of the meeting whose record was just stored. Raises alike."""
        if await self._wanting(END_TYPES):
            for record in await self._records.read([record_path]):
                await self.announce(end_event(record, self.api_url))

    async def _wanting(self, kinds: Collection[OutgoingEventType]) -> list[WebhookEndpoint]:
        try:
            return await self.endpoints_for(kinds)
        except StoreError as error:
            # Where the rest of the store works it is one endpoint that cannot be read: all else goes on.
            if activity.info().attempt < _MOST_ATTEMPTS:
                raise
            activity.logger.error("No endpoint is told: %s", error)
            return []


class EventActivities:
    """Tells of events that workflows report."""

    def __init__(self, events: EventAnnouncer) -> None:
        self._events = events

    @activity.defn
    async def announce(self, news: MeetingNews) -> None:
        """Starts the deliveries of an event of a meeting. Raises as EventAnnouncer."""
        await self._events.announce(news.to_outgoing(self._events.api_url))


def calendar_news(
    calendar_id: str, kind: OutgoingEventType, api_url: str, problem: AccessProblem | None = None
) -> OutgoingEvent:
    """Within an activity: an event of a calendar, which all attempts of the activity tell under one id."""
    at = activity.info().scheduled_time
    calendar = CalendarFacts(
        calendar_id=calendar_id,
        workflow_id=calendar_workflow_id_for(calendar_id),
        problem=problem.value if problem else None,
        what_to_do=suggested_fix(problem, calendar_id) or None,
    )
    return calendar_event(kind, calendar, round(at.timestamp() * 1000), at, api_url)


async def announce_reconcile(events: EventAnnouncer, order: ReconcileInput) -> None:
    """Tells that a calendar was connected, with its first reconcile, or disconnected."""
    if order.disconnect_reason:
        await events.announce(
            calendar_news(order.calendar_id, OutgoingEventType.CALENDAR_DISCONNECTED, events.api_url)
        )
    elif order.is_first:
        await events.announce(
            calendar_news(order.calendar_id, OutgoingEventType.CALENDAR_CONNECTED, events.api_url)
        )
