"""Users of a provider that decides by itself what is recorded of their calendars: Recall.ai's Calendar V1."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Annotated, Any, Protocol

from pydantic import BeforeValidator, Field, ValidationError

from minutekeeper.calendars.event import MAX_NOTES, Attendee, CalendarEvent
from minutekeeper.calendars.user_connection import CalendarPlatform
from minutekeeper.providers.base import UnavailableError
from minutekeeper.providers.fields import Flag, Identifier, Instant, LenientModel, Objects, Text

RECORDING = ("record_non_host", "record_recurring", "record_external", "record_internal")
"""Preferences that have more meetings recorded."""
FILTERS = ("record_confirmed", "record_only_host")
"""Preferences that have fewer meetings recorded."""


class PlatformConnection(LenientModel):
    """A calendar that the user has, or had, connected at `google` or `microsoft`."""

    platform: Text = ""
    email: Text = ""
    connected: Flag = False


class RecordingPreferences(LenientModel):
    """Which meetings Recall.ai records; without any of the first four, none."""

    record_non_host: Flag = False
    record_recurring: Flag = False
    record_external: Flag = False
    record_internal: Flag = False
    record_confirmed: Flag = False
    record_only_host: Flag = False
    bot_name: Text = ""

    def narrowed_by(self, changes: Mapping[str, bool | str]) -> list[str]:
        """The names of the changes by which fewer meetings are recorded."""
        lost = [name for name in RECORDING if getattr(self, name) and changes.get(name) is False]
        return lost + [name for name in FILTERS if not getattr(self, name) and changes.get(name) is True]


def _object(value: Any) -> Any:
    return value if isinstance(value, dict) else {}


class CalendarUser(LenientModel):
    external_id: Identifier = ""
    connections: Annotated[
        list[PlatformConnection],
        BeforeValidator(
            lambda value: [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
        ),
    ] = Field([])
    preferences: Annotated[RecordingPreferences, BeforeValidator(_object)] = RecordingPreferences()

    def connected_at(self, platform: str) -> str | None:
        """The address of the calendar that is connected at a platform; None if there is none."""
        return next((each.email for each in self.connections if each.connected and each.platform == platform), None)


class _Invite(LenientModel):
    meeting_id: Identifier = ""
    meeting_password: Text = ""


_InviteField = Annotated[_Invite, BeforeValidator(_object)]


class ScheduledMeeting(LenientModel):
    """A meeting of a user, and whether Recall.ai records it."""

    id: Identifier = ""
    title: Text = ""
    description: Text = ""
    start_time: Instant = None
    end_time: Instant = None
    will_record: Flag = False
    will_record_reason: Text = ""
    override_should_record: bool | None = None
    bot_id: Identifier = ""
    is_hosted_by_me: Flag = False
    is_recurring: Flag = False
    organizer_email: Text = ""
    attendee_emails: Annotated[
        list[Text], BeforeValidator(lambda value: value if isinstance(value, list) else [])
    ] = Field([])
    ical_uid: Text = ""
    platform_id: Identifier = ""
    zoom_invite: _InviteField = _Invite()
    meet_invite: _InviteField = _Invite()

    @property
    def meeting_url(self) -> str:
        """The link, for platforms whose links can be made of what is told; else empty."""
        if self.meet_invite.meeting_id:
            return f"https://meet.google.com/{self.meet_invite.meeting_id}"
        if self.zoom_invite.meeting_id:
            password = self.zoom_invite.meeting_password
            return f"https://zoom.us/j/{self.zoom_invite.meeting_id}{f'?pwd={password}' if password else ''}"
        return ""

    def to_event(self, calendar_id: str) -> CalendarEvent:
        """The event of a user's calendars. Raises UnavailableError for one without an id or a time."""
        try:
            return CalendarEvent(
                event_id=self.id,
                calendar_id=calendar_id,
                start_time=self.start_time,
                end_time=self.end_time,
                title=self.title,
                meeting_url=self.meeting_url,
                notes=self.description[:MAX_NOTES],
                is_organizer=self.is_hosted_by_me,
                organizer_email=self.organizer_email,
                attendees=tuple(Attendee(email=each) for each in self.attendee_emails if each),
                is_recurring=self.is_recurring,
                uid=self.ical_uid,
                provider_event_id=self.platform_id,
                provider_records=self.will_record,
            )
        except ValidationError:
            raise UnavailableError("The provider gave a meeting without an id or without a time.") from None


class UserMeetingPage(LenientModel):
    """A page of meetings; the list itself may also be the whole answer."""

    results: Objects = Field([])
    next: Text = ""


def meetings_between(after: datetime | None, before: datetime | None) -> dict[str, str]:
    """The query for meetings that start between two instants."""
    limits = {"start_time_after": after, "start_time_before": before}
    return {name: value.isoformat() for name, value in limits.items() if value}


_REFRESH_TOKEN_MISSING = (
    "The client id or client secret in Recall.ai's dashboard is not that of the app registration.",
    "Or the app registration is not for accounts in any organizational directory and personal Microsoft accounts.",
    "Then register a new app, because changing the old one may not help.",
)
_EXPIRED = "The user's token has expired: it lasts for 24 hours. Make a new link."
_UNDECODABLE = "The user's token cannot be decoded: the link was changed on its way. Make a new link."
_EITHER = (
    "Either the user's token has expired: it lasts for 24 hours.",
    "Or it cannot be decoded: the link was changed on its way. Make a new link.",
)


def causes_of_failure(message: str) -> tuple[str, ...]:
    """What a message of Recall.ai about a calendar that was not connected means; empty if it is not known."""
    text = message.casefold()
    if "refresh_token" in text and "missing" in text:
        return _REFRESH_TOKEN_MISSING
    if not any(word in text for word in ("calendar_auth_token", "calendar auth token", "calendarauthtoken")):
        return ()
    if "expired" in text:
        return (_EXPIRED,)
    return (_UNDECODABLE,) if "decode" in text else _EITHER


class CalendarUsers(Protocol):
    """The users of one account. Every coroutine method may raise any ProviderError."""

    async def user(self, user: str) -> CalendarUser: ...

    async def set_preferences(self, user: str, changes: Mapping[str, bool | str]) -> CalendarUser:
        """Changes some preferences. Bots that are scheduled and that they do not cover any more are removed."""
        ...

    async def disconnect(self, user: str, platform: CalendarPlatform | None = None) -> None:
        """Disconnects one calendar of the user, or without a platform all, and the user with them. Idempotent."""
        ...

    def meetings(
        self, user: str, after: datetime | None = None, before: datetime | None = None
    ) -> AsyncIterator[ScheduledMeeting]:
        """The meetings of all pages."""
        ...

    async def override(self, user: str, meeting_id: str, *, record: bool | None) -> ScheduledMeeting:
        """Decides about one meeting before all preferences; None leaves it to them again."""
        ...

    async def consent_url(  # noqa: PLR0913 - one argument for each part of the link
        self,
        user: str,
        platform: CalendarPlatform,
        client_id: str,
        *,
        redirect_url: str = "",
        success_url: str = "",
        error_url: str = "",
    ) -> str:
        """The link by which a user connects a calendar, made when it is used, because its token lasts for a day."""
        ...

    async def aclose(self) -> None:
        """Closes the connections."""
        ...
