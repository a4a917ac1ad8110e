"""Checks whether calendars can be read and their bookings exist in Temporal, and says what to do."""

import asyncio
from datetime import UTC, datetime, timedelta

from pydantic import BaseModel, ConfigDict, ValidationError
from temporalio.client import Client

from minutekeeper.calendars.connect_link import connect_url, new_link
from minutekeeper.calendars.event_changes import booked_state_of, compare_meetings
from minutekeeper.calendars.health import AccessProblem, CalendarHealthView
from minutekeeper.calendars.tracked_events import BookedState, TrackedEvents
from minutekeeper.config import Settings
from minutekeeper.meetings.ids import meeting_id_from_workflow_id, workflow_id_for
from minutekeeper.providers.calendar_ids import provider_name
from minutekeeper.providers.calendar_registry import CalendarProviders
from minutekeeper.startup_checks import address_problems, signing_problems
from minutekeeper.storage.calendar_checkpoints import CalendarCheckpointStore
from minutekeeper.storage.errors import StoreError
from minutekeeper.storage.store import ArtifactStore
from minutekeeper.temporal.calendar_workflows import running_calendars
from minutekeeper.temporal.meeting_workflows import MeetingWorkflows
from minutekeeper.temporal.names import CALENDAR_HEALTH_ID
from minutekeeper.temporal.queries import describe_workflow
from minutekeeper.temporal.search_attributes import MEETING_STATUS
from starter.booking import RPC_TIMEOUT
from starter.calendars.limits import EventLeftOut, events_left_out
from starter.calendars.summaries import CalendarSummary, CalendarSummaryState, list_calendars
from starter.error_translation import translate_temporal_errors
from starter.errors import MeetingError
from starter.health_checks import CheckFailedError, shared_connection
from starter.meeting_snapshot import is_closed
from starter.output import amount
from starter.workflow_calls import NoAnswerError, query_workflow
from workflows.calendar_health import CalendarHealthWorkflow

_QUERY_TIMEOUT = timedelta(seconds=5)
_DESCRIBE_TIMEOUT = timedelta(seconds=5)
_MAX_CONCURRENCY = 20
_MAX_CALENDARS = 100
_MAX_NAMED = 3
_UNHEALTHY = {CalendarSummaryState.ERROR, CalendarSummaryState.NO_WORKFLOW, CalendarSummaryState.UNKNOWN}


class CalendarCheck(BaseModel):
    """A calendar, its missing bookings, and a link with which its user can connect it again, if that helps.

    Anyone who has the link can use it.
    """

    model_config = ConfigDict(frozen=True)

    calendar: CalendarSummary
    link: str = ""
    missing: tuple[str, ...] = ()
    """Ids of meetings that are booked by the calendar's stored state and do not exist in Temporal."""
    left_out: tuple[EventLeftOut, ...] = ()
    """Events to come that limits leave out."""

    @property
    def needs_attention(self) -> bool:
        return self.calendar.state in _UNHEALTHY or bool(self.missing)

    @property
    def suggested_fix(self) -> str:
        if self.missing and not self.calendar.suggested_fix:
            return f"`minutekeeper calendar resync {self.calendar.calendar_id}` books them again at once"
        return self.calendar.suggested_fix


class CalendarReport(BaseModel):
    """All calendars, and the result of the last access check; None, with `error`, if no access checks run."""

    model_config = ConfigDict(frozen=True)

    calendars: tuple[CalendarCheck, ...]
    access_checks: CalendarHealthView | None = None
    error: str = ""

    @property
    def needs_attention(self) -> bool:
        return bool(self.error) or any(each.needs_attention for each in self.calendars)


class MissingBookings:
    """Compares the stored state of calendars with the meetings that run in Temporal."""

    def __init__(self, temporal: Client, running: frozenset[str]) -> None:
        self._temporal = temporal
        self._running = running
        self._slots = asyncio.Semaphore(_MAX_CONCURRENCY)

    @classmethod
    async def load(cls, temporal: Client) -> "MissingBookings":
        """Raises RPCError."""
        workflows = MeetingWorkflows(temporal, _DESCRIBE_TIMEOUT)
        running = frozenset([meeting_id_from_workflow_id(each.id) async for each in workflows.running()])
        return cls(temporal, running)

    async def missing_of(self, tracked: TrackedEvents) -> list[str]:
        """Ids of meetings that are booked, wanted, not over and missing in Temporal. Raises RPCError."""
        states = await compare_meetings(tracked, self._running, self._booked_state, datetime.now(UTC))
        wanted = {entry.meeting_id for entry in tracked.entries.values() if entry.record}
        return [meeting_id for meeting_id, state in states.items() if state.is_lost and meeting_id in wanted]

    async def _booked_state(self, meeting_id: str) -> BookedState:
        async with self._slots:
            execution = await describe_workflow(self._temporal, workflow_id_for(meeting_id), _DESCRIBE_TIMEOUT)
        if execution is None:
            return BookedState.ABSENT
        status = execution.status.name if execution.status else ""
        return booked_state_of(status, execution.typed_search_attributes.get(MEETING_STATUS, ""))


async def report_on_calendars(
    temporal: Client, provider: CalendarProviders, checkpoints: CalendarCheckpointStore, settings: Settings
) -> CalendarReport:
    """Raises RPCError, ProviderError and StoreError."""
    calendars, bookings = await asyncio.gather(list_calendars(temporal, provider), MissingBookings.load(temporal))

    async def check(calendar: CalendarSummary) -> CalendarCheck:
        checkpoint = await checkpoints.read(calendar.calendar_id)
        lost = await bookings.missing_of(checkpoint.events) if checkpoint else []
        left_out = events_left_out(checkpoint.events, datetime.now(UTC)) if checkpoint else ()
        link = _link(calendar, settings)
        return CalendarCheck(calendar=calendar, link=link, missing=tuple(lost), left_out=left_out)

    checks = tuple([await check(each) for each in calendars])
    if not any(each.has_workflow for each in calendars):
        return CalendarReport(calendars=checks)
    handle = temporal.get_workflow_handle_for(CalendarHealthWorkflow.run, CALENDAR_HEALTH_ID)
    if not await _is_running(temporal):
        problem = "Calendar access is not being checked; `minutekeeper calendar resync` starts the checks."
        return CalendarReport(calendars=checks, error=problem)
    try:
        access_checks = await query_workflow(handle, CalendarHealthWorkflow.status, _QUERY_TIMEOUT)
    except NoAnswerError as error:
        problem = f"Whether calendar access is checked is not known: {error}."
        return CalendarReport(calendars=checks, error=problem)
    problem = f"The last access check failed: {access_checks.error}" if access_checks.error else ""
    return CalendarReport(calendars=checks, access_checks=access_checks, error=problem)


async def check_bookings(connecting: "asyncio.Task[Client]", settings: Settings) -> str:
    """Health check: every meeting that a calendar has booked exists. Raises CheckFailedError."""
    client = await shared_connection(connecting)
    try:
        checkpoints = CalendarCheckpointStore(ArtifactStore(settings.artifacts_url))
        with translate_temporal_errors(client):
            bookings = await MissingBookings.load(client)
            running = [each async for each in running_calendars(client)]
            calendars = [each.events async for each in checkpoints.read_all(_MAX_CALENDARS)]
            lost = {
                tracked.calendar_id: found for tracked in calendars if (found := await bookings.missing_of(tracked))
            }
    except MeetingError as error:
        raise CheckFailedError(f"not checked: {error}", "see there") from error
    except StoreError as error:
        raise CheckFailedError("not checked: the artifact store does not work", "see there") from error
    if lost:
        count = sum(map(len, lost.values()))
        named = ", ".join(list(lost)[:_MAX_NAMED]) + (", …" if len(lost) > _MAX_NAMED else "")
        raise CheckFailedError(
            f"{amount(count, 'booked meeting')} missing in Temporal, of these calendars: {named}",
            "run `minutekeeper calendar resync CALENDAR`, or `minutekeeper calendar connect` if its workflow no "
            "longer runs: both book them again",
        )
    return f"{amount(len(running), 'calendar workflow')} running; every booked meeting exists"


async def check_limits(settings: Settings) -> str:
    """Health check: which events limits leave out. It passes, because that is what limits are for.

    Raises CheckFailedError if the store does not work.
    """
    now = datetime.now(UTC)
    try:
        checkpoints = CalendarCheckpointStore(ArtifactStore(settings.artifacts_url))
        calendars = [each.events async for each in checkpoints.read_all(_MAX_CALENDARS)]
    except StoreError as error:
        raise CheckFailedError("not checked: the artifact store does not work", "see there") from error
    found = {tracked.calendar_id: left_out for tracked in calendars if (left_out := events_left_out(tracked, now))}
    if not found:
        return "no event is left out"
    first = min((each for left_out in found.values() for each in left_out), key=lambda each: each.start_time)
    named = ", ".join(list(found)[:_MAX_NAMED]) + (", …" if len(found) > _MAX_NAMED else "")
    count = amount(sum(map(len, found.values())), "event")
    return (
        f"{count} left out, of these calendars: {named}; the next is at {first.start_time:%Y-%m-%d %H:%M} UTC; "
        "`minutekeeper calendar doctor` names all"
    )


async def _is_running(temporal: Client) -> bool:
    execution = await describe_workflow(temporal, CALENDAR_HEALTH_ID, RPC_TIMEOUT)
    return execution is not None and not is_closed(execution)


def _link(calendar: CalendarSummary, settings: Settings) -> str:
    """A new link each time, never stored; empty if it would not help or cannot be created."""
    secret = settings.bridge_secret.get_secret_value()
    if calendar.problem is not AccessProblem.USER_GRANT or signing_problems(settings) or address_problems(settings):
        return ""
    try:
        provider = provider_name(calendar.calendar_id)
        link = new_link(calendar.user, calendar.platform, datetime.now(UTC), provider=provider)
    except ValidationError:
        return ""
    return connect_url(settings.bridge_public_url, secret, link)
