"""Summaries of calendars: what each calendar's workflow reports, joined with what the provider has."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple

from pydantic import AwareDatetime, BaseModel, ConfigDict
from temporalio.client import Client, WorkflowExecution

from minutekeeper.calendars.health import AccessProblem, suggested_fix
from minutekeeper.calendars.messages import CalendarStatus, CalendarView
from minutekeeper.meetings.ids import calendar_id_from_workflow_id, calendar_workflow_id_for
from minutekeeper.providers.base import UnavailableError
from minutekeeper.providers.calendar_base import CalendarProvider, ConnectedCalendar
from minutekeeper.providers.calendar_ids import provider_of_calendar
from minutekeeper.providers.calendar_registry import CalendarProviders
from minutekeeper.temporal.queries import IS_CALENDAR
from starter.meeting_snapshot import is_closed
from starter.workflow_calls import NoAnswerError, query_workflow
from workflows.calendar import CalendarWorkflow

_MAX_CONCURRENCY = 10
_QUERY_TIMEOUT = timedelta(seconds=3)


class CalendarSummaryState(StrEnum):
    """The state of a calendar, as its workflow and the provider together show it."""

    SYNCING = "syncing"
    """Its workflow runs, and the calendar was not read yet."""
    ACTIVE = "active"
    ERROR = "error"
    """It cannot be read; `error` says why. No meeting is cancelled because of that."""
    LEAVING = "leaving"
    """It is being disconnected."""
    DISCONNECTED = "disconnected"
    NO_WORKFLOW = "no_workflow"
    """The provider has it, and no workflow runs for it."""
    UNKNOWN = "unknown"
    """Its workflow runs, but no worker answered."""


class CalendarSummary(BaseModel):
    """One line of a list.

    `has_workflow` is whether its workflow runs. `is_connected` is whether the provider has it; None if the provider
    did not answer.
    """

    model_config = ConfigDict(frozen=True)

    calendar_id: str
    workflow_id: str
    state: CalendarSummaryState
    problem: AccessProblem | None = None
    error: str = ""
    problem_since: AwareDatetime | None = None
    suggested_fix: str = ""
    user: str = ""
    platform: str = ""
    name: str = ""
    email: str = ""
    has_workflow: bool
    is_connected: bool | None
    reconcile_count: int = 0
    last_reconciled_at: AwareDatetime | None = None
    next_reconcile_at: AwareDatetime | None = None

    @property
    def owner(self) -> str:
        """Name and email address, as far as they are known."""
        return self.email if self.name in {"", self.email} else f"{self.name} <{self.email}>"


async def list_calendars(temporal: Client, provider: CalendarProviders) -> list[CalendarSummary]:
    """All calendars by name. If the provider does not answer, names are missing and `is_connected` is None."""
    executions, connected = await asyncio.gather(_newest_runs(temporal), _connected(provider))
    at_provider = connected.calendars
    slots = asyncio.Semaphore(_MAX_CONCURRENCY)

    async def summary(calendar_id: str) -> CalendarSummary:
        execution = executions.get(calendar_id)
        has_workflow = execution is not None and not is_closed(execution)
        async with slots:
            view = await _view(temporal, calendar_id) if has_workflow else None
        return calendar_summary(
            calendar_id,
            view,
            at_provider.get(calendar_id),
            has_workflow=has_workflow,
            provider_answers=provider_of_calendar(calendar_id) not in connected.silent,
        )

    found = await asyncio.gather(*(summary(each) for each in {**executions, **at_provider}))
    return sorted(found, key=lambda each: (each.owner.casefold(), each.calendar_id))


def calendar_summary(
    calendar_id: str,
    view: CalendarView | None,
    connected: ConnectedCalendar | None,
    *,
    has_workflow: bool,
    provider_answers: bool = True,
) -> CalendarSummary:
    """Joins both sides of a calendar.

    Args:
        calendar_id: The provider's id.
        view: The workflow's answer; None if no workflow runs or no worker answered.
        connected: The provider's side; None if the provider does not have it or did not answer.
        has_workflow: Whether the calendar's workflow runs.
        provider_answers: Whether the provider answered.
    """
    is_connected = (connected is not None) if provider_answers else None
    state, error = _state_of(view, connected, has_workflow=has_workflow, is_connected=is_connected)
    known = view or CalendarView(calendar_id=calendar_id, status=CalendarStatus.SYNCING)
    return CalendarSummary(
        calendar_id=calendar_id,
        workflow_id=calendar_workflow_id_for(calendar_id),
        state=state,
        problem=known.problem,
        error=error,
        problem_since=known.problem_since,
        suggested_fix=_suggested_fix(state, known, is_connected=is_connected),
        user=known.user,
        platform=known.platform,
        name=connected.name if connected else "",
        email=connected.email if connected else known.owner,
        has_workflow=has_workflow,
        is_connected=is_connected,
        reconcile_count=known.reconcile_count,
        last_reconciled_at=known.last_reconciled_at,
        next_reconcile_at=known.next_reconcile_at if has_workflow else None,
    )


async def _newest_runs(temporal: Client) -> dict[str, WorkflowExecution]:
    """By calendar id. Temporal lists newer runs first."""
    query = f"{IS_CALENDAR} AND ExecutionStatus != 'ContinuedAsNew'"
    runs: dict[str, WorkflowExecution] = {}
    async for execution in temporal.list_workflows(query):
        runs.setdefault(calendar_id_from_workflow_id(execution.id), execution)
    return runs


class _Connected(NamedTuple):
    """What the providers have, by calendar id, and the names of those that did not answer."""

    calendars: dict[str, ConnectedCalendar]
    silent: frozenset[str]


async def _connected(providers: CalendarProviders) -> _Connected:
    async def listed(provider: CalendarProvider) -> list[ConnectedCalendar] | None:
        try:
            return await provider.calendars()
        except UnavailableError:
            return None

    accounts = list(providers)
    lists = await asyncio.gather(*map(listed, accounts))
    return _Connected(
        {calendar.calendar_id: calendar for found in lists for calendar in found or ()},
        frozenset(account.name for account, found in zip(accounts, lists, strict=True) if found is None),
    )


async def _view(temporal: Client, calendar_id: str) -> CalendarView | None:
    handle = temporal.get_workflow_handle_for(CalendarWorkflow.run, calendar_workflow_id_for(calendar_id))
    with suppress(NoAnswerError):
        return await query_workflow(handle, CalendarWorkflow.status, _QUERY_TIMEOUT)
    return None


def _suggested_fix(state: CalendarSummaryState, known: CalendarView, *, is_connected: bool | None) -> str:
    match state:
        case CalendarSummaryState.ERROR:
            # If the workflow reports no problem, the provider does.
            problem = known.problem or (AccessProblem.NOT_FOUND if is_connected is False else AccessProblem.SYNC)
            return suggested_fix(problem, known.calendar_id, known.user, known.platform, known.provider)
        case CalendarSummaryState.NO_WORKFLOW:
            return f"`minutekeeper calendar connect`, or `minutekeeper calendar disconnect {known.calendar_id}`"
        case CalendarSummaryState.UNKNOWN:
            return "start a worker with `minutekeeper worker`; `minutekeeper doctor` says what is missing"
    return ""


def _state_of(
    view: CalendarView | None, connected: ConnectedCalendar | None, *, has_workflow: bool, is_connected: bool | None
) -> tuple[CalendarSummaryState, str]:
    if not has_workflow and is_connected:
        return CalendarSummaryState.NO_WORKFLOW, "the provider has it, but no workflow runs for it"
    if not has_workflow or (view and view.status is CalendarStatus.DISCONNECTED):
        return CalendarSummaryState.DISCONNECTED, ""
    if view is None:
        return CalendarSummaryState.UNKNOWN, "no worker answered"
    if view.status is CalendarStatus.DISCONNECTING:
        return CalendarSummaryState.LEAVING, view.error
    if error := view.error or _provider_error(connected, is_connected=is_connected):
        return CalendarSummaryState.ERROR, error
    return (CalendarSummaryState.ACTIVE if view.reconcile_count else CalendarSummaryState.SYNCING), ""


def _provider_error(connected: ConnectedCalendar | None, *, is_connected: bool | None) -> str:
    if is_connected is False:
        return "the provider no longer has it; connect it again"
    if connected is None or (not connected.error and connected.status != CalendarSummaryState.ERROR):
        return ""
    return connected.error or "the provider reports an error without a reason"
