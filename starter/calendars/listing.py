"""All calendars: those that are kept here, and those that the provider has."""

import asyncio
from contextlib import suppress
from datetime import timedelta

from temporalio.client import Client, WorkflowExecution

from meetings.calendars.keeping import CalendarView
from meetings.ids import calendar_id_of, calendar_workflow_id_for
from minutekeeper.temporal.queries import IS_CALENDAR
from providers.base import UnavailableError
from providers.calendars import CalendarProvider, ConnectedCalendar
from starter.asking import NoAnswerError, ask
from starter.calendars.summaries import CalendarSummary, summary_of
from starter.summaries import is_closed
from workflows.calendar import CalendarWorkflow

_ASKED_AT_ONCE = 10
_ANSWER_WITHIN = timedelta(seconds=3)


async def list_calendars(temporal: Client, provider: CalendarProvider) -> list[CalendarSummary]:
    """Every calendar, by name. A provider that does not answer leaves names and `is_connected` open."""
    executions, connected = await asyncio.gather(_newest_runs(temporal), _connected(provider))
    at_provider = connected or {}
    slots = asyncio.Semaphore(_ASKED_AT_ONCE)

    async def summary(calendar_id: str) -> CalendarSummary:
        execution = executions.get(calendar_id)
        is_kept = execution is not None and not is_closed(execution)
        async with slots:
            view = await _view(temporal, calendar_id) if is_kept else None
        return summary_of(
            calendar_id,
            view,
            at_provider.get(calendar_id),
            is_kept=is_kept,
            provider_answers=connected is not None,
        )

    found = await asyncio.gather(*(summary(each) for each in {**executions, **at_provider}))
    return sorted(found, key=lambda each: (each.who.casefold(), each.calendar_id))


async def _newest_runs(temporal: Client) -> dict[str, WorkflowExecution]:
    """By calendar id. Temporal lists newer runs first."""
    query = f"{IS_CALENDAR} AND ExecutionStatus != 'ContinuedAsNew'"
    runs: dict[str, WorkflowExecution] = {}
    async for execution in temporal.list_workflows(query):
        runs.setdefault(calendar_id_of(execution.id), execution)
    return runs


async def _connected(provider: CalendarProvider) -> dict[str, ConnectedCalendar] | None:
    """By calendar id; None if the provider does not answer."""
    try:
        return {calendar.calendar_id: calendar for calendar in await provider.calendars()}
    except UnavailableError:
        return None


async def _view(temporal: Client, calendar_id: str) -> CalendarView | None:
    handle = temporal.get_workflow_handle_for(CalendarWorkflow.run, calendar_workflow_id_for(calendar_id))
    with suppress(NoAnswerError):
        return await ask(handle, CalendarWorkflow.status, _ANSWER_WITHIN)
    return None
