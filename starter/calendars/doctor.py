"""How all calendars are, and what is to be done about each: the doctor of calendars."""

import asyncio
from datetime import UTC, datetime, timedelta

from pydantic import BaseModel, ConfigDict, ValidationError
from temporalio.client import Client

from artifacts.notebook import CalendarCheckpointStore
from meetings.calendars.health import AccessProblem
from meetings.calendars.rounds import CalendarHealthView
from meetings.connect_link import connect_url, new_link
from meetings.names import CALENDAR_HEALTH_ID
from minutekeeper.temporal.queries import describe_workflow
from providers.calendars import CalendarProvider
from runtime.settings import Settings
from runtime.startup import address_problems, signing_problems
from starter.asking import NoAnswerError, ask
from starter.booking import RPC_LIMIT
from starter.calendars.listing import list_calendars
from starter.calendars.losses import Losses
from starter.calendars.summaries import CalendarState, CalendarSummary
from starter.summaries import is_closed
from workflows.calendar_health import CalendarHealthWorkflow

_ANSWER_WITHIN = timedelta(seconds=5)
_ILL = {CalendarState.ERROR, CalendarState.NOT_KEPT, CalendarState.UNKNOWN}


class Patient(BaseModel):
    """A calendar, and a link by which its user can connect again, if that helps. It is as good as its bearer."""

    model_config = ConfigDict(frozen=True)

    calendar: CalendarSummary
    link: str = ""
    lost: tuple[str, ...] = ()
    """Meetings that are booked by its book, and that Temporal does not know."""

    @property
    def needs_somebody(self) -> bool:
        return self.calendar.state in _ILL or bool(self.lost)

    @property
    def what_to_do(self) -> str:
        if self.lost and not self.calendar.what_to_do:
            return f"`minutekeeper calendar resync {self.calendar.calendar_id}` books them again at once"
        return self.calendar.what_to_do


class Diagnosis(BaseModel):
    """`rounds` is what the last check of all grants found; None, with the `trouble`, if nobody checks them."""

    model_config = ConfigDict(frozen=True)

    patients: tuple[Patient, ...]
    rounds: CalendarHealthView | None = None
    trouble: str = ""

    @property
    def needs_somebody(self) -> bool:
        return bool(self.trouble) or any(each.needs_somebody for each in self.patients)


async def diagnose(
    temporal: Client, provider: CalendarProvider, notebooks: CalendarCheckpointStore, settings: Settings
) -> Diagnosis:
    """Raises RPCError, ProviderError and StoreError."""
    calendars, losses = await asyncio.gather(list_calendars(temporal, provider), Losses.seen_now(temporal))

    async def patient(calendar: CalendarSummary) -> Patient:
        notebook = await notebooks.read(calendar.calendar_id)
        lost = await losses.of(notebook.events) if notebook else []
        return Patient(calendar=calendar, link=_link(calendar, settings), lost=tuple(lost))

    patients = tuple([await patient(each) for each in calendars])
    if not any(each.is_kept for each in calendars):
        return Diagnosis(patients=patients)
    handle = temporal.get_workflow_handle_for(CalendarHealthWorkflow.run, CALENDAR_HEALTH_ID)
    if not await _runs(temporal):
        trouble = "Nobody checks the grants; `minutekeeper calendar resync` has them checked from now on."
        return Diagnosis(patients=patients, trouble=trouble)
    try:
        rounds = await ask(handle, CalendarHealthWorkflow.status, _ANSWER_WITHIN)
    except NoAnswerError as error:
        return Diagnosis(patients=patients, trouble=f"Whether the grants are checked cannot be said: {error}.")
    trouble = f"The last check of the grants came to nothing: {rounds.error}" if rounds.error else ""
    return Diagnosis(patients=patients, rounds=rounds, trouble=trouble)


async def _runs(temporal: Client) -> bool:
    execution = await describe_workflow(temporal, CALENDAR_HEALTH_ID, RPC_LIMIT)
    return execution is not None and not is_closed(execution)


def _link(calendar: CalendarSummary, settings: Settings) -> str:
    """Made anew each time, and kept nowhere; empty if it would not help, or cannot be made."""
    secret = settings.bridge_secret.get_secret_value()
    if calendar.ailment is not AccessProblem.USER_GRANT or signing_problems(settings) or address_problems(settings):
        return ""
    try:
        link = new_link(calendar.user, calendar.platform, datetime.now(UTC))
    except ValidationError:
        return ""
    return connect_url(settings.bridge_public_url, secret, link)
