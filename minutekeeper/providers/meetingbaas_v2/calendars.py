"""The calendar endpoints of version 2 of the Meeting BaaS API behind `minutekeeper.providers.calendar_base`.

Lists of events leave out people and raw objects, so each event is read by itself: reads have no limit there.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from minutekeeper.calendars.event import CalendarEvent
from minutekeeper.calendars.user_connection import CalendarPlatform
from minutekeeper.providers.answers import path_part
from minutekeeper.providers.api_connection import ApiConnection
from minutekeeper.providers.base import AccountError, NotFoundError, QuotaError, UnavailableError
from minutekeeper.providers.calendar_base import (
    AccessCheck,
    AvailableCalendar,
    CalendarAccessError,
    CalendarCapabilities,
    CalendarCredentials,
    ConnectedCalendar,
    EventFilter,
    EventStatus,
    SyncFailure,
)
from minutekeeper.providers.calendar_ids import id_at_provider
from minutekeeper.providers.meetingbaas_v2.calendar_models import (
    ConnectionAnswer,
    EventDetails,
    ListedEvent,
    RawCalendarAnswer,
    event_of,
)
from minutekeeper.providers.meetingbaas_v2.http import SERVICE, RefusedByStateError
from minutekeeper.providers.meetingbaas_v2.provider import NAME_V2
from minutekeeper.providers.meetingbaas_v2.response_models import parse_data, parse_page
from minutekeeper.providers.oauth_errors import ADVICE, access_problem_source

logger = logging.getLogger(__name__)

_CALENDARS = "/v2/calendars"
_PAGE_SIZE = "100"
_MAX_CONCURRENT_READS = 5
_SYNC_SECONDS = 120.0
"""Timeout of calls that wait for Google or Microsoft."""


class MeetingBaasV2Calendars:
    """A CalendarProvider for one team."""

    def __init__(self, connection: ApiConnection) -> None:
        self._connection = connection

    @property
    def name(self) -> str:
        return NAME_V2

    @property
    def capabilities(self) -> CalendarCapabilities:
        return CalendarCapabilities(filters_changes=False, keeps_begun_events=False)

    async def list_available_calendars(self, credentials: CalendarCredentials) -> list[AvailableCalendar]:
        answer = await self._show("POST", f"{_CALENDARS}/list-raw", credentials)
        found = [RawCalendarAnswer.model_validate(item) for item in parse_page(answer).data]
        return [each.to_calendar() for each in found if each.id]

    async def create_calendar(
        self, credentials: CalendarCredentials, raw_id: str | None = None
    ) -> ConnectedCalendar:
        """Connects a calendar; one that is connected already gets the new credentials instead."""
        available = await self.list_available_calendars(credentials)
        chosen = next(
            (each for each in available if raw_id == each.raw_id or (not raw_id and each.is_primary)), None
        )
        if chosen is None:
            raise NotFoundError(
                f"These credentials give access to no calendar {raw_id or 'that is a primary one'}."
            )
        try:
            answer = await self._show("POST", _CALENDARS, credentials, raw_calendar_id=chosen.raw_id)
        except RefusedByStateError as error:
            known = await self._of_account(chosen.email or chosen.raw_id, credentials.platform)
            if known is None:
                raise
            logger.info("%s has the calendar already (%s); its credentials are renewed", SERVICE, error.code)
            return await self.update_credentials(known.own_id, credentials)
        return parse_data(ConnectionAnswer, answer, self._connection.secrets).to_calendar()

    async def calendars(self) -> list[ConnectedCalendar]:
        return [each.to_calendar() async for each in self._connections({})]

    async def calendar(self, calendar_id: str) -> ConnectedCalendar:
        return (await self._details(id_at_provider(calendar_id))).to_calendar()

    async def update_credentials(self, calendar_id: str, credentials: CalendarCredentials) -> ConnectedCalendar:
        answer = await self._show("PATCH", _calendar_path(id_at_provider(calendar_id)), credentials)
        given = parse_data(ConnectionAnswer, answer, self._connection.secrets)
        # The answer need not say whose calendar it is.
        return (
            given.to_calendar() if given.account_email and given.calendar_id else await self.calendar(calendar_id)
        )

    async def delete_calendar(self, calendar_id: str) -> None:
        try:
            await self._connection.call("DELETE", _calendar_path(id_at_provider(calendar_id)))
        except NotFoundError:
            return

    async def check_access(self) -> AccessCheck:
        """Reads the status of all calendars, and the reasons of those that cannot be read."""
        readable: list[str] = []
        failures: list[SyncFailure] = []
        async for each in self._connections({}):
            if each.is_readable:
                readable.append(each.own_id)
                continue
            try:
                each = await self._details(each.calendar_id)  # noqa: PLW2901 - the same calendar with its reason
            except NotFoundError:
                continue
            failures.append(SyncFailure(calendar_id=each.own_id, text=each.reason, trouble=each.trouble))
        return AccessCheck(tuple(readable), tuple(failures))

    async def events(self, calendar_id: str, filters: EventFilter | None = None) -> AsyncIterator[CalendarEvent]:
        """Also of a full list only what is to come, and at most 30 days of it."""
        wanted = filters or EventFilter()
        path = f"{_calendar_path(id_at_provider(calendar_id))}/events"
        async for page in self._pages(path, _filters_to_wire(wanted, datetime.now(UTC))):
            ids = [ListedEvent.model_validate(item).event_id for item in page]
            for event in await self._read(calendar_id, [each for each in ids if each]):
                if _has_people(event, wanted):
                    yield event

    async def event(self, calendar_id: str, event_id: str) -> CalendarEvent:
        return event_of(await self._event(calendar_id, event_id), calendar_id)

    async def aclose(self) -> None:
        await self._connection.aclose()

    async def _event(self, calendar_id: str, event_id: str) -> EventDetails:
        if not calendar_id:
            raise NotFoundError(f"{SERVICE} finds events only by their calendars.")
        path = f"{_calendar_path(id_at_provider(calendar_id))}/events/{path_part(event_id, 'a calendar event')}"
        return parse_data(EventDetails, await self._connection.call("GET", path))

    async def _read(self, calendar_id: str, event_ids: Sequence[str]) -> list[CalendarEvent]:
        """The events of these ids, in this order, without those that are gone or cannot be understood."""
        slots = asyncio.Semaphore(_MAX_CONCURRENT_READS)

        async def read(event_id: str) -> CalendarEvent | None:
            async with slots:
                try:
                    details = await self._event(calendar_id, event_id)
                except NotFoundError:
                    return None
            try:
                return event_of(details, calendar_id)
            except UnavailableError as error:
                # One bad event must not hide all the others.
                logger.warning("An event of calendar %s is left out: %s", calendar_id, error)
                return None

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(read(event_id)) for event_id in dict.fromkeys(event_ids)]
        except ExceptionGroup as several:
            raise several.exceptions[0] from None
        return [event for task in tasks if (event := task.result()) is not None]

    async def _of_account(self, email: str, platform: CalendarPlatform) -> ConnectionAnswer | None:
        """The connected calendar of an account; None if there is none, or it is not clear which."""
        params = {"account_email": email, "calendar_platform": platform.value}
        found = [
            each async for each in self._connections(params) if each.account_email.casefold() == email.casefold()
        ]
        return found[0] if len(found) == 1 else None

    async def _details(self, at_provider: str) -> ConnectionAnswer:
        answer = await self._connection.call("GET", _calendar_path(at_provider))
        return parse_data(ConnectionAnswer, answer, self._connection.secrets)

    async def _connections(self, params: Mapping[str, str]) -> AsyncIterator[ConnectionAnswer]:
        async for page in self._pages(_CALENDARS, params):
            for item in page:
                answer = ConnectionAnswer.model_validate(item, context=self._connection.secrets)
                if answer.calendar_id:
                    yield answer

    async def _pages(self, path: str, params: Mapping[str, str]) -> AsyncIterator[Sequence[Any]]:
        seen = {""}
        asked = {"limit": _PAGE_SIZE, **params}
        while True:
            page = parse_page(await self._connection.call("GET", path, params=asked))
            yield page.data
            if not page.cursor:
                return
            if page.cursor in seen:
                raise UnavailableError(f"{SERVICE} repeats a cursor in its list.")
            seen.add(page.cursor)
            asked["cursor"] = page.cursor

    async def _show(self, method: str, path: str, credentials: CalendarCredentials, **wish: str) -> bytes:
        body = _credentials_to_wire(credentials) | wish
        try:
            return await self._connection.call(method, path, body=body, seconds=_SYNC_SECONDS)
        except QuotaError:
            raise
        except AccountError as error:
            # The same status is given to a wrong key and to a token that Google or Microsoft refuses.
            if trouble := access_problem_source(str(error)):
                raise CalendarAccessError(f"{error}{ADVICE[trouble]}", trouble) from None
            raise


def _calendar_path(at_provider: str) -> str:
    return f"{_CALENDARS}/{path_part(at_provider, 'a calendar')}"


def _credentials_to_wire(credentials: CalendarCredentials) -> dict[str, str]:
    body = {
        "calendar_platform": credentials.platform.value,
        "oauth_client_id": credentials.client_id,
        "oauth_client_secret": credentials.client_secret.get_secret_value(),
        "oauth_refresh_token": credentials.refresh_token.get_secret_value(),
    }
    return body | ({"oauth_tenant_id": credentials.tenant} if credentials.tenant else {})


def _filters_to_wire(filters: EventFilter, now: datetime) -> dict[str, str]:
    earliest = now if filters.status is EventStatus.UPCOMING else None
    latest = now if filters.status is EventStatus.PAST else None
    values = {
        "start_date": max((each for each in (filters.starts_from, earliest) if each), default=None),
        "end_date": min((each for each in (filters.starts_until, latest) if each), default=None),
    }
    return {name: f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z" for name, value in values.items() if value}


def _has_people(event: CalendarEvent, filters: EventFilter) -> bool:
    guests = {each.email.casefold() for each in event.attendees}
    organizer, attendee = filters.organizer_email.casefold(), filters.attendee_email.casefold()
    return organizer in {"", event.organizer_email.casefold()} and (not attendee or attendee in guests)
