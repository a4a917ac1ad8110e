"""Connects a calendar: creates it at the provider and starts its workflow. Either may exist already."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict
from temporalio.client import Client, WorkflowHandle

from minutekeeper.calendars.messages import CalendarStatus, CalendarView, CalendarWorkflowInput
from minutekeeper.calendars.policy import DEFAULT_POLICY, Policy
from minutekeeper.calendars.preferences import CalendarIdentity, PolicySource, starting_rules
from minutekeeper.calendars.user_connection import ConnectionClaim
from minutekeeper.meetings.ids import calendar_workflow_id_for
from minutekeeper.providers import calendar_ids
from minutekeeper.providers.calendar_base import (
    AvailableCalendar,
    CalendarCredentials,
    CalendarProvider,
    ConnectedCalendar,
    identity_of,
)
from minutekeeper.providers.calendar_registry import CalendarProviders
from minutekeeper.storage.calendar_preferences import CalendarPreferencesStore
from minutekeeper.storage.user_connections import UserConnectionStore
from minutekeeper.temporal.calendar_workflows import describe_calendar, start_or_renew_calendar
from starter.errors import MeetingInputError, MeetingRefusedError
from starter.meeting_snapshot import is_closed
from starter.workflow_calls import NoAnswerError, query_workflow
from workflows.calendar import CalendarWorkflow

_QUERY_TIMEOUT = timedelta(seconds=5)

_OPERATOR_CLAIM = ConnectionClaim()


class ConnectOutcome(StrEnum):
    """The result of connecting a calendar."""

    CONNECTED = "connected"
    ADOPTED = "adopted"
    """The provider had it already without a workflow: an attempt was interrupted, or another tool connected it."""
    RENEWED = "renewed"
    """Its workflow ran already. It has the new credentials, and its policy is unchanged."""


class ConnectResult(BaseModel):
    """The connected calendar, how it was connected, and where its policy comes from.

    `policy` is None if the calendar was connected already and no worker answered.
    """

    model_config = ConfigDict(frozen=True)

    calendar_id: str
    workflow_id: str
    connection: ConnectOutcome
    name: str
    email: str
    policy_source: PolicySource
    policy: Policy | None
    overrides: int
    """How many overrides hold."""


class CalendarAccount(NamedTuple):
    """The Temporal namespace, the providers, and what is stored of the calendars of an account.

    `default_policy` is for calendars that never had one.
    """

    temporal: Client
    provider: CalendarProviders
    connections: UserConnectionStore
    preferences: CalendarPreferencesStore
    default_policy: Policy = DEFAULT_POLICY


async def connect_calendar(
    account: CalendarAccount,
    credentials: CalendarCredentials,
    raw_id: str | None,
    policy: Policy | None,
    provider_name: str = "",
) -> ConnectResult:
    """Connects one calendar. Idempotent: repeated, it renews the credentials and has the calendar read again.

    A calendar that a user connected by a link is left alone, also if both are the same shared calendar. One that
    was connected before, under whichever id, keeps its overrides, and its policy unless another one is given. What
    operators connected under another id is disconnected once this one has its meetings.

    Raises MeetingInputError for a `raw_id` that is not one of the user's calendars, MeetingRefusedError while the
    calendar is being disconnected, ProviderError and StoreError.
    """
    temporal, providers, connections, preferences, default_policy = account
    provider = providers.get(provider_name)
    wanted = _chosen(await provider.list_available_calendars(credentials), raw_id)
    known = await _known(provider, connections, wanted) if wanted else None
    if known is None:
        connected = await provider.create_calendar(credentials, wanted.raw_id if wanted else None)
        if not await connections.claim(connected.calendar_id, _OPERATOR_CLAIM):
            raise MeetingRefusedError(
                "A user is connecting this calendar at the moment; check with `calendar list` and try again."
            )
    else:
        await _refuse_if_leaving(temporal, known.calendar_id)
        connected = await provider.update_credentials(known.calendar_id, credentials)
    owner = connected.email or connected.name
    identity = identity_of(credentials.platform, connected, wanted)
    kept = await preferences.read(identity) if identity else None
    rules = starting_rules(kept, datetime.now(UTC), given=policy, default=default_policy)
    request = CalendarWorkflowInput(
        calendar_id=connected.calendar_id,
        provider=calendar_ids.provider_name(connected.calendar_id),
        owner=owner,
        identity=identity,
        policy=rules.policy,
        overrides=rules.overrides,
        preferences_changed_at=rules.changed_at,
        replaces=await _replaced(account, identity, connected.calendar_id),
    )
    held: Policy | None
    if await start_or_renew_calendar(temporal, request):
        connection = ConnectOutcome.ADOPTED if known else ConnectOutcome.CONNECTED
        source, held = rules.source, rules.policy
        overrides = rules.overrides.count
    else:
        connection = ConnectOutcome.RENEWED
        view = await _view(temporal, connected.calendar_id)
        source, held = PolicySource.UNCHANGED, view.policy if view else None
        overrides = view.overrides.count if view else 0
    if identity:
        await preferences.note_connected(identity, connected.calendar_id)
    return ConnectResult(
        calendar_id=connected.calendar_id,
        workflow_id=calendar_workflow_id_for(connected.calendar_id),
        connection=connection,
        name=connected.name,
        email=connected.email,
        policy_source=source,
        policy=held,
        overrides=overrides,
    )


def _chosen(calendars: Sequence[AvailableCalendar], raw_id: str | None) -> AvailableCalendar | None:
    """The requested calendar, else the primary one; None if none is marked as primary."""
    if raw_id is None:
        return next((one for one in calendars if one.is_primary), None)
    for one in calendars:
        if one.raw_id == raw_id:
            return one
    available = ", ".join(one.raw_id for one in calendars) or "none"
    raise MeetingInputError(
        "--raw-id", f"these credentials give access to no calendar {raw_id}; available: {available}"
    )


async def _known(
    provider: CalendarProvider, connections: UserConnectionStore, wanted: AvailableCalendar
) -> ConnectedCalendar | None:
    """Claims the calendar if the provider has it already and no user connected it."""
    for one in await provider.calendars():
        if one.raw_id == wanted.raw_id and await connections.claim(one.calendar_id, _OPERATOR_CLAIM):
            return one
    return None


async def _replaced(account: CalendarAccount, identity: CalendarIdentity | None, calendar_id: str) -> str:
    """The id under which operators have connected the same calendar before at the same provider; empty if none."""
    before = await account.preferences.connected_as(identity) if identity else ""
    is_at_provider = calendar_ids.provider_name(before or calendar_id) == calendar_ids.provider_name(calendar_id)
    is_other = before not in {"", calendar_id} and is_at_provider
    return before if is_other and await account.connections.claim(before, _OPERATOR_CLAIM) else ""


async def _refuse_if_leaving(temporal: Client, calendar_id: str) -> None:
    execution = await describe_calendar(temporal, calendar_id)
    if execution is None or is_closed(execution):
        return
    view = await _view(temporal, calendar_id)
    if view and view.status is CalendarStatus.DISCONNECTING:
        raise MeetingRefusedError(
            f"Calendar {calendar_id} is being disconnected; connect it again when `minutekeeper calendar "
            "list` shows it as disconnected."
        )


async def _view(temporal: Client, calendar_id: str) -> CalendarView | None:
    try:
        return await query_workflow(_handle(temporal, calendar_id), CalendarWorkflow.status, _QUERY_TIMEOUT)
    except NoAnswerError:
        return None


def _handle(temporal: Client, calendar_id: str) -> WorkflowHandle[CalendarWorkflow, CalendarView]:
    return temporal.get_workflow_handle_for(CalendarWorkflow.run, calendar_workflow_id_for(calendar_id))
