"""Which calendar and which event people mean."""

import asyncio
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import NamedTuple

from temporalio.client import Client, WorkflowExecutionDescription

from meetings.calendars.book import TrackedEvents
from meetings.calendars.entry import TrackedEvent
from meetings.calendars.event import CalendarEvent
from meetings.ids import calendar_id_of, calendar_workflow_id_for
from meetings.names import CALENDAR_WORKFLOW
from minutekeeper.temporal.calendar_workflows import running_calendars
from minutekeeper.temporal.queries import describe_workflow
from providers.base import NotFoundError, RequestRejectedError
from providers.calendars import CalendarProvider, ConnectedCalendar
from starter.asking import NoAnswerError, ask
from starter.booking import RPC_LIMIT
from starter.errors import CalendarNotFoundError, EventNotFoundError, MeetingInputError
from starter.inputs import check_id
from starter.summaries import is_closed
from workflows.calendar import CalendarWorkflow

_LEAST_OF_AN_ID = 4
_SHOWN = 5
_ASKED_AT_ONCE = 10
_ANSWER_WITHIN = timedelta(seconds=3)

_NAMES: tuple[Callable[[ConnectedCalendar], str], ...] = (
    lambda calendar: calendar.calendar_id,
    lambda calendar: calendar.raw_id,
    lambda calendar: calendar.name,
    lambda calendar: calendar.email,
)


class Named(NamedTuple):
    """A calendar: its newest workflow, None if it never had one, and the provider's side, if that was asked."""

    calendar_id: str
    execution: WorkflowExecutionDescription | None
    connected: ConnectedCalendar | None = None

    @property
    def is_kept(self) -> bool:
        return self.execution is not None and not is_closed(self.execution)


async def find_calendar(temporal: Client, provider: CalendarProvider, text: str) -> Named:
    """The calendar of this id or workflow id; else the one of this mail address or name at the provider.

    Raises CalendarNotFoundError, and MeetingInputError for a name that several have.
    """
    check_id("CALENDAR", text)
    ended: WorkflowExecutionDescription | None = None
    for name in (calendar_workflow_id_for(text), text):
        execution = await describe(temporal, name)
        if execution is None:
            continue
        if not is_closed(execution):
            return Named(calendar_id_of(name), execution)
        ended = ended or execution
    connected = _only(text, await provider.calendars())
    if connected is not None:
        workflow_id = calendar_workflow_id_for(connected.calendar_id)
        return Named(connected.calendar_id, await describe(temporal, workflow_id), connected)
    if lost := await _lost_by_the_provider(temporal, text):
        return lost
    if ended is not None:
        return Named(calendar_id_of(ended.id), ended)
    raise CalendarNotFoundError(f"There is no calendar {text}. `minutekeeper calendar list` shows all.")


async def _lost_by_the_provider(temporal: Client, text: str) -> Named | None:
    """The calendar that is kept for an owner of this name and that the provider does not have any more.

    Raises MeetingInputError for a name that several have.
    """
    slots = asyncio.Semaphore(_ASKED_AT_ONCE)

    async def owner(name: str) -> str:
        async with slots:
            try:
                handle = temporal.get_workflow_handle_for(CalendarWorkflow.run, name)
                return (await ask(handle, CalendarWorkflow.status, _ANSWER_WITHIN)).owner
            except NoAnswerError:
                return ""

    names = [calendar_workflow_id_for(each) async for each in running_calendars(temporal)]
    owners = await asyncio.gather(*(owner(name) for name in names))
    wanted = text.strip().casefold()
    found = [name for name, one in zip(names, owners, strict=True) if one.casefold() == wanted]
    if len(found) > 1:
        ids = _some(map(calendar_id_of, found))
        raise MeetingInputError("CALENDAR", f"{text!r} could be {ids}; say which by its id")
    return Named(calendar_id_of(found[0]), await describe(temporal, found[0])) if found else None


async def describe(temporal: Client, workflow_id: str) -> WorkflowExecutionDescription | None:
    """The newest run of a calendar's workflow; None if there is none of this name."""
    execution = await describe_workflow(temporal, workflow_id, RPC_LIMIT)
    return execution if execution and execution.workflow_type == CALENDAR_WORKFLOW else None


def find_entry(book: TrackedEvents, text: str) -> TrackedEvent | None:
    """The event of this id or of this meeting; else the one whose id begins so, or that has this title.

    Raises MeetingInputError for what means several events.
    """
    ways: tuple[Callable[[TrackedEvent], bool], ...] = (
        lambda entry: entry.event_id == text,
        lambda entry: entry.meeting_id == text,
        lambda entry: len(text) >= _LEAST_OF_AN_ID and entry.event_id.startswith(text),
        lambda entry: entry.desired.title.casefold() == text.strip().casefold(),
    )
    for is_meant in ways:
        found = {entry.event_id: entry for entry in book.entries.values() if is_meant(entry)}
        if len(found) > 1:
            raise MeetingInputError("EVENT", f"{text!r} could be {_some(found)}; say which by its id")
        if found:
            # An event that was held and then moved has an entry for each time; the newest has its own id as key.
            (event_id,) = found
            return book.entries.get(event_id, found[event_id])
    return None


async def find_event(
    provider: CalendarProvider, book: TrackedEvents, text: str
) -> tuple[TrackedEvent | None, CalendarEvent | None]:
    """What the book and what the provider has of an event; an id that the book lacks may be read soon.

    Raises MeetingInputError for what means several events, ProviderError.
    """
    entry = find_entry(book, text)
    try:
        event = await provider.event(entry.event_id if entry else text)
    except (NotFoundError, RequestRejectedError):
        return entry, None
    return (entry, event) if event.calendar_id == book.calendar_id else (entry, None)


def no_such_event(calendar_id: str, text: str) -> EventNotFoundError:
    return EventNotFoundError(
        f"Calendar {calendar_id} has no event {text}. `minutekeeper calendar events {calendar_id}` shows those "
        "that were read; `minutekeeper calendar resync` has it read again."
    )


def _only(text: str, calendars: Iterable[ConnectedCalendar]) -> ConnectedCalendar | None:
    calendars = list(calendars)
    for name in _NAMES:
        found = [calendar for calendar in calendars if name(calendar).casefold() == text.strip().casefold()]
        if len(found) > 1:
            ids = _some(calendar.calendar_id for calendar in found)
            raise MeetingInputError("CALENDAR", f"{text!r} could be {ids}; say which by its id")
        if found:
            return found[0]
    return None


def _some(ids: Iterable[str]) -> str:
    known = list(ids)
    shown = ", ".join(known[:_SHOWN])
    return shown if len(known) <= _SHOWN else f"{shown} or {len(known) - _SHOWN} more"
