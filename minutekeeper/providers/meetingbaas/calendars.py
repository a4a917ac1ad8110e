"""The calendar endpoints of the Meeting BaaS v1 API behind the port of `minutekeeper.providers.calendar_base`."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Any

from minutekeeper.calendars.event import CalendarEvent
from minutekeeper.providers.answers import path_part
from minutekeeper.providers.api_connection import ApiConnection
from minutekeeper.providers.base import NotFoundError, UnavailableError
from minutekeeper.providers.bot_metadata import event_extra
from minutekeeper.providers.calendar_base import (
    AccessCheck,
    AvailableCalendar,
    CalendarCapabilities,
    CalendarCredentials,
    ConnectedCalendar,
    EventFilter,
    ScheduledRecording,
)
from minutekeeper.providers.calendar_ids import UNPREFIXED as NAME
from minutekeeper.providers.meetingbaas.calendar_events import EventAnswer, to_event, to_events
from minutekeeper.providers.meetingbaas.http import MEETING_BAAS
from minutekeeper.providers.meetingbaas.request_models import (
    SpeechToText,
    credentials_to_wire,
    filter_to_wire,
    recording_to_wire,
)
from minutekeeper.providers.meetingbaas.response_models import (
    CalendarAnswer,
    CalendarList,
    EventList,
    EventPage,
    RawCalendarList,
    ResyncAnswer,
)
from minutekeeper.providers.meetingbaas.response_parsing import parse_response

_SYNC_SECONDS = 300.0
"""Timeout of calls that wait for Google or Microsoft, perhaps for each calendar of the account in turn."""


class MeetingBaasCalendars:
    """A CalendarProvider for one account, and a RecordsByItself.

    Its messages never contain the key, credentials, or another of the `secrets`. The first of the `signing_secrets`
    signs the metadata of bots that the provider sends to events for us. Raises ValueError for a key that cannot be
    sent.
    """

    def __init__(  # noqa: PLR0913 - one setting of an account each
        self,
        base_url: str,
        api_key: str,
        *,
        speech_to_text: SpeechToText | None = None,
        secrets: Iterable[str] = (),
        signing_secrets: Sequence[str] = (),
        on_call: Callable[[], None] | None = None,
    ) -> None:
        self._connection = ApiConnection(MEETING_BAAS, base_url, api_key, secrets, on_call)
        self._speech_to_text = speech_to_text or SpeechToText()
        self._signing_secrets = signing_secrets

    @property
    def name(self) -> str:
        return NAME

    @property
    def capabilities(self) -> CalendarCapabilities:
        return CalendarCapabilities(records_by_itself=True)

    async def list_available_calendars(self, credentials: CalendarCredentials) -> list[AvailableCalendar]:
        answer = parse_response(RawCalendarList, await self._show("POST", "/calendars/raw", credentials))
        return [
            AvailableCalendar(raw_id=one.id, name=one.name, email=one.email, is_primary=one.is_primary)
            for one in answer.calendars
        ]

    async def create_calendar(
        self, credentials: CalendarCredentials, raw_id: str | None = None
    ) -> ConnectedCalendar:
        wish = {} if raw_id is None else {"raw_calendar_id": raw_id}
        try:
            answer = await self._show("POST", "/calendars/", credentials, **wish)
        except UnavailableError as error:
            # Reported to be answered with a plain 500.
            hint = "If this stays so: is the calendar API switched on for the OAuth app?"
            raise UnavailableError(f"{error} {hint}") from None
        return self._calendar(answer)

    async def calendars(self) -> list[ConnectedCalendar]:
        answer = parse_response(
            CalendarList, await self._connection.call("GET", "/calendars/"), self._connection.secrets
        )
        return [_connected(calendar) for calendar in answer.calendars]

    async def calendar(self, calendar_id: str) -> ConnectedCalendar:
        return self._calendar(await self._connection.call("GET", _calendar_path(calendar_id)))

    async def update_credentials(self, calendar_id: str, credentials: CalendarCredentials) -> ConnectedCalendar:
        return self._calendar(await self._show("PATCH", _calendar_path(calendar_id), credentials))

    async def delete_calendar(self, calendar_id: str) -> None:
        try:
            await self._connection.call("DELETE", _calendar_path(calendar_id))
        except NotFoundError:
            return

    async def check_access(self) -> AccessCheck:
        """Has all calendars synced, because only that reports access that has ended."""
        answer = parse_response(
            ResyncAnswer, await self._connection.call("POST", "/calendars/resync_all", seconds=_SYNC_SECONDS)
        )
        errors = tuple(failure.to_sync_failure(self._connection.secrets) for failure in answer.errors)
        return AccessCheck(tuple(answer.synced_calendars), errors)

    async def events(self, calendar_id: str, filters: EventFilter | None = None) -> AsyncIterator[CalendarEvent]:
        params = {"calendar_id": calendar_id} | filter_to_wire(filters or EventFilter())
        seen = {""}
        while True:
            page = parse_response(EventPage, await self._connection.call("GET", "/calendar_events/", params=params))
            for event in to_events(page.events, calendar_id, self._signing_secrets):
                yield event
            if not page.cursor:
                return
            if page.cursor in seen:
                raise UnavailableError("Meeting BaaS repeats a cursor in its list.")
            seen.add(page.cursor)
            params["cursor"] = page.cursor

    async def event(self, calendar_id: str, event_id: str) -> CalendarEvent:
        del calendar_id  # the ids of events are enough
        answer = parse_response(EventAnswer, await self._connection.call("GET", _event_path(event_id)))
        return to_event(answer, signing_secrets=self._signing_secrets)

    async def schedule_recording(
        self, event_id: str, recording: ScheduledRecording, *, all_occurrences: bool = False
    ) -> list[CalendarEvent]:
        body = recording_to_wire(recording, self._speech_to_text)
        body["extra"] = {**recording.extra, **event_extra(self._signing_secrets)}
        return await self._record("POST", event_id, all_occurrences=all_occurrences, body=body)

    async def remove_recording(self, event_id: str, *, all_occurrences: bool = False) -> list[CalendarEvent]:
        return await self._record("DELETE", event_id, all_occurrences=all_occurrences)

    async def aclose(self) -> None:
        await self._connection.aclose()

    async def _show(self, method: str, path: str, credentials: CalendarCredentials, **wish: str) -> bytes:
        body = credentials_to_wire(credentials) | wish
        return await self._connection.call(method, path, body=body, seconds=_SYNC_SECONDS)

    async def _record(
        self, method: str, event_id: str, *, all_occurrences: bool, body: dict[str, Any] | None = None
    ) -> list[CalendarEvent]:
        params = {"all_occurrences": "true"} if all_occurrences else {}
        answer = await self._connection.call(method, f"{_event_path(event_id)}/bot", params=params, body=body)
        return to_events(parse_response(EventList, answer).events, signing_secrets=self._signing_secrets)

    def _calendar(self, answer: bytes) -> ConnectedCalendar:
        return _connected(parse_response(CalendarAnswer, answer, self._connection.secrets))


def _connected(answer: CalendarAnswer) -> ConnectedCalendar:
    return ConnectedCalendar(
        calendar_id=answer.calendar_id,
        name=answer.name,
        email=answer.email,
        raw_id=answer.raw_id,
        status=answer.status,
        error=answer.error,
    )


def _calendar_path(calendar_id: str) -> str:
    return f"/calendars/{path_part(calendar_id, 'a calendar')}"


def _event_path(event_id: str) -> str:
    return f"/calendar_events/{path_part(event_id, 'a calendar event')}"
