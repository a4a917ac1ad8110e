"""Recall.ai's Calendar V2 behind the port of `minutekeeper.providers.calendar_base`.

Only events are read: the bots come from the meetings' own workflows. Of each account the primary calendar is
connected, and no other can be.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

from pydantic import BaseModel

from minutekeeper.calendars.event import CalendarEvent
from minutekeeper.calendars.user_connection import CalendarPlatform
from minutekeeper.providers.answers import parse_answer, path_part
from minutekeeper.providers.api_connection import ApiConnection
from minutekeeper.providers.base import NotFoundError, RequestRejectedError, UnavailableError
from minutekeeper.providers.calendar_base import (
    PRIMARY_CALENDAR,
    AccessCheck,
    AvailableCalendar,
    CalendarCapabilities,
    CalendarCredentials,
    ConnectedCalendar,
    EventFilter,
    EventStatus,
    SyncFailure,
)
from minutekeeper.providers.calendar_ids import id_at_provider, own_calendar_id, user_of_calendar
from minutekeeper.providers.recall.calendar_models import (
    DISCONNECTED,
    RecallCalendarAnswer,
    RecallEventAnswer,
    RecallPage,
    read_event,
    read_events,
)
from minutekeeper.providers.recall.calendar_v1 import RecallCalendarV1
from minutekeeper.providers.recall.http import SERVICE
from minutekeeper.providers.recall.provider import NAME

_Model = TypeVar("_Model", bound=BaseModel)

_CALENDARS = "/api/v2/calendars/"
_EVENTS = "/api/v2/calendar-events/"
_PLATFORMS = {
    CalendarPlatform.GOOGLE: "google_calendar",
    CalendarPlatform.MICROSOFT: "microsoft_outlook",
}
_EMAIL_TRIES = 6
"""The address of an account that is connected is known some seconds later; without it nothing is lost."""


class RecallCalendars:
    """A CalendarProvider for one workspace. `users` are those of its Calendar V1, whose meetings are events, too.

    `email_pause` is how long the address of a new calendar is waited for each time, in seconds.
    """

    def __init__(self, connection: ApiConnection, base_url: str = "", *, email_pause: float = 1.0) -> None:
        self._connection = connection
        self.users = RecallCalendarV1(connection, base_url)
        self._email_pause = email_pause

    @property
    def name(self) -> str:
        return NAME

    @property
    def capabilities(self) -> CalendarCapabilities:
        return CalendarCapabilities(picks_calendars=False)

    async def list_available_calendars(self, credentials: CalendarCredentials) -> list[AvailableCalendar]:
        """One that stands for the primary calendar, because there is no list; nothing is asked for it."""
        email = credentials.email.strip()
        return [AvailableCalendar(raw_id=email.casefold() or PRIMARY_CALENDAR, email=email, is_primary=True)]

    async def create_calendar(
        self, credentials: CalendarCredentials, raw_id: str | None = None
    ) -> ConnectedCalendar:
        if raw_id and raw_id.casefold() not in {PRIMARY_CALENDAR, credentials.email.strip().casefold()}:
            raise RequestRejectedError(
                f"{SERVICE} reads only the primary calendar of an account, so {raw_id} cannot be connected."
            )
        body = {**_secrets(credentials), "platform": _PLATFORMS[credentials.platform]}
        answer = self._parsed(RecallCalendarAnswer, await self._connection.call("POST", _CALENDARS, body=body))
        return (await self._with_email(answer)).to_calendar()

    async def calendars(self) -> list[ConnectedCalendar]:
        return [answer.to_calendar() async for answer in self._answers()]

    async def calendar(self, calendar_id: str) -> ConnectedCalendar:
        return (await self._calendar(id_at_provider(calendar_id))).to_calendar()

    async def update_credentials(self, calendar_id: str, credentials: CalendarCredentials) -> ConnectedCalendar:
        path = _calendar_path(id_at_provider(calendar_id))
        answer = await self._connection.call("PATCH", path, body=_secrets(credentials))
        return self._parsed(RecallCalendarAnswer, answer).to_calendar()

    async def delete_calendar(self, calendar_id: str) -> None:
        try:
            await self._connection.call("DELETE", _calendar_path(id_at_provider(calendar_id)))
        except NotFoundError:
            return

    async def check_access(self) -> AccessCheck:
        """Reads the status of all calendars. Recall.ai itself notices an ended access up to hours later."""
        answers = [answer async for answer in self._answers()]
        failures = tuple(
            SyncFailure(calendar_id=own_calendar_id(NAME, each.id), text=each.reason, trouble=each.trouble)
            for each in answers
            if each.status == DISCONNECTED
        )
        readable = tuple(own_calendar_id(NAME, each.id) for each in answers if each.status != DISCONNECTED)
        return AccessCheck(readable, failures)

    async def events(self, calendar_id: str, filters: EventFilter | None = None) -> AsyncIterator[CalendarEvent]:
        wanted = filters or EventFilter()
        at_provider = id_at_provider(calendar_id)
        params = {"calendar_id": at_provider} | _filters_to_wire(wanted, datetime.now(UTC))
        async for page in self._pages(_EVENTS, params):
            for event in read_events(page.results, at_provider):
                if _has_people(event, wanted):
                    yield event

    async def event(self, calendar_id: str, event_id: str) -> CalendarEvent:
        if user := user_of_calendar(calendar_id):
            return await self.users.event(user, event_id, calendar_id)
        path = f"{_EVENTS}{path_part(event_id, 'a calendar event')}/"
        answer = self._parsed(RecallEventAnswer, await self._connection.call("GET", path))
        return read_event(answer, id_at_provider(calendar_id) if calendar_id else "")

    async def aclose(self) -> None:
        await self._connection.aclose()

    async def _calendar(self, at_provider: str) -> RecallCalendarAnswer:
        return self._parsed(RecallCalendarAnswer, await self._connection.call("GET", _calendar_path(at_provider)))

    async def _with_email(self, answer: RecallCalendarAnswer) -> RecallCalendarAnswer:
        """The calendar with its account's address, if that becomes known soon: it tells whose calendar it is."""
        created = answer
        for _ in range(_EMAIL_TRIES):
            if answer.email or not answer.id or answer.status == DISCONNECTED:
                break
            await asyncio.sleep(self._email_pause)
            try:
                answer = await self._calendar(answer.id)
            except UnavailableError:
                return created
        return answer

    async def _answers(self) -> AsyncIterator[RecallCalendarAnswer]:
        async for page in self._pages(_CALENDARS, {}):
            for item in page.results:
                answer = RecallCalendarAnswer.model_validate(item, context=self._connection.secrets)
                if answer.id:
                    yield answer

    async def _pages(self, path: str, params: Mapping[str, str]) -> AsyncIterator[RecallPage]:
        seen = {""}
        asked = dict(params)
        while True:
            page = self._parsed(RecallPage, await self._connection.call("GET", path, params=asked))
            yield page
            cursor = page.cursor
            if not cursor:
                return
            if cursor in seen:
                raise UnavailableError(f"{SERVICE} repeats a cursor in its list.")
            seen.add(cursor)
            asked["cursor"] = cursor

    def _parsed(self, model: type[_Model], answer: bytes) -> _Model:
        return parse_answer(SERVICE, partial(model.model_validate, context=self._connection.secrets), answer)


def _calendar_path(at_provider: str) -> str:
    return f"{_CALENDARS}{path_part(at_provider, 'a calendar')}/"


def _secrets(credentials: CalendarCredentials) -> dict[str, Any]:
    body = {
        "oauth_client_id": credentials.client_id,
        "oauth_client_secret": credentials.client_secret.get_secret_value(),
        "oauth_refresh_token": credentials.refresh_token.get_secret_value(),
    }
    return body | ({"oauth_email": credentials.email.strip()} if credentials.email.strip() else {})


def _filters_to_wire(filters: EventFilter, now: datetime) -> dict[str, str]:
    earliest = now if filters.status is EventStatus.UPCOMING else None
    latest = now if filters.status is EventStatus.PAST else None
    values = {
        "updated_at__gte": filters.updated_since,
        "start_time__gte": max((each for each in (filters.starts_from, earliest) if each), default=None),
        "start_time__lte": min((each for each in (filters.starts_until, latest) if each), default=None),
    }
    return {name: value.astimezone(UTC).isoformat() for name, value in values.items() if value}


def _has_people(event: CalendarEvent, filters: EventFilter) -> bool:
    guests = {each.email.casefold() for each in event.attendees}
    organizer = filters.organizer_email.casefold()
    attendee = filters.attendee_email.casefold()
    return organizer in {"", event.organizer_email.casefold()} and (not attendee or attendee in guests)
