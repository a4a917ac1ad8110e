"""Access to one calendar: its workflow, its stored state and the provider."""

import asyncio
from contextlib import suppress
from datetime import timedelta

from pydantic import BaseModel, ConfigDict
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.workflow import UpdateMethodMultiParam

from minutekeeper.calendars.decisions import Wanted
from minutekeeper.calendars.event import CalendarEvent
from minutekeeper.calendars.messages import CalendarView, OverrideChange
from minutekeeper.calendars.tracked_events import KEPT_FOR, TrackedEvents
from minutekeeper.meetings.ids import base_meeting_id, calendar_workflow_id_for
from minutekeeper.providers.base import NotFoundError, ProviderError, UnavailableError
from minutekeeper.providers.calendar_base import ConnectedCalendar
from minutekeeper.providers.calendar_registry import CalendarProviders
from minutekeeper.storage.calendar_checkpoints import CalendarCheckpointStore
from minutekeeper.storage.calendar_preferences import CalendarPreferencesStore
from minutekeeper.storage.store import ArtifactStore
from starter.calendars.lookup import CalendarRef, find_calendar, find_event, find_tracked_event, no_such_event
from starter.calendars.opinions import BotUnderWay
from starter.errors import CalendarNotFoundError, MeetingInputError, MeetingRefusedError, NoWorkerError
from starter.workflow_calls import NoAnswerError, query_workflow, update_workflow
from workflows.calendar import CalendarWorkflow

_QUERY_TIMEOUT = timedelta(seconds=5)
_UPDATE_TIMEOUT = timedelta(seconds=15)
_END_TIMEOUT_SECONDS = 5
"""How long `disconnect` waits for the end, because releasing a few meetings is quick and callers should see it."""


class OverrideUpdate(BaseModel):
    """A changed override, and the event by which it was named.

    `bots` are those that a `never` sends out, except from the meetings in `kept`, which other calendars have
    recorded. `obstacle` is why an `always` has no effect.
    """

    model_config = ConfigDict(frozen=True)

    calendar_id: str
    event_id: str
    change: OverrideChange
    bots: tuple[BotUnderWay, ...] = ()
    kept: frozenset[str] = frozenset()
    obstacle: str = ""


class CalendarGateway:
    """Methods raise RPCError, ProviderError and StoreError untranslated, and otherwise MeetingError."""

    def __init__(self, temporal: Client, provider: CalendarProviders, store: ArtifactStore) -> None:
        self._temporal = temporal
        self._provider = provider
        self._checkpoints = CalendarCheckpointStore(store)
        self._preferences = CalendarPreferencesStore(store)

    async def find(self, calendar: str) -> CalendarRef:
        return await find_calendar(self._temporal, self._provider, calendar)

    async def require_running(self, calendar: str) -> CalendarRef:
        """Raises CalendarNotFoundError if no workflow runs for the calendar."""
        found = await self.find(calendar)
        if found.has_workflow:
            return found
        if found.connected is None:
            raise CalendarNotFoundError(f"Calendar {found.calendar_id} was disconnected.")
        raise CalendarNotFoundError(
            f"Calendar {found.calendar_id} is connected at the provider, but no workflow runs for it. "
            "`minutekeeper calendar connect` with its credentials starts one."
        )

    async def at_provider(self, calendar: CalendarRef) -> tuple[ConnectedCalendar | None, bool]:
        """The provider's side of a calendar, None if there is none, and whether the provider answers."""
        if calendar.connected is not None:
            return calendar.connected, True
        try:
            return await self._provider.of(calendar.calendar_id).calendar(calendar.calendar_id), True
        except NotFoundError:
            return None, True
        except UnavailableError:
            return None, False

    async def view(self, calendar: CalendarRef) -> CalendarView:
        try:
            return await query_workflow(self._handle(calendar), CalendarWorkflow.status, _QUERY_TIMEOUT)
        except NoAnswerError as error:
            raise NoWorkerError(
                f"Calendar {calendar.calendar_id} cannot be queried: {error}. Start a worker with "
                "`minutekeeper worker`; `minutekeeper doctor` says what is missing."
            ) from error

    async def tracked_events(self, calendar: CalendarRef) -> TrackedEvents:
        """The stored state of the last reconciliation; empty if there was none."""
        checkpoint = await self._checkpoints.read(calendar.calendar_id)
        return checkpoint.events if checkpoint else TrackedEvents(calendar_id=calendar.calendar_id)

    async def forget(self, calendar: CalendarRef) -> None:
        """Erases what people decided for a calendar whose workflow has ended. Raises MeetingRefusedError."""
        identity = (await self.view(calendar)).identity if calendar.execution else None
        if identity is None:
            raise MeetingRefusedError(
                f"Calendar {calendar.calendar_id} is disconnected, but nothing says which user's calendar it was. "
                "Connect it again, and disconnect it with --forget."
            )
        await self._preferences.forget(identity)

    async def override_for(
        self, calendar: CalendarRef, event: str, wanted: Wanted | None, *, series: bool
    ) -> OverrideUpdate:
        """Resolves an event or series. Raises EventNotFoundError, and MeetingInputError if there is no series."""
        tracked = await self.tracked_events(calendar)
        entry = find_tracked_event(tracked, event, series=series)
        if entry and not series:
            meeting_id = base_meeting_id(entry.meeting_id)
            found: CalendarEvent | None = None
            with suppress(ProviderError):
                _, found = await find_event(self._provider, tracked, entry.event_id)
            others = tuple(each for each in found.meeting_ids if each != meeting_id) if found else ()
            expires_at = max(entry.last_end, found.expected_end if found else entry.last_end) + KEPT_FOR
            change = OverrideChange(meeting_id=meeting_id, other_ids=others, wanted=wanted, expires_at=expires_at)
            return OverrideUpdate(calendar_id=calendar.calendar_id, event_id=entry.event_id, change=change)
        if entry and entry.series:
            change = OverrideChange(series_id=entry.series, wanted=wanted)
            return OverrideUpdate(calendar_id=calendar.calendar_id, event_id=entry.event_id, change=change)
        _, found = await find_event(self._provider, tracked, event)
        if found is None:
            raise no_such_event(calendar.calendar_id, event)
        if not series:
            expires_at = found.expected_end + KEPT_FOR
            change = OverrideChange(meeting_id=found.meeting_ids[0], wanted=wanted, expires_at=expires_at)
        elif found.series:
            change = OverrideChange(series_id=found.series, wanted=wanted)
        else:
            raise MeetingInputError("--series", f"event {found.event_id} is not part of a series")
        return OverrideUpdate(calendar_id=calendar.calendar_id, event_id=found.event_id, change=change)

    async def change(
        self, calendar: CalendarRef, update: UpdateMethodMultiParam[..., CalendarView], *arguments: object
    ) -> CalendarView:
        return await update_workflow(self._handle(calendar), update, *arguments, within=_UPDATE_TIMEOUT)

    async def wait_for_end(self, calendar: CalendarRef) -> CalendarView | None:
        """Waits for the end of a disconnect; None if releasing all meetings takes longer."""
        view: CalendarView | None = None
        with suppress(TimeoutError, WorkflowFailureError):
            view = await asyncio.wait_for(self._handle(calendar).result(), _END_TIMEOUT_SECONDS)
        return view

    def _handle(self, calendar: CalendarRef) -> WorkflowHandle[CalendarWorkflow, CalendarView]:
        workflow_id = calendar_workflow_id_for(calendar.calendar_id)
        return self._temporal.get_workflow_handle_for(CalendarWorkflow.run, workflow_id)
