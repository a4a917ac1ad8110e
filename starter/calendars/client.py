"""The typed client for calendars: connect, read and change them.

`calendar` is a calendar id or workflow id, or an email address or name that is unique at the provider. `event` is
an event id or meeting id, the beginning of an event id, or a unique title. Every method raises MeetingError:
TemporalUnreachableError, NoWorkerError or StorageError if one of these does not answer, ProviderRefusedError with
the provider's own words, CalendarNotFoundError, EventNotFoundError, and MeetingRefusedError for a rejected change.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict
from temporalio.client import Client

from minutekeeper.calendars.decisions import Override, Wanted
from minutekeeper.calendars.limits_file import InstallationLimits
from minutekeeper.calendars.messages import (
    CalendarStatus,
    CalendarView,
    DisconnectRequest,
    PolicyChange,
)
from minutekeeper.calendars.objections import VetoScope
from minutekeeper.calendars.policy import DEFAULT_POLICY, Policy
from minutekeeper.config import Settings
from minutekeeper.providers.base import ProviderError
from minutekeeper.providers.calendar_base import (
    AccessCheck,
    AvailableCalendar,
    CalendarCredentials,
)
from minutekeeper.providers.calendar_registry import CalendarProviders
from minutekeeper.storage.calendar_checkpoints import CalendarCheckpointStore
from minutekeeper.storage.calendar_preferences import CalendarPreferencesStore
from minutekeeper.storage.errors import StoreError
from minutekeeper.storage.store import ArtifactStore
from minutekeeper.storage.user_connections import UserConnectionStore
from minutekeeper.temporal.calendar_workflows import ensure_health_workflow
from starter.calendars.connect import CalendarAccount, ConnectResult, connect_calendar
from starter.calendars.credential_rotation import AppCredentials, CredentialRotation, rotate_credentials
from starter.calendars.doctor import CalendarReport, report_on_calendars
from starter.calendars.events import DecidedEvent, decided_events
from starter.calendars.explain import EventExplanation, explain_decision
from starter.calendars.gateway import CalendarGateway, OverrideUpdate
from starter.calendars.limits import EventLeftOut, KnownLimits, events_left_out
from starter.calendars.lookup import find_event
from starter.calendars.opinions import BotUnderWay, MeetingOpinions
from starter.calendars.preview import PolicyPreview, policy_as_written, policy_difference, preview_policy
from starter.calendars.provider_recording import NO_POLICY, ProviderRecording, ProviderRecordings
from starter.calendars.summaries import CalendarSummary, calendar_summary, list_calendars
from starter.client import MeetingClient
from starter.error_translation import translate_provider_errors, translate_temporal_errors
from starter.errors import NoWorkerError
from starter.inputs import parse_input, settings
from starter.provider_account import open_calendar_account
from workflows.calendar import CalendarWorkflow


class CalendarDetails(BaseModel):
    """One calendar: its summary, its workflow's view, its numbers of events, and those that limits leave out."""

    model_config = ConfigDict(frozen=True)

    summary: CalendarSummary
    view: CalendarView | None
    upcoming: int
    recorded: int
    left_out: tuple[EventLeftOut, ...] = ()


class PolicyUpdate(BaseModel):
    """A changed policy. `preview` is what it changes for meetings; if it could not be made, `error` says why.

    `staying` are the bots that stay to the end of their meetings although it would not send them any more.
    """

    model_config = ConfigDict(frozen=True)

    calendar_id: str
    before: Policy
    after: Policy
    preview: PolicyPreview | None = None
    staying: tuple[BotUnderWay, ...] = ()
    error: str = ""

    @property
    def lines(self) -> list[str]:
        """The difference as lines of JSON; none if there is none."""
        return policy_difference(self.before, self.after)


class CalendarClient:
    """Calendars of a provider account.

    The Temporal client needs the data converter of `minutekeeper.temporal.connection`.
    """

    def __init__(  # noqa: PLR0913 - one argument for each thing that it works with
        self,
        temporal: Client,
        provider: CalendarProviders,
        store: ArtifactStore,
        default_policy: Policy = DEFAULT_POLICY,
        *,
        veto: VetoScope = VetoScope.ANY,
        limits: InstallationLimits | None = None,
    ) -> None:
        self.temporal = temporal
        self._provider = provider
        self._default_policy = default_policy
        preferences = CalendarPreferencesStore(store)
        self._account = CalendarAccount(temporal, provider, UserConnectionStore(store), preferences, default_policy)
        self._gateway = CalendarGateway(temporal, provider, store)
        self._opinions = MeetingOpinions(temporal, provider, store, veto)
        self._limits = KnownLimits(temporal, store, limits)
        self._checkpoints = CalendarCheckpointStore(store)
        self._provider_recordings = ProviderRecordings(temporal, provider)

    @classmethod
    @asynccontextmanager
    async def opened(cls, given: Settings | None = None) -> AsyncIterator["CalendarClient"]:
        """Connects as `TEMPORAL_*` and the settings (by default the environment's) say; closes at the end."""
        chosen = given or settings()
        async with open_calendar_account(chosen) as provider:
            temporal = (await MeetingClient.connect()).temporal
            store = ArtifactStore(chosen.artifacts_url)
            veto, limits = chosen.minutekeeper_veto, chosen.limits
            yield cls(temporal, provider, store, chosen.default_policy, veto=veto, limits=limits)

    async def available(self, credentials: CalendarCredentials, provider: str = "") -> list[AvailableCalendar]:
        """The calendars that the user can connect at a provider, by default the installation's."""
        with translate_provider_errors():
            return await self._provider.get(provider).list_available_calendars(credentials)

    async def connect(
        self,
        credentials: CalendarCredentials,
        raw_id: str | None = None,
        policy: Policy | None = None,
        provider: str = "",
    ) -> ConnectResult:
        """Connects a calendar, by default the primary one, at a provider, by default the installation's.

        Without a policy it gets the one that it had before, or else the default one. Idempotent: repeated, it
        renews the credentials and changes nothing else.
        """
        with self._translated_errors():
            return await connect_calendar(self._account, credentials, raw_id, policy, provider)

    async def list(self) -> list[CalendarSummary]:
        """All calendars, also those at the provider that have no workflow."""
        with self._translated_errors():
            return await list_calendars(self.temporal, self._provider)

    async def show(self, calendar: str) -> CalendarDetails:
        """All details of a calendar except its events."""
        with self._translated_errors():
            found = await self._gateway.find(calendar)
            connected, provider_answers = await self._gateway.at_provider(found)
            view = await self._gateway.view(found) if found.has_workflow else None
            now = datetime.now(UTC)
            tracked = await self._gateway.tracked_events(found)
            upcoming = [entry for entry in tracked.entries.values() if not entry.is_over(now)]
        return CalendarDetails(
            summary=calendar_summary(
                found.calendar_id,
                view,
                connected,
                has_workflow=found.has_workflow,
                provider_answers=provider_answers,
            ),
            view=view,
            upcoming=len(upcoming),
            recorded=sum(entry.record for entry in upcoming),
            left_out=events_left_out(tracked, now),
        )

    async def events(self, calendar: str, *, also_past: bool = False) -> tuple[DecidedEvent, ...]:
        """Events as they were last read, each with its decision, meeting and bot, in order of start."""
        with self._translated_errors():
            found = await self._gateway.require_running(calendar)
            tracked = await self._gateway.tracked_events(found)
            return await decided_events(self.temporal, tracked, datetime.now(UTC), also_past=also_past)

    async def explain(self, calendar: str, event: str) -> EventExplanation:
        """The rule that decides about an event, and the facts it evaluates."""
        with self._translated_errors():
            found = await self._gateway.require_running(calendar)
            view = await self._gateway.view(found)
            tracked = await self._gateway.tracked_events(found)
            rules = await self._opinions.rules(found.calendar_id, view, view.policy)
            limits = await self._limits.context(found.calendar_id, view, view.policy, datetime.now(UTC))
            explained = await explain_decision(
                self.temporal, self._provider, tracked, rules, limits=limits, text=event
            )
            return explained.model_copy(update={"calendars": await self._opinions.about(explained.meeting)})

    async def plan(self, calendar: str, policy: Policy | None = None) -> PolicyPreview:
        """What a policy, by default the calendar's own, would book, move and cancel. Changes nothing."""
        with self._translated_errors():
            found = await self._gateway.find(calendar)
            view = await self._gateway.view(found) if found.has_workflow else None
            chosen = policy or (view.policy if view else self._default_policy)
            rules = await self._opinions.rules(found.calendar_id, view, chosen)
            limits = await self._limits.context(found.calendar_id, view, chosen, datetime.now(UTC))
            tracked = await self._gateway.tracked_events(found)
            return await preview_policy(self._provider, self.temporal, tracked, rules, limits)

    async def policy(self, calendar: str) -> Policy:
        """The calendar's policy."""
        with self._translated_errors():
            return (await self._gateway.view(await self._gateway.require_running(calendar))).policy

    async def set_policy(self, calendar: str, policy: Policy) -> PolicyUpdate:
        """Changes the policy; booked meetings are decided again."""
        with self._translated_errors():
            found = await self._gateway.require_running(calendar)
            view = await self._gateway.view(found)
            changed = PolicyUpdate(calendar_id=found.calendar_id, before=view.policy, after=policy)
            if not changed.lines:
                return changed
            now = datetime.now(UTC)
            effects: dict[str, object]
            try:
                rules = await self._opinions.rules(found.calendar_id, view, policy)
                tracked = await self._gateway.tracked_events(found)
                limits = await self._limits.context(found.calendar_id, view, policy, now)
                preview = await preview_policy(self._provider, self.temporal, tracked, rules, limits)
                effects = {"preview": preview, "staying": await self._opinions.staying(tracked, preview, now)}
            except (ProviderError, StoreError) as error:
                effects = {"error": str(error)}
            await self._gateway.change(
                found, CalendarWorkflow.set_policy, PolicyChange(policy=policy_as_written(policy))
            )
        return changed.model_copy(update=effects)

    async def override(
        self, calendar: str, event: str, wanted: Wanted | None, *, series: bool = False
    ) -> OverrideUpdate:
        """Decides about one event, or its whole series, before any policy; None removes the override.

        Raises MeetingInputError for a series if the event is not part of one.
        """
        with self._translated_errors():
            found = await self._gateway.require_running(calendar)
            update = await self._gateway.override_for(found, event, wanted, series=series)
            view, tracked = await self._gateway.view(found), await self._gateway.tracked_events(found)
            effects = await self._opinions.effects(view, tracked, update.event_id, update.change)
            await self._gateway.change(found, CalendarWorkflow.override, update.change)
            return update.model_copy(update=effects)

    async def override_of(self, calendar: str, event: str) -> Override | None:
        """The override of an event or its series; None if there is none, or if the calendar has no workflow."""
        with self._translated_errors():
            found = await self._gateway.find(calendar)
            if not found.has_workflow:
                return None
            with suppress(NoWorkerError):
                view = await self._gateway.view(found)
                _, event_found = await find_event(self._provider, await self._gateway.tracked_events(found), event)
                return view.overrides.for_event(event_found) if event_found else None
        return None

    async def record(self, calendar: str, event: str, *, all_occurrences: bool = False) -> ProviderRecording:
        """Makes the provider schedule a bot for an event, or its whole series, by itself.

        Raises MeetingRefusedError if the event gets a bot from Minutekeeper, and MeetingInputError for a series if
        the event is not part of one.
        """
        with self._translated_errors():
            found = await self._gateway.find(calendar)
            view = await self._gateway.view(found) if found.has_workflow else None
            policy = view.policy if view else NO_POLICY.policy
            rules = await self._opinions.rules(found.calendar_id, view, policy)
            tracked = await self._gateway.tracked_events(found)
            return await self._provider_recordings.record(tracked, rules, event, all_occurrences=all_occurrences)

    async def unrecord(self, calendar: str, event: str, *, all_occurrences: bool = False) -> ProviderRecording:
        """Removes the provider's schedule; the policy decides again from the next reconciliation, which is soon."""
        with self._translated_errors():
            found = await self._gateway.find(calendar)
            tracked = await self._gateway.tracked_events(found)
            done = await self._provider_recordings.unrecord(tracked, event, all_occurrences=all_occurrences)
            if found.has_workflow:
                # Without a worker the next reconciliation sees it.
                with suppress(NoWorkerError):
                    await self._gateway.change(found, CalendarWorkflow.resync)
            return done

    async def resync(self, calendar: str) -> CalendarView:
        """Requests a full reconciliation of a calendar."""
        with self._translated_errors():
            return await self._gateway.change(
                await self._gateway.require_running(calendar), CalendarWorkflow.resync
            )

    async def resync_all(self) -> AccessCheck:
        """Asks the providers which calendars they can read, because only this reveals revoked access.

        Changed calendars are reconciled as soon as the provider reports them, and access problems are signalled to
        their workflows.
        """
        with self._translated_errors():
            done = await self._provider.check_access()
            await ensure_health_workflow(self.temporal, check_now=True)
            return done

    async def rotate_credentials(self, app: AppCredentials) -> CredentialRotation:
        """Gives calendars the new credentials of their OAuth app; users need not grant access again."""
        with self._translated_errors():
            return await rotate_credentials(self.temporal, self._provider, app)

    async def doctor(self, given: Settings | None = None) -> CalendarReport:
        """Checks all calendars; the report has links for users who have to connect again.

        The links are signed with `BRIDGE_SECRET` of the settings, by default the environment's.
        """
        with self._translated_errors():
            return await report_on_calendars(self.temporal, self._provider, self._checkpoints, given or settings())

    async def disconnect(self, calendar: str, why: str = "", *, forget: bool = False) -> CalendarSummary:
        """Releases all meetings of a calendar and ends the provider's sync; the user's consent itself stays.

        A calendar without a workflow is deleted at the provider, and objects to no meeting of others any more.
        `forget` erases its policy and its overrides.
        """
        request = parse_input(DisconnectRequest, ({"reason": why} if why else {}) | {"forget": forget})
        view: CalendarView | None = None
        with self._translated_errors():
            found = await self._gateway.find(calendar)
            if found.has_workflow:
                view = await self._gateway.change(found, CalendarWorkflow.disconnect, request)
                view = await self._gateway.wait_for_end(found) or view
            else:
                # First, because once it is deleted, the calendar is not found again if this fails.
                await self._opinions.withdraw(found.calendar_id)
                await self._provider.of(found.calendar_id).delete_calendar(found.calendar_id)
                if forget:
                    await self._gateway.forget(found)
        has_workflow = view is not None and view.status is not CalendarStatus.DISCONNECTED
        return calendar_summary(
            found.calendar_id, view, None, has_workflow=has_workflow, provider_answers=not has_workflow
        )

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        with translate_temporal_errors(self.temporal), translate_provider_errors():
            yield
