"""Connects a calendar after the user's consent. Read `connect` first.

A process may crash after any step: the stored connection says what is in progress, and the user's next attempt
removes what an unfinished one has created. A calendar at the provider belongs to the attempt that claimed it first,
because colleagues may connect the same shared calendar, and the provider does not say who made which.
"""

import contextlib
import logging
import secrets
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from bridge.connect.calendar_workflows import CalendarWorkflows
from bridge.connect.errors import ConnectError, ConnectErrorCode
from bridge.connect.session_cookies import SESSION_SECONDS
from bridge.temporal_gateway import TemporalCallError
from minutekeeper.calendars.connect_link import ConnectLink
from minutekeeper.calendars.messages import CalendarWorkflowInput
from minutekeeper.calendars.policy import Policy
from minutekeeper.calendars.preferences import PolicySource, starting_rules
from minutekeeper.calendars.user_connection import UNFINISHED, PendingConnection, UserConnection
from minutekeeper.providers.base import NotFoundError, ProviderError, UnavailableError
from minutekeeper.providers.calendar_base import (
    AvailableCalendar,
    CalendarCredentials,
    CalendarProvider,
    ConnectedCalendar,
    identity_of,
)
from minutekeeper.providers.calendar_ids import provider_name, provider_of_calendar
from minutekeeper.providers.calendar_registry import CalendarProviders
from minutekeeper.storage.calendar_preferences import CalendarPreferencesStore
from minutekeeper.storage.errors import StoreError
from minutekeeper.storage.objections import ObjectionStore
from minutekeeper.storage.user_connections import ConcurrentUpdateError, UserConnectionStore
from minutekeeper.text import one_line

_MAX_TRIES = 5
_REMEMBER_SESSIONS_FOR = timedelta(seconds=SESSION_SECONDS + 60)
"""How long used sessions are remembered after a link has expired, because callbacks may still arrive."""
_MAX_RAW_ID_BYTES = 1000
"""In bytes; a form has no room for a longer one, and Google's and Microsoft's have less than 200."""

logger = logging.getLogger(__name__)


class ConfirmationRequiredError(Exception):
    """The user has not confirmed yet that a calendar of theirs will be replaced."""


class FinishedConnection(NamedTuple):
    """The connected calendar, and where its policy comes from."""

    calendar: ConnectedCalendar
    policy_source: PolicySource


class ConnectService:
    """`connect` and `use_session` raise ConnectError, ProviderError, StoreError and TemporalCallError."""

    def __init__(  # noqa: PLR0913 - one argument for each thing that it works with
        self,
        calendars: CalendarProviders,
        workflows: CalendarWorkflows,
        connections: UserConnectionStore,
        preferences: CalendarPreferencesStore,
        default_policy: Policy,
        *,
        objections: ObjectionStore,
    ) -> None:
        self._calendars = calendars
        self._workflows = workflows
        self._connections = connections
        self._preferences = preferences
        self._objections = objections
        self._default_policy = default_policy

    async def load_connection(self, link: ConnectLink) -> UserConnection:
        """The stored connection of the user. Raises ConnectError if the link was used already."""
        known = await self._connections.read(link.user, link.platform)
        if known.is_token_used(link.link_id):
            raise ConnectError(ConnectErrorCode.LINK_USED)
        return known

    async def has_running_calendar(self, known: UserConnection) -> bool:
        """Whether the connected calendar has a running workflow, so that another one would replace it."""
        return bool(known.calendar_id) and await self._workflows.is_running(known.calendar_id)

    def needs_email(self, link: ConnectLink) -> bool:
        """Whether only the address of the account tells its calendar from those of others.

        Raises UnknownProviderError.
        """
        return not self._calendars.get(link.provider).capabilities.picks_calendars

    def provider(self, link: ConnectLink, known: UserConnection) -> CalendarProvider:
        """The provider at which the calendar is connected: the link's, else the one of before, else the default."""
        before = provider_of_calendar(known.calendar_id) if known.calendar_id else ""
        return self._calendars.get(link.provider or before)

    async def available_calendars(
        self, link: ConnectLink, credentials: CalendarCredentials
    ) -> list[AvailableCalendar]:
        """The calendars that the user could connect. Raises ConnectError if there are none."""
        provider = self.provider(link, await self.load_connection(link))
        found = await provider.list_available_calendars(credentials)
        usable = [each for each in found if len(each.raw_id.encode(errors="replace")) <= _MAX_RAW_ID_BYTES]
        if not usable:
            raise ConnectError(ConnectErrorCode.NO_CALENDAR)
        return usable

    async def available_calendar(
        self, link: ConnectLink, credentials: CalendarCredentials, raw_id: str
    ) -> AvailableCalendar:
        """The calendar of this id. Raises ConnectError if it is none that these credentials lead to."""
        for each in await self.available_calendars(link, credentials):
            if each.raw_id == raw_id:
                return each
        raise ConnectError(ConnectErrorCode.NO_CALENDAR)

    async def use_session(self, link: ConnectLink, session_id: str) -> None:
        """Marks a session as used. Raises ConnectError if it was used before."""
        now = datetime.now(UTC)
        for _ in range(_MAX_TRIES):
            known = await self.load_connection(link)
            if known.is_token_used(session_id):
                raise ConnectError(ConnectErrorCode.CODE_REFUSED, why="it came back a second time")
            with contextlib.suppress(ConcurrentUpdateError):
                await self._connections.write(
                    known.with_used_token(session_id, link.expires_at + _REMEMBER_SESSIONS_FOR, now)
                )
                return
        raise ConnectError(ConnectErrorCode.OVERTAKEN)

    async def connect(
        self,
        link: ConnectLink,
        credentials: CalendarCredentials,
        chosen: AvailableCalendar,
        confirmed_calendar_id: str,
    ) -> FinishedConnection:
        """Connects one of the user's `available_calendars`.

        One that was connected before, under whichever id, keeps its policy and its overrides. Raises
        ConfirmationRequiredError if it would replace another calendar than the confirmed one.
        """
        known = await self.load_connection(link)
        provider = self.provider(link, known)
        linked = await self._preferences.policy(link.policy_id) if link.policy_id else None
        if (
            known.calendar_id != confirmed_calendar_id
            and not _is_at(provider, known, chosen.raw_id)
            and await self.has_running_calendar(known)
        ):
            raise ConfirmationRequiredError
        attempt = PendingConnection(
            attempt_id=secrets.token_urlsafe(12),
            raw_id=chosen.raw_id,
            before=frozenset(each.calendar_id for each in await _calendars_of(provider, chosen.raw_id)),
        )
        # From here on no other attempt can finish.
        current = await self._without_leftovers(await self._write(known.with_attempt(attempt)))
        calendar = await _renew(provider, known, credentials, chosen.raw_id)
        if calendar is None:
            calendar = await self._take_over(provider, known, current, credentials, chosen)
        if calendar is None:
            current, calendar = await self._create(provider, current, attempt, credentials)
            done, source = await self._start_new_workflow(link, linked, current, chosen, calendar)
        else:
            # It existed before and cannot be removed again, so the connection is written before the workflow is
            # started.
            done = await self._write(_connected(current, chosen, calendar))
            source = await self._start_workflow(link, linked, chosen, calendar)
        await self._write(
            (await self._without_leftovers(done)).with_used_token(
                link.link_id, link.expires_at + _REMEMBER_SESSIONS_FOR, datetime.now(UTC)
            )
        )
        return FinishedConnection(calendar, source)

    async def _start_new_workflow(
        self,
        link: ConnectLink,
        linked: Policy | None,
        current: UserConnection,
        chosen: AvailableCalendar,
        calendar: ConnectedCalendar,
    ) -> tuple[UserConnection, PolicySource]:
        try:
            source = await self._start_workflow(link, linked, chosen, calendar)
            return await self._write(_connected(current, chosen, calendar)), source
        except (TemporalCallError, ConnectError):
            # What cannot be removed now is removed by the next attempt.
            with contextlib.suppress(TemporalCallError, ProviderError, StoreError):
                await self._disconnect(calendar.calendar_id, UNFINISHED)
            raise

    async def _start_workflow(
        self, link: ConnectLink, linked: Policy | None, chosen: AvailableCalendar, calendar: ConnectedCalendar
    ) -> PolicySource:
        """Starts or renews the workflow of a calendar; returns where its policy comes from."""
        identity = identity_of(link.platform, calendar, chosen)
        kept = await self._preferences.read(identity) if identity else None
        rules = starting_rules(kept, datetime.now(UTC), linked=linked, default=self._default_policy)
        request = CalendarWorkflowInput(
            calendar_id=calendar.calendar_id,
            provider=provider_name(calendar.calendar_id),
            user=link.user,
            platform=link.platform,
            owner=calendar.email or calendar.name,
            identity=identity,
            policy=rules.policy,
            overrides=rules.overrides,
            preferences_changed_at=rules.changed_at,
        )
        return rules.source if await self._workflows.start_or_renew(request) else PolicySource.UNCHANGED

    async def _create(
        self,
        provider: CalendarProvider,
        current: UserConnection,
        attempt: PendingConnection,
        credentials: CalendarCredentials,
    ) -> tuple[UserConnection, ConnectedCalendar]:
        for _ in range(_MAX_TRIES):
            try:
                calendar = await provider.create_calendar(credentials, attempt.raw_id)
            except UnavailableError:
                subject = one_line(f"{current.platform} calendar of {current.user}")
                logger.warning("connect %s: the provider may have created a calendar that has no workflow", subject)
                raise
            if calendar.calendar_id in attempt.before:
                break
            current = await self._write_created(current, calendar.calendar_id)
            if await self._connections.claim(calendar.calendar_id, current.claim_for(attempt.attempt_id)):
                return current, calendar
            # Another user's attempt took it over as the one whose creation was not confirmed.
        raise ConnectError(ConnectErrorCode.OVERTAKEN, why="the provider gave only calendars that others have")

    async def _write_created(self, current: UserConnection, calendar_id: str) -> UserConnection:
        try:
            return await self._connections.write(current.with_created_calendar(calendar_id))
        except ConcurrentUpdateError:
            attempt_id = current.attempt.attempt_id if current.attempt else ""
            with contextlib.suppress(TemporalCallError, ProviderError, StoreError):
                if await self._connections.claim(calendar_id, current.claim_for(attempt_id)):
                    await self._disconnect(calendar_id, UNFINISHED)
            raise ConnectError(ConnectErrorCode.OVERTAKEN) from None

    async def _take_over(
        self,
        provider: CalendarProvider,
        known: UserConnection,
        current: UserConnection,
        credentials: CalendarCredentials,
        chosen: AvailableCalendar,
    ) -> ConnectedCalendar | None:
        """An unclaimed calendar that the unfinished attempt before may have created without a confirmation.

        It may belong to another user, so it is never deleted because of the attempt.
        """
        unfinished = known.attempt
        if current.attempt is None or unfinished is None or unfinished.calendar_id:
            return None
        if unfinished.raw_id != chosen.raw_id:
            return None
        claim = current.claim_for(current.attempt.attempt_id)
        for each in await _calendars_of(provider, chosen.raw_id):
            if each.calendar_id in unfinished.before or each.email != chosen.email:
                continue
            if await self._workflows.was_ever_started(each.calendar_id):
                continue
            if await self._connections.claim(each.calendar_id, claim):
                with contextlib.suppress(NotFoundError):
                    return await provider.update_credentials(each.calendar_id, credentials)
        return None

    async def _without_leftovers(self, connection: UserConnection) -> UserConnection:
        """Removes the leftovers that belong to the user; returns the connection afterwards."""
        if not connection.leftovers:
            return connection
        for each in connection.leftovers:
            if await self._connections.claim(each.calendar_id, connection.claim_for(each.attempt_id)):
                await self._disconnect(each.calendar_id, each.why)
        return await self._write(connection.without_leftovers())

    async def _disconnect(self, calendar_id: str, why: str) -> None:
        """Disconnects a calendar by its workflow, which releases the meetings.

        One without a workflow is deleted directly, and objects to no meeting of others any more.
        """
        if not await self._workflows.request_disconnect(calendar_id, why):
            await self._objections.withdraw_all(calendar_id, self._workflows.report_changes)
            await self._calendars.of(calendar_id).delete_calendar(calendar_id)

    async def _write(self, connection: UserConnection) -> UserConnection:
        try:
            return await self._connections.write(connection)
        except ConcurrentUpdateError:
            raise ConnectError(ConnectErrorCode.OVERTAKEN) from None


def _is_at(provider: CalendarProvider, known: UserConnection, raw_id: str) -> bool:
    """Whether what is connected is the calendar of this id, at this provider."""
    return known.raw_id == raw_id and provider_of_calendar(known.calendar_id) == provider.name


async def _renew(
    provider: CalendarProvider, known: UserConnection, credentials: CalendarCredentials, raw_id: str
) -> ConnectedCalendar | None:
    """The connected calendar with the new grant; its meetings stay."""
    if not known.calendar_id or not _is_at(provider, known, raw_id):
        return None
    try:
        return await provider.update_credentials(known.calendar_id, credentials)
    except NotFoundError:
        return None


async def _calendars_of(provider: CalendarProvider, raw_id: str) -> list[ConnectedCalendar]:
    return [each for each in await provider.calendars() if each.raw_id == raw_id]


def _connected(current: UserConnection, chosen: AvailableCalendar, calendar: ConnectedCalendar) -> UserConnection:
    now = datetime.now(UTC)
    return current.connected(calendar.calendar_id, chosen.raw_id, calendar.name, calendar.email, now)
