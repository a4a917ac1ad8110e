"""The typed client of calendars: connect them, look at them, steer them.

`calendar` is a calendar id or a workflow id everywhere, or a mail address or name that one calendar alone has at
the provider; `event` is an event id or a meeting id, the beginning of an event id, or a title that only one has.
Every method raises MeetingError: TemporalUnreachableError, WorkerMissingError and StoreTroubleError where one of
these does not answer, ProviderRefusedError with the provider's own words, CalendarNotFoundError and
EventNotFoundError for what is unknown, and MeetingRefusedError for a change that is not taken.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict
from temporalio.client import Client

from artifacts.connections import Connections
from artifacts.errors import StoreError
from artifacts.notebook import CalendarCheckpointStore
from artifacts.store import ArtifactStore
from meetings.calendars.keeping import CalendarStatus, CalendarView, DisconnectRequest, OverrideChange, PolicyChange
from meetings.calendars.overrides import NO_OVERRIDES, Override, Wanted
from meetings.calendars.policy import DEFAULT_POLICY, Policy
from minutekeeper.temporal.calendar_workflows import ensure_health_workflow
from providers.base import ProviderError
from providers.calendars import CalendarCredentials, CalendarProvider, RawCalendar, Resync
from runtime.settings import Settings
from starter.calendars.account import opened_account, plainly
from starter.calendars.calls import CalendarCalls
from starter.calendars.connecting import Account, ConnectedNow, connect_calendar
from starter.calendars.doctor import Diagnosis, diagnose
from starter.calendars.dry_run import DryRun, dry_run
from starter.calendars.events import DecidedEvent, decided_events
from starter.calendars.explaining import Explanation, explain
from starter.calendars.listing import list_calendars
from starter.calendars.naming import find_event
from starter.calendars.policies import as_written, difference
from starter.calendars.recording import NO_POLICY, ProviderRecording, ProvidersTimer
from starter.calendars.repairing import AppCredentials, Repair, update_credentials
from starter.calendars.summaries import CalendarSummary, summary_of
from starter.client import MeetingsClient
from starter.errors import WorkerMissingError
from starter.inputs import checked, settings
from starter.temporal_errors import in_plain_words
from workflows.calendar import CalendarWorkflow


class CalendarDetails(BaseModel):
    """One calendar: its summary, its workflow's view, and how many of its coming events are recorded."""

    model_config = ConfigDict(frozen=True)

    summary: CalendarSummary
    view: CalendarView | None
    coming: int
    recorded: int


class PolicyChanged(BaseModel):
    """`dry_run` is what follows from it for the meetings; None if it could not be worked out, for `trouble`."""

    model_config = ConfigDict(frozen=True)

    calendar_id: str
    before: Policy
    after: Policy
    dry_run: DryRun | None = None
    trouble: str = ""

    @property
    def lines(self) -> list[str]:
        """What is different, as lines of JSON; none if nothing is."""
        return difference(self.before, self.after)


class CalendarsClient:
    """Calendars behind a Temporal client, which must have the data converter of `runtime.connection`."""

    def __init__(self, temporal: Client, provider: CalendarProvider, store: ArtifactStore) -> None:
        self.temporal = temporal
        self._provider = provider
        self._account = Account(temporal, provider, Connections(store))
        self._calls = CalendarCalls(temporal, provider, store)
        self._notebooks = CalendarCheckpointStore(store)
        self._timer = ProvidersTimer(temporal, provider)

    @classmethod
    @asynccontextmanager
    async def opened(cls, given: Settings | None = None) -> AsyncIterator["CalendarsClient"]:
        """Connected as `TEMPORAL_*` and the settings (by default the environment's) say; closed at the end."""
        chosen = given or settings()
        async with opened_account(chosen) as provider:
            temporal = (await MeetingsClient.connect()).temporal
            yield cls(temporal, provider, ArtifactStore(chosen.artifacts_url))

    async def raw(self, credentials: CalendarCredentials) -> list[RawCalendar]:
        """What the user could connect."""
        with plainly():
            return await self._provider.raw_calendars(credentials)

    async def connect(
        self, credentials: CalendarCredentials, raw_id: str | None = None, policy: Policy | None = None
    ) -> ConnectedNow:
        """Has a calendar kept, by default the primary one and by the default policy.

        Repeated, it renews the credentials and changes nothing else; one that was cut off can be repeated.
        """
        with self._plainly():
            return await connect_calendar(self._account, credentials, raw_id, policy)

    async def list(self) -> list[CalendarSummary]:
        """All calendars, those that the provider has and nobody keeps among them."""
        with self._plainly():
            return await list_calendars(self.temporal, self._provider)

    async def show(self, calendar: str) -> CalendarDetails:
        """Everything about a calendar but its events."""
        with self._plainly():
            named = await self._calls.find(calendar)
            connected, provider_answers = await self._calls.at_provider(named)
            view = await self._calls.view(named) if named.is_kept else None
            now = datetime.now(UTC)
            book = await self._calls.book(named)
            coming = [entry for entry in book.entries.values() if not entry.is_over(now)]
        return CalendarDetails(
            summary=summary_of(
                named.calendar_id, view, connected, is_kept=named.is_kept, provider_answers=provider_answers
            ),
            view=view,
            coming=len(coming),
            recorded=sum(entry.record for entry in coming),
        )

    async def events(self, calendar: str, *, also_past: bool = False) -> tuple[DecidedEvent, ...]:
        """Events as they were read last, each with its decision, its meeting and its bot, in order of start."""
        with self._plainly():
            named = await self._calls.kept(calendar)
            book = await self._calls.book(named)
            return await decided_events(self.temporal, book, datetime.now(UTC), also_past=also_past)

    async def explain(self, calendar: str, event: str) -> Explanation:
        """Which rule decides about an event, and what it looks at."""
        with self._plainly():
            named = await self._calls.kept(calendar)
            view = await self._calls.view(named)
            book = await self._calls.book(named)
            return await explain(self.temporal, self._provider, book, (view.policy, view.overrides), event)

    async def plan(self, calendar: str, policy: Policy | None = None) -> DryRun:
        """What would be booked, moved and cancelled by a policy, by default the calendar's own: nothing is done."""
        with self._plainly():
            named = await self._calls.find(calendar)
            rules = policy or DEFAULT_POLICY, NO_OVERRIDES
            if named.is_kept:
                view = await self._calls.view(named)
                rules = policy or view.policy, view.overrides
            book = await self._calls.book(named)
            return await dry_run(self._provider, self.temporal, book, rules, datetime.now(UTC))

    async def policy(self, calendar: str) -> Policy:
        """The policy by which a calendar decides."""
        with self._plainly():
            return (await self._calls.view(await self._calls.kept(calendar))).policy

    async def set_policy(self, calendar: str, policy: Policy) -> PolicyChanged:
        """Has a calendar decide by another policy, also about the meetings that are booked already."""
        with self._plainly():
            named = await self._calls.kept(calendar)
            view = await self._calls.view(named)
            changed = PolicyChanged(calendar_id=named.calendar_id, before=view.policy, after=policy)
            if not changed.lines:
                return changed
            rules, now = (policy, view.overrides), datetime.now(UTC)
            found: dict[str, object]
            try:
                book = await self._calls.book(named)
                found = {"dry_run": await dry_run(self._provider, self.temporal, book, rules, now)}
            except (ProviderError, StoreError) as error:
                found = {"trouble": str(error)}
            await self._calls.change(named, CalendarWorkflow.set_policy, PolicyChange(policy=as_written(policy)))
        return changed.model_copy(update=found)

    async def override(
        self, calendar: str, event: str, wanted: Wanted | None, *, series: bool = False
    ) -> OverrideChange:
        """Decides one event, or its whole series, before any policy; None leaves it to the policy again.

        Raises MeetingInputError for a series where the event is none of one.
        """
        with self._plainly():
            named = await self._calls.kept(calendar)
            change = await self._calls.override_for(named, event, wanted, series=series)
            await self._calls.change(named, CalendarWorkflow.override, change)
            return change

    async def override_of(self, calendar: str, event: str) -> Override | None:
        """What somebody said for an event or its series; None also for one that nobody keeps or knows."""
        with self._plainly():
            named = await self._calls.find(calendar)
            if not named.is_kept:
                return None
            with suppress(WorkerMissingError):
                view = await self._calls.view(named)
                _, there = await find_event(self._provider, await self._calls.book(named), event)
                return view.overrides.of(there) if there else None
        return None

    async def record(self, calendar: str, event: str, *, all_occurrences: bool = False) -> ProviderRecording:
        """Has the provider record an event, or its whole series, by its own timer.

        Raises MeetingRefusedError where a meeting of ours does so, and MeetingInputError for a series where the
        event is none of one.
        """
        with self._plainly():
            named = await self._calls.find(calendar)
            rules = NO_POLICY
            if named.is_kept:
                view = await self._calls.view(named)
                rules = view.policy, view.overrides
            book = await self._calls.book(named)
            return await self._timer.record(book, rules, event, all_occurrences=all_occurrences)

    async def unrecord(self, calendar: str, event: str, *, all_occurrences: bool = False) -> ProviderRecording:
        """Takes that back; from the calendar's next look, which comes soon, its policy decides again."""
        with self._plainly():
            named = await self._calls.find(calendar)
            book = await self._calls.book(named)
            done = await self._timer.unrecord(book, event, all_occurrences=all_occurrences)
            if named.is_kept:
                # Without a worker there is no look now; the first one that comes will see it.
                with suppress(WorkerMissingError):
                    await self._calls.change(named, CalendarWorkflow.resync)
            return done

    async def resync(self, calendar: str) -> CalendarView:
        """Has everything to come read again, soon."""
        with self._plainly():
            return await self._calls.change(await self._calls.kept(calendar), CalendarWorkflow.resync)

    async def resync_all(self) -> Resync:
        """Has the provider read all calendars of the account again; only this tells of grants that have ended.

        Those that changed are looked at as soon as the provider says so, and what was found wrong is told to them.
        """
        with self._plainly():
            done = await self._provider.resync_all()
            await ensure_health_workflow(self.temporal, check_now=True)
            return done

    async def update_credentials(self, app: AppCredentials) -> Repair:
        """Gives calendars the new credentials of their OAuth app, and keeps what their users granted it."""
        with self._plainly():
            return await update_credentials(self.temporal, self._provider, app)

    async def doctor(self, given: Settings | None = None) -> Diagnosis:
        """How all calendars are, and what is to be done about each, with links for users who have to connect again.

        The links are signed by `BRIDGE_SECRET` of the settings, by default the environment's.
        """
        with self._plainly():
            return await diagnose(self.temporal, self._provider, self._notebooks, given or settings())

    async def disconnect(self, calendar: str, why: str = "") -> CalendarSummary:
        """Lets go of all meetings of a calendar and ends the provider's sync; what the user granted stays.

        One that nobody keeps is only ended at the provider.
        """
        request = checked(DisconnectRequest, {"reason": why} if why else {})
        view: CalendarView | None = None
        with self._plainly():
            named = await self._calls.find(calendar)
            if named.is_kept:
                view = await self._calls.change(named, CalendarWorkflow.disconnect, request)
                view = await self._calls.ended_soon(named) or view
            else:
                await self._provider.delete_calendar(named.calendar_id)
        is_kept = view is not None and view.status is not CalendarStatus.DISCONNECTED
        return summary_of(named.calendar_id, view, None, is_kept=is_kept, provider_answers=not is_kept)

    @contextmanager
    def _plainly(self) -> Iterator[None]:
        with in_plain_words(self.temporal), plainly():
            yield
