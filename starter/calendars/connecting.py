"""Connecting a calendar: created at the provider, then kept by a workflow. Either half may exist already."""

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict
from temporalio.client import Client, WorkflowHandle

from artifacts.connections import Connections
from meetings.calendars.connection import Claim
from meetings.calendars.keeping import CalendarStatus, CalendarView, CalendarWorkflowInput
from meetings.calendars.policy import DEFAULT_POLICY, Policy
from meetings.ids import calendar_workflow_id_for
from minutekeeper.temporal.calendar_workflows import describe_calendar, start_or_renew_calendar
from providers.calendars import CalendarCredentials, CalendarProvider, ConnectedCalendar, RawCalendar
from starter.asking import NoAnswerError, ask
from starter.errors import MeetingInputError, MeetingRefusedError
from starter.summaries import is_closed
from workflows.calendar import CalendarWorkflow

_ANSWER_WITHIN = timedelta(seconds=5)

_OPERATORS = Claim()


class Connection(StrEnum):
    """What became of the wish to connect a calendar."""

    CONNECTED = "connected"
    ADOPTED = "adopted"
    """The provider had it already, and nobody kept it: a try was cut off, or others connected it."""
    RENEWED = "renewed"
    """It was kept already; it has the new credentials, and its policy stays."""


class ConnectedNow(BaseModel):
    model_config = ConfigDict(frozen=True)

    calendar_id: str
    workflow_id: str
    connection: Connection
    name: str
    email: str


class Account(NamedTuple):
    """Where calendars are kept, made and claimed."""

    temporal: Client
    provider: CalendarProvider
    connections: Connections


async def connect_calendar(
    account: Account,
    credentials: CalendarCredentials,
    raw_id: str | None,
    policy: Policy | None,
) -> ConnectedNow:
    """Has one calendar kept, once: repeated, it only renews the credentials, and has the calendar read again.

    A calendar that a user connected by a link stays as it is, also if it is of the same shared calendar.

    Raises MeetingInputError for a `raw_id` that is none of the user's calendars, MeetingRefusedError while the
    calendar is being disconnected, ProviderError and StoreError.
    """
    temporal, provider, connections = account
    wanted = _chosen(await provider.raw_calendars(credentials), raw_id)
    known = await _known(provider, connections, wanted) if wanted else None
    if known is None:
        connected = await provider.create_calendar(credentials, wanted.raw_id if wanted else None)
        if not await connections.claim(connected.calendar_id, _OPERATORS):
            raise MeetingRefusedError("A user connects this very calendar at the moment; look, and try again.")
    else:
        await _refuse_if_leaving(temporal, known.calendar_id)
        connected = await provider.update_credentials(known.calendar_id, credentials)
    owner = connected.email or connected.name
    request = CalendarWorkflowInput(calendar_id=connected.calendar_id, owner=owner, policy=policy or DEFAULT_POLICY)
    if not await start_or_renew_calendar(temporal, request):
        connection = Connection.RENEWED
    else:
        connection = Connection.ADOPTED if known else Connection.CONNECTED
    return ConnectedNow(
        calendar_id=connected.calendar_id,
        workflow_id=calendar_workflow_id_for(connected.calendar_id),
        connection=connection,
        name=connected.name,
        email=connected.email,
    )


def _chosen(calendars: Sequence[RawCalendar], raw_id: str | None) -> RawCalendar | None:
    """The one that was asked for, else the primary one; None if none is marked as that."""
    if raw_id is None:
        return next((one for one in calendars if one.is_primary), None)
    for one in calendars:
        if one.raw_id == raw_id:
            return one
    there = ", ".join(one.raw_id for one in calendars) or "none at all"
    raise MeetingInputError("--raw-id", f"these credentials lead to no calendar {raw_id}; there is {there}")


async def _known(
    provider: CalendarProvider, connections: Connections, wanted: RawCalendar
) -> ConnectedCalendar | None:
    """The one that the provider has already and that no user connected, claimed from now on."""
    for one in await provider.calendars():
        if one.raw_id == wanted.raw_id and await connections.claim(one.calendar_id, _OPERATORS):
            return one
    return None


async def _refuse_if_leaving(temporal: Client, calendar_id: str) -> None:
    execution = await describe_calendar(temporal, calendar_id)
    if execution is None or is_closed(execution):
        return
    try:
        view = await ask(_handle(temporal, calendar_id), CalendarWorkflow.status, _ANSWER_WITHIN)
    except NoAnswerError:
        return
    if view.status is CalendarStatus.LEAVING:
        raise MeetingRefusedError(
            f"Calendar {calendar_id} is being disconnected just now; connect it again when `minutekeeper calendar "
            "list` shows it as disconnected."
        )


def _handle(temporal: Client, calendar_id: str) -> WorkflowHandle[CalendarWorkflow, CalendarView]:
    return temporal.get_workflow_handle_for(CalendarWorkflow.run, calendar_workflow_id_for(calendar_id))
