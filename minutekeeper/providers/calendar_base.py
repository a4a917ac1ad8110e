"""The port to calendars that a meeting-bot API syncs: connect them, read their events, schedule recordings.

It hides how credentials and filters are named, paging, and the raw objects of Google and Microsoft. It shows what
changes our behaviour: whose access has ended, and that an answer was incomplete.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from minutekeeper.calendars.event import CalendarEvent
from minutekeeper.calendars.preferences import CalendarIdentity
from minutekeeper.calendars.user_connection import CalendarPlatform
from minutekeeper.meetings.fields import RecordingMode
from minutekeeper.providers.base import ProviderError


class CalendarCredentials(BaseModel):
    """An app's own credentials, and the refresh token of a user. Never shown or logged."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    platform: CalendarPlatform
    client_id: str = Field(repr=False)
    client_secret: SecretStr
    refresh_token: SecretStr
    email: str = ""
    """The address of the account, where it is known: not every provider can find it out at once."""
    tenant: str = ""
    """The Microsoft tenant that the token is for; empty for accounts of any."""


class AccessProblemSource(StrEnum):
    """Who has to act before a calendar can be read again."""

    USER = "user"
    """The user's grant has expired, was revoked, or does not cover calendars: they have to connect again."""
    APP = "app"
    """The app is at fault, for all its users: its client secret, or a calendar API that is not switched on."""


class CalendarAccessError(ProviderError):
    """Google or Microsoft denies access to a calendar. Retries do not help; `trouble` says who has to act."""

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
    """A calendar that the provider syncs. `status` and `error` are its own texts, if it has any."""

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


class AccessCheck(NamedTuple):
    """The ids of the calendars that can be read, and the others."""

    readable: tuple[str, ...]
    failures: tuple[SyncFailure, ...]


@dataclass(frozen=True, kw_only=True)
class CalendarCapabilities:
    """What differs between the calendars of providers and changes our behaviour."""

    picks_calendars: bool = True
    """Any calendar of an account can be connected; otherwise only the primary one is."""
    filters_changes: bool = True
    """Lists can be limited to the events that changed since an instant."""
    keeps_begun_events: bool = True
    """An event that has begun can still be read; otherwise it may be unknown then, and was not cancelled."""
    records_by_itself: bool = False
    """It is a RecordsByItself, too: the provider can schedule bots for events."""


PRIMARY_CALENDAR = "primary"
"""The raw id of the only calendar that can be connected, where its account is not known."""


def identity_of(
    platform: str, calendar: ConnectedCalendar, chosen: AvailableCalendar | None
) -> CalendarIdentity | None:
    """The calendar as its user knows it; None where nothing tells it from the calendars of others."""
    raw_id = calendar.raw_id or (chosen.raw_id if chosen else "")
    account = calendar.email or (chosen.email if chosen else "")
    if raw_id == PRIMARY_CALENDAR and not account:
        return None
    return CalendarIdentity(platform=platform, account=account, raw_id=raw_id)


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


class ScheduledRecording(BaseModel):
    """How the provider records an event by its own scheduler. Timeouts are in seconds.

    The bot is recognised by `extra`, because its id is not known beforehand.
    """

    model_config = ConfigDict(frozen=True)

    name: str = Field("Minutekeeper", min_length=1, max_length=255)
    image: str | None = None
    entry_message: str | None = None
    recording_mode: RecordingMode | None = None
    transcript: bool = True
    waiting_room_timeout: int | None = Field(None, ge=1, le=7200)
    noone_joined_timeout: int | None = Field(None, ge=1, le=7200)
    silence_timeout: int | None = Field(None, ge=1, le=7200)
    webhook_url: str | None = Field(None, repr=False)
    deduplication_key: str | None = None
    extra: Mapping[str, str] = {}


class ConnectedCalendars(Protocol):
    """Access to connected calendars, as calendar workflows need it.

    Every coroutine method except the last may raise any ProviderError: CalendarAccessError if Google or Microsoft
    denies access, NotFoundError for a calendar or event that is unknown or gone, UnavailableError for an answer
    that is incomplete.
    """

    @property
    def capabilities(self) -> CalendarCapabilities: ...

    def events(self, calendar_id: str, filters: EventFilter | None = None) -> AsyncIterator[CalendarEvent]:
        """All events that match, page by page. Raises if a page is missing."""
        ...

    async def event(self, calendar_id: str, event_id: str) -> CalendarEvent:
        """One event. `calendar_id` may be empty where it is not known; some providers have no event without it."""
        ...

    async def calendar(self, calendar_id: str) -> ConnectedCalendar: ...

    async def delete_calendar(self, calendar_id: str) -> None:
        """Ends the sync and all scheduled recordings. Idempotent; the user's grant stays."""
        ...

    async def aclose(self) -> None:
        """Closes the connections."""
        ...


class CalendarProvider(ConnectedCalendars, Protocol):
    """The calendar endpoints of a meeting-bot API; errors as for ConnectedCalendars.

    All ids of calendars that it takes and gives are those of `minutekeeper.providers.calendar_ids`.
    """

    @property
    def name(self) -> str:
        """The provider's name, as of Provider."""
        ...

    async def list_available_calendars(self, credentials: CalendarCredentials) -> list[AvailableCalendar]:
        """The calendars that the user can connect; if none can be picked, one that stands for the primary one."""
        ...

    async def create_calendar(
        self, credentials: CalendarCredentials, raw_id: str | None = None
    ) -> ConnectedCalendar:
        """Connects a calendar, by default the primary one. After UnavailableError it may be connected."""
        ...

    async def calendars(self) -> list[ConnectedCalendar]: ...

    async def update_credentials(self, calendar_id: str, credentials: CalendarCredentials) -> ConnectedCalendar:
        """Replaces the calendar's credentials. The provider may remove all its scheduled recordings then."""
        ...

    async def check_access(self) -> AccessCheck:
        """Which calendars of the account can be read now, and why the others cannot."""
        ...


class RecordsByItself(Protocol):
    """A CalendarProvider that can schedule bots for events by itself; errors as for ConnectedCalendars."""

    async def schedule_recording(
        self, event_id: str, recording: ScheduledRecording, *, all_occurrences: bool = False
    ) -> list[CalendarEvent]:
        """Schedules a recording of the event, or of its whole series; returns the events that will be recorded."""
        ...

    async def remove_recording(self, event_id: str, *, all_occurrences: bool = False) -> list[CalendarEvent]:
        """Removes the scheduled recording of the event, or of its whole series. Idempotent."""
        ...
