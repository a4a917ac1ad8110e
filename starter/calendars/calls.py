"""The calls about one calendar: to its workflow, its book and the provider."""

import asyncio
from contextlib import suppress
from datetime import timedelta

from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.workflow import UpdateMethodMultiParam

from artifacts.notebook import CalendarCheckpointStore
from artifacts.store import ArtifactStore
from meetings.calendars.book import TrackedEvents
from meetings.calendars.keeping import CalendarView, OverrideChange
from meetings.calendars.overrides import Wanted
from meetings.ids import calendar_workflow_id_for
from providers.base import NotFoundError, UnavailableError
from providers.calendars import CalendarProvider, ConnectedCalendar
from starter.asking import NoAnswerError, ask
from starter.calendars.naming import Named, find_calendar, find_entry, find_event, no_such_event
from starter.changing import confirmed
from starter.errors import CalendarNotFoundError, MeetingInputError, WorkerMissingError
from workflows.calendar import CalendarWorkflow

_ANSWER_WITHIN = timedelta(seconds=5)
_CHANGE_WITHIN = timedelta(seconds=15)
_END_SECONDS = 5
"""Letting go of a few meetings takes a moment; the caller is shown that end rather than the moment before."""


class CalendarCalls:
    """Methods raise RPCError, ProviderError and StoreError as they come, else MeetingError."""

    def __init__(self, temporal: Client, provider: CalendarProvider, store: ArtifactStore) -> None:
        self._temporal = temporal
        self._provider = provider
        self._notebooks = CalendarCheckpointStore(store)

    async def find(self, calendar: str) -> Named:
        return await find_calendar(self._temporal, self._provider, calendar)

    async def kept(self, calendar: str) -> Named:
        """Raises CalendarNotFoundError for one that nobody keeps."""
        named = await self.find(calendar)
        if named.is_kept:
            return named
        if named.connected is None:
            raise CalendarNotFoundError(f"Calendar {named.calendar_id} was disconnected.")
        raise CalendarNotFoundError(
            f"Calendar {named.calendar_id} is connected at the provider, but not kept here. `minutekeeper calendar "
            "connect` with its credentials has it kept."
        )

    async def at_provider(self, named: Named) -> tuple[ConnectedCalendar | None, bool]:
        """What the provider has of it, and whether it answers."""
        if named.connected is not None:
            return named.connected, True
        try:
            return await self._provider.calendar(named.calendar_id), True
        except NotFoundError:
            return None, True
        except UnavailableError:
            return None, False

    async def view(self, named: Named) -> CalendarView:
        try:
            return await ask(self._handle(named), CalendarWorkflow.status, _ANSWER_WITHIN)
        except NoAnswerError as error:
            raise WorkerMissingError(
                f"Calendar {named.calendar_id} cannot be asked: {error}. Start one with `minutekeeper worker`; "
                "`minutekeeper doctor` says what is missing."
            ) from error

    async def book(self, named: Named) -> TrackedEvents:
        """What was read last; empty if nothing was."""
        notebook = await self._notebooks.read(named.calendar_id)
        return notebook.events if notebook else TrackedEvents(calendar_id=named.calendar_id)

    async def override_for(
        self, named: Named, event: str, wanted: Wanted | None, *, series: bool
    ) -> OverrideChange:
        """The change that is meant. Raises EventNotFoundError, and MeetingInputError for what is no series."""
        book = await self.book(named)
        entry = find_entry(book, event)
        if entry and not series:
            return OverrideChange(event_id=entry.event_id, wanted=wanted)
        _, there = await find_event(self._provider, book, event)
        if there is None:
            raise no_such_event(named.calendar_id, event)
        if not series:
            return OverrideChange(event_id=there.event_id, wanted=wanted)
        if not there.recurring_event_id:
            raise MeetingInputError("--series", f"event {there.event_id} is none of a series")
        return OverrideChange(series_id=there.recurring_event_id, wanted=wanted)

    async def change(
        self, named: Named, update: UpdateMethodMultiParam[..., CalendarView], *arguments: object
    ) -> CalendarView:
        return await confirmed(self._handle(named), update, *arguments, within=_CHANGE_WITHIN)

    async def ended_soon(self, named: Named) -> CalendarView | None:
        """What it came to; None if it takes longer to let go of all meetings."""
        view: CalendarView | None = None
        with suppress(TimeoutError, WorkflowFailureError):
            view = await asyncio.wait_for(self._handle(named).result(), _END_SECONDS)
        return view

    def _handle(self, named: Named) -> WorkflowHandle[CalendarWorkflow, CalendarView]:
        workflow_id = calendar_workflow_id_for(named.calendar_id)
        return self._temporal.get_workflow_handle_for(CalendarWorkflow.run, workflow_id)
