"""The steps from a user's grant to a calendar that is kept. Read `connect` first.

A process may die after any of them: the connection is noted last, and whoever comes next clears away what is left.
"""

import contextlib
from datetime import UTC, datetime

from artifacts.connections import ConnectionChangedError, Connections
from bridge.connect.calendar_calls import CalendarCalls
from bridge.connect.problems import ConnectError, Problem
from bridge.temporal_calls import CallError
from meetings.calendars.connection import Attempt, Connection
from meetings.calendars.keeping import CalendarRequest
from meetings.connect_link import ConnectLink
from providers.base import NotFoundError, ProviderError
from providers.calendars import CalendarCredentials, CalendarProvider, ConnectedCalendar, RawCalendar

_REPLACED = "The user has connected another calendar in its place."
_LEFT_OVER = "Connecting it was never finished."
_TRIES = 5


class NotToldError(Exception):
    """The user does not know yet that a calendar of his would be replaced."""


class Connecting:
    """`connect` and `spend` raise ConnectError, ProviderError, StoreError and CallError."""

    def __init__(self, calendars: CalendarProvider, calls: CalendarCalls, connections: Connections) -> None:
        self._calendars = calendars
        self._calls = calls
        self._connections = connections

    async def known(self, link: ConnectLink) -> Connection:
        """What was noted of the user's calendar. Raises ConnectError if the link was used already."""
        known = await self._connections.read(link.user, link.platform)
        if known.is_spent(link.link_id):
            raise ConnectError(Problem.LINK_USED)
        return known

    async def is_kept(self, known: Connection) -> bool:
        """Whether there is a calendar that would be replaced by another one."""
        return bool(known.calendar_id) and await self._calls.is_kept(known.calendar_id)

    async def choices(self, credentials: CalendarCredentials) -> list[RawCalendar]:
        """The calendars that the user could connect."""
        return await self._calendars.raw_calendars(credentials)

    async def spend(self, link: ConnectLink, ticket: str) -> None:
        """Whoever spends a ticket may go on: it happens once."""
        now = datetime.now(UTC)
        for _ in range(_TRIES):
            known = await self.known(link)
            if known.is_spent(ticket):
                raise ConnectError(Problem.CODE_REFUSED, why="it came back a second time")
            with contextlib.suppress(ConnectionChangedError):
                await self._connections.write(known.spending(ticket, link.expires_at, now))
                return
        raise ConnectError(Problem.OVERTAKEN)

    async def connect(
        self, link: ConnectLink, credentials: CalendarCredentials, raw_id: str, told: str
    ) -> ConnectedCalendar:
        """Raises NotToldError if it would replace another calendar than the one that the user was `told` of."""
        known = await self.known(link)
        if known.calendar_id != told and known.raw_id != raw_id and await self.is_kept(known):
            raise NotToldError
        # From here on nobody else can finish what was begun before.
        begun = await self._write(known.attempting(await self._attempt(raw_id)))
        await self._clear_away(known)
        calendar = await self._renewed(known, credentials, raw_id)
        is_new = calendar is None
        if calendar is None:
            calendar = await self._calendars.create_calendar(credentials, raw_id)
        calendar_id = calendar.calendar_id
        try:
            await self._calls.keep(CalendarRequest(calendar_id=calendar_id, user=link.user, platform=link.platform))
            if known.calendar_id not in {"", calendar_id}:
                await self._let_go(known.calendar_id, _REPLACED)
            now = datetime.now(UTC)
            done = begun.connected(calendar_id, raw_id, calendar.name, calendar.email, now)
            await self._write(done.spending(link.link_id, link.expires_at, now))
        except (CallError, ConnectError):
            if is_new:
                # What cannot be taken back now is taken back by whoever comes next.
                with contextlib.suppress(CallError, ProviderError):
                    await self._let_go(calendar_id, _LEFT_OVER)
            raise
        return calendar

    async def _attempt(self, raw_id: str) -> Attempt:
        return Attempt(raw_id=raw_id, before=frozenset(await self._made_of(raw_id)))

    async def _renewed(
        self, known: Connection, credentials: CalendarCredentials, raw_id: str
    ) -> ConnectedCalendar | None:
        """The calendar that is connected already, with the new grant; it keeps its meetings."""
        if not known.calendar_id or known.raw_id != raw_id:
            return None
        try:
            return await self._calendars.update_credentials(known.calendar_id, credentials)
        except NotFoundError:
            return None

    async def _clear_away(self, known: Connection) -> None:
        """What an attempt that nobody will finish any more has left at the provider."""
        if known.attempt is None:
            return
        made = await self._made_of(known.attempt.raw_id)
        for calendar_id in made - known.attempt.before - {known.calendar_id}:
            await self._let_go(calendar_id, _LEFT_OVER)

    async def _made_of(self, raw_id: str) -> set[str]:
        return {each.calendar_id for each in await self._calendars.calendars() if each.raw_id == raw_id}

    async def _let_go(self, calendar_id: str, why: str) -> None:
        """Its workflow lets go of the meetings and deletes it; one that has none is just deleted."""
        if not await self._calls.bid_farewell(calendar_id, why):
            await self._calendars.delete_calendar(calendar_id)

    async def _write(self, connection: Connection) -> Connection:
        try:
            return await self._connections.write(connection)
        except ConnectionChangedError:
            raise ConnectError(Problem.OVERTAKEN) from None
