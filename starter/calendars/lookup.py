"""Resolves the names that users give to calendars and events."""

import asyncio
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import NamedTuple

from temporalio.client import Client, WorkflowExecutionDescription

from minutekeeper.calendars.event import CalendarEvent
from minutekeeper.calendars.tracked_events import TrackedEvent, TrackedEvents
from minutekeeper.meetings.ids import calendar_id_from_workflow_id, calendar_workflow_id_for
from minutekeeper.providers.base import NotFoundError, RequestRejectedError
from minutekeeper.providers.calendar_base import ConnectedCalendar
from minutekeeper.providers.calendar_registry import CalendarProviders
from minutekeeper.temporal.calendar_workflows import running_calendars
from minutekeeper.temporal.names import CALENDAR_WORKFLOW
from minutekeeper.temporal.queries import describe_workflow
from starter.booking import RPC_TIMEOUT
from starter.errors import CalendarNotFoundError, EventNotFoundError, MeetingInputError
from starter.inputs import check_id
from starter.meeting_snapshot import is_closed
from starter.workflow_calls import NoAnswerError, query_workflow
from workflows.calendar import CalendarWorkflow

_MIN_ID_PREFIX = 4
_MAX_SHOWN = 5
_MAX_CONCURRENCY = 10
_QUERY_TIMEOUT = timedelta(seconds=3)

_NAMES: tuple[Callable[[ConnectedCalendar], str], ...] = (
    lambda calendar: calendar.calendar_id,
    lambda calendar: calendar.raw_id,
    lambda calendar: calendar.name,
    lambda calendar: calendar.email,
)


class CalendarRef(NamedTuple):
    """A calendar: its newest workflow, None if it never had one, and the provider's side, if that was requested."""

    calendar_id: str
    execution: WorkflowExecutionDescription | None
    connected: ConnectedCalendar | None = None

    @property
    def has_workflow(self) -> bool:
        return self.execution is not None and not is_closed(self.execution)


async def find_calendar(temporal: Client, provider: CalendarProviders, text: str) -> CalendarRef:
    """The calendar with this id or workflow id, else the one with this email address or name at the provider.

    Raises CalendarNotFoundError, and MeetingInputError for a name that several calendars have.
    """
    check_id("CALENDAR", text)
    ended: WorkflowExecutionDescription | None = None
    for name in (calendar_workflow_id_for(text), text):
        execution = await calendar_execution(temporal, name)
        if execution is None:
            continue
        if not is_closed(execution):
            return CalendarRef(calendar_id_from_workflow_id(name), execution)
        ended = ended or execution
    connected = _only(text, await provider.calendars())
    if connected is not None:
        workflow_id = calendar_workflow_id_for(connected.calendar_id)
        return CalendarRef(connected.calendar_id, await calendar_execution(temporal, workflow_id), connected)
    if missing := await _missing_at_provider(temporal, text):
        return missing
    if ended is not None:
        return CalendarRef(calendar_id_from_workflow_id(ended.id), ended)
    raise CalendarNotFoundError(f"There is no calendar {text}. `minutekeeper calendar list` shows all.")


async def _missing_at_provider(temporal: Client, text: str) -> CalendarRef | None:
    """The calendar whose workflow runs for an owner of this name, and which the provider no longer has.

    Raises MeetingInputError for a name that several calendars have.
    """
    slots = asyncio.Semaphore(_MAX_CONCURRENCY)

    async def owner(workflow_id: str) -> str:
        async with slots:
            try:
                handle = temporal.get_workflow_handle_for(CalendarWorkflow.run, workflow_id)
                return (await query_workflow(handle, CalendarWorkflow.status, _QUERY_TIMEOUT)).owner
            except NoAnswerError:
                return ""

    workflow_ids = [calendar_workflow_id_for(each) async for each in running_calendars(temporal)]
    owners = await asyncio.gather(*(owner(each) for each in workflow_ids))
    name = text.strip().casefold()
    found = [each for each, one in zip(workflow_ids, owners, strict=True) if one.casefold() == name]
    if len(found) > 1:
        ids = _some(map(calendar_id_from_workflow_id, found))
        raise MeetingInputError("CALENDAR", f"{text!r} could be {ids}; use the id")
    return (
        CalendarRef(calendar_id_from_workflow_id(found[0]), await calendar_execution(temporal, found[0]))
        if found
        else None
    )


async def calendar_execution(temporal: Client, workflow_id: str) -> WorkflowExecutionDescription | None:
    """The newest run of a calendar's workflow; None if there is none with this id."""
    execution = await describe_workflow(temporal, workflow_id, RPC_TIMEOUT)
    return execution if execution and execution.workflow_type == CALENDAR_WORKFLOW else None


def find_tracked_event(tracked: TrackedEvents, text: str, *, series: bool = False) -> TrackedEvent | None:
    """The event with this id or meeting id, else the one whose id begins like this or that has this title.

    Raises MeetingInputError for a text that matches several events; where a `series` is meant, one of them will do
    if all belong to it.
    """
    matchers: tuple[Callable[[TrackedEvent], bool], ...] = (
        lambda entry: entry.event_id == text,
        lambda entry: entry.meeting_id == text,
        lambda entry: len(text) >= _MIN_ID_PREFIX and entry.event_id.startswith(text),
        lambda entry: entry.desired.title.casefold() == text.strip().casefold(),
    )
    for matches in matchers:
        found = {entry.event_id: entry for entry in tracked.entries.values() if matches(entry)}
        if len(found) > 1 and not (series and _are_one_series(found.values())):
            raise MeetingInputError("EVENT", f"{text!r} could be {_some(found)}; use the id")
        if found:
            # An event that took place and then moved has an entry for each time; the newest has its own id as key.
            event_id = next(iter(found))
            return tracked.entries.get(event_id, found[event_id])
    return None


def _are_one_series(entries: Iterable[TrackedEvent]) -> bool:
    keys = {entry.series for entry in entries}
    return len(keys) == 1 and "" not in keys


async def find_event(
    provider: CalendarProviders, tracked: TrackedEvents, text: str
) -> tuple[TrackedEvent | None, CalendarEvent | None]:
    """The stored and the provider's side of an event; a new event may not be stored yet.

    Raises MeetingInputError for a text that matches several events, and ProviderError.
    """
    entry = find_tracked_event(tracked, text)
    try:
        calendars = provider.of(tracked.calendar_id)
        event = await calendars.event(tracked.calendar_id, entry.event_id if entry else text)
    except (NotFoundError, RequestRejectedError):
        return entry, None
    (known,) = tracked.identify([event])
    return (entry, known) if event.calendar_id == tracked.calendar_id else (entry, None)


def no_such_event(calendar_id: str, text: str) -> EventNotFoundError:
    return EventNotFoundError(
        f"Calendar {calendar_id} has no event {text}. `minutekeeper calendar events {calendar_id}` lists the "
        "events that were read; `minutekeeper calendar resync` reads the calendar again."
    )


def _only(text: str, calendars: Iterable[ConnectedCalendar]) -> ConnectedCalendar | None:
    calendars = list(calendars)
    for name in _NAMES:
        found = [calendar for calendar in calendars if name(calendar).casefold() == text.strip().casefold()]
        if len(found) > 1:
            ids = _some(calendar.calendar_id for calendar in found)
            raise MeetingInputError("CALENDAR", f"{text!r} could be {ids}; use the id")
        if found:
            return found[0]
    return None


def _some(ids: Iterable[str]) -> str:
    known = list(ids)
    shown = ", ".join(known[:_MAX_SHOWN])
    return shown if len(known) <= _MAX_SHOWN else f"{shown} or {len(known) - _MAX_SHOWN} more"
