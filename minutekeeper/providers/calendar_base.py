"""The port to calendars that a meeting-bot API reads for us: connect them, read their events, let it record them.

It hides how credentials and filters are named, paging, and the raw objects of Google and Microsoft. It shows what
changes our behaviour: whose grant has ended, and that an answer was not whole.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from minutekeeper.calendars.event import CalendarEvent
from minutekeeper.calendars.user_connection import CalendarPlatform
from minutekeeper.meetings.fields import RecordingMode
from minutekeeper.providers.base import ProviderError


class CalendarCredentials(BaseModel):
    """An app's own credentials, and the refresh token by which a user granted it access. Shown to nobody."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    platform: CalendarPlatform
    client_id: str = Field(repr=False)
    client_secret: SecretStr
    refresh_token: SecretStr


class AccessProblemSource(StrEnum):
    """Who has to act before a calendar can be read again."""

    USER = "user"
    """The user's grant has expired, was revoked, or does not cover calendars: he has to connect again."""
    APP = "app"
    """The app is at fault, for all its users: its client secret, or a calendar API that is not switched on."""


class CalendarAccessError(ProviderError):
    """Google or Microsoft gives no access to a calendar. Trying again changes nothing; `trouble` says who can."""

    def __init__(self, message: str, trouble: AccessProblemSource) -> None:
        super().__init__(message)
        self.trouble = trouble


@dataclass(frozen=True, kw_only=True)
class AvailableCalendar:
    """A calendar that a user has at Google or Microsoft, whether or not it is connected."""

    raw_id: str
    name: str = ""
    email: str = ""
    is_primary: bool = False


@dataclass(frozen=True, kw_only=True)
class ConnectedCalendar:
    """A calendar that the provider keeps in sync. `status` and `error` are its own words, where it has any."""

    calendar_id: str
    name: str = ""
    email: str = ""
    raw_id: str = ""
    status: str = ""
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class SyncFailure:
    """Why a calendar could not be synced; `trouble` is None if its grant is not known to be the reason."""

    calendar_id: str
    text: str
    trouble: AccessProblemSource | None = None


class ResyncResult(NamedTuple):
    """The ids of the calendars that were synced, and the others."""

    synced: tuple[str, ...]
    errors: tuple[SyncFailure, ...]


class EventStatus(StrEnum):
    """Which events, as seen from now."""

    UPCOMING = "upcoming"
    PAST = "past"
    ALL = "all"


@dataclass(frozen=True, kw_only=True)
class EventFilter:
    """All conditions have to be met; bounds are inclusive. Only `ALL` includes what changed in the past."""

    status: EventStatus = EventStatus.UPCOMING
    starts_from: datetime | None = None
    starts_until: datetime | None = None
    updated_since: datetime | None = None
    attendee_email: str = ""
    organizer_email: str = ""


class ScheduledRecordingChange(BaseModel):
    """What is to be different in a scheduled recording; fields that are not set stay as they are.

    Timeouts are in seconds. The bot comes back with `extra`, since nobody learns its id beforehand.
    """

    model_config = ConfigDict(frozen=True)

    name: str | None = Field(None, min_length=1, max_length=255)
    image: str | None = None
    entry_message: str | None = None
    recording_mode: RecordingMode | None = None
    transcript: bool | None = None
    waiting_room_timeout: int | None = Field(None, ge=1, le=7200)
    noone_joined_timeout: int | None = Field(None, ge=1, le=7200)
    silence_timeout: int | None = Field(None, ge=1, le=7200)
    webhook_url: str | None = Field(None, repr=False)
    deduplication_key: str | None = None
    extra: Mapping[str, str] | None = None


class ScheduledRecording(ScheduledRecordingChange):
    """How the provider is to record an event by itself."""

    name: str = Field("Minutekeeper", min_length=1, max_length=255)
    transcript: bool = True
    extra: Mapping[str, str] = {}


class ConnectedCalendars(Protocol):
    """Calendars that are connected already: what a calendar's workflow needs of them.

    Every method but the last may raise any ProviderError: CalendarAccessError where the calendar's own provider
    refuses, NotFoundError for a calendar or event that is unknown or gone, UnavailableError for an answer that is
    not whole.
    """

    def events(self, calendar_id: str, filters: EventFilter | None = None) -> AsyncIterator[CalendarEvent]:
        """All events that fit, page by page. Raises rather than ends where a page is missing."""
        ...

    async def event(self, event_id: str) -> CalendarEvent: ...

    async def calendar(self, calendar_id: str) -> ConnectedCalendar: ...

    async def delete_calendar(self, calendar_id: str) -> None:
        """Ends the sync and all scheduled recordings. Idempotent; the user's grant stays."""
        ...

    async def aclose(self) -> None:
        """Closes the connections."""
        ...


class CalendarProvider(ConnectedCalendars, Protocol):
    """The whole calendar half of a meeting-bot API; errors as for ConnectedCalendars."""

    async def list_available_calendars(self, credentials: CalendarCredentials) -> list[AvailableCalendar]:
        """What the user could connect."""
        ...

    async def create_calendar(
        self, credentials: CalendarCredentials, raw_id: str | None = None
    ) -> ConnectedCalendar:
        """Connects a calendar, by default the primary one. After UnavailableError it may be connected."""
        ...

    async def calendars(self) -> list[ConnectedCalendar]: ...

    async def update_credentials(self, calendar_id: str, credentials: CalendarCredentials) -> ConnectedCalendar:
        """Gives the calendar other credentials. All its scheduled recordings are gone afterwards."""
        ...

    async def resync_all(self, days: int | None = None) -> ResyncResult:
        """Has all calendars read again, so many days ahead. The only call that tells of grants that have ended."""
        ...

    async def schedule_recording(
        self, event_id: str, recording: ScheduledRecording, *, all_occurrences: bool = False
    ) -> list[CalendarEvent]:
        """Has the event recorded by the provider, or all of its series; gives the events that will be."""
        ...

    async def change_recording(
        self, event_id: str, change: ScheduledRecordingChange, *, all_occurrences: bool = False
    ) -> list[CalendarEvent]:
        """Changes what is scheduled; gives the events that it concerns."""
        ...

    async def remove_recording(self, event_id: str, *, all_occurrences: bool = False) -> list[CalendarEvent]:
        """Has the event, or all of its series, no longer recorded. Idempotent."""
        ...
