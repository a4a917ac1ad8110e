"""The calendars and events of version 2 of the Meeting BaaS API, as far as they are read."""

from typing import Any

from pydantic import AliasChoices, Field, ValidationError

from minutekeeper.calendars.event import MAX_NOTES, Attendee, CalendarEvent, Response
from minutekeeper.providers.base import UnavailableError
from minutekeeper.providers.calendar_base import AccessProblemSource, AvailableCalendar, ConnectedCalendar
from minutekeeper.providers.calendar_ids import own_calendar_id
from minutekeeper.providers.event_links import best_link
from minutekeeper.providers.fields import Flag, Identifier, Instant, LenientModel, Objects, RedactedText, Text
from minutekeeper.providers.meetingbaas_v2.http import SERVICE
from minutekeeper.providers.meetingbaas_v2.provider import NAME_V2
from minutekeeper.providers.oauth_errors import access_problem_source
from minutekeeper.providers.raw_calendar_events import RawEvent, read_raw

_ACTIVE = "active"
_USER_HAS_TO_ACT = frozenset({"revoked", "permission_denied"})
_CANCELLED = "cancelled"


class RawCalendarAnswer(LenientModel):
    id: Identifier = ""
    name: Text = ""
    email: Text = ""
    is_primary: Flag = False

    def to_calendar(self) -> AvailableCalendar:
        return AvailableCalendar(raw_id=self.id, name=self.name, email=self.email, is_primary=self.is_primary)


class _Metadata(LenientModel):
    raw_calendar_id: Identifier = ""


class ConnectionAnswer(LenientModel):
    """A connected calendar; its list leaves out the reasons."""

    calendar_id: Identifier = ""
    calendar_platform: Text = ""
    account_email: Text = ""
    status: Text = ""
    status_message: RedactedText = ""
    sync_error: RedactedText = ""
    provider_metadata: Any = None

    @property
    def is_readable(self) -> bool:
        return self.status in {_ACTIVE, ""}

    @property
    def reason(self) -> str:
        """Why it cannot be read; empty if it can."""
        return "" if self.is_readable else self.status_message or self.sync_error or self.status

    @property
    def trouble(self) -> AccessProblemSource | None:
        if self.status in _USER_HAS_TO_ACT:
            return AccessProblemSource.USER
        return access_problem_source(self.reason)

    @property
    def own_id(self) -> str:
        return own_calendar_id(NAME_V2, self.calendar_id)

    def to_calendar(self) -> ConnectedCalendar:
        """The calendar; where its raw id is not told, the account's address stands for its primary one.

        Raises UnavailableError for an answer without an id.
        """
        if not self.calendar_id:
            raise UnavailableError(f"{SERVICE} gave a calendar without an id.")
        metadata = self.provider_metadata if isinstance(self.provider_metadata, dict) else {}
        return ConnectedCalendar(
            calendar_id=self.own_id,
            email=self.account_email,
            raw_id=_Metadata.model_validate(metadata).raw_calendar_id or self.account_email,
            status=self.status,
            error=self.reason,
        )


class ListedEvent(LenientModel):
    event_id: Identifier = ""


class EventDetails(LenientModel):
    event_id: Identifier = Field("", validation_alias=AliasChoices("event_id", "id"))
    calendar_id: Identifier = ""
    event_type: Text = ""
    title: Text = ""
    description: Text = ""
    location: Text = ""
    timezone: Text = ""
    start_time: Instant = None
    end_time: Instant = None
    is_all_day: Flag = False
    is_exception: Flag = False
    status: Text = ""
    meeting_url: Text = ""
    organizer_email: Text = ""
    organizer_name: Text = ""
    attendees: Objects = Field([])
    updated_at: Instant = None
    raw_payload: Any = None


class _AttendeeAnswer(LenientModel):
    email: Text = ""
    name: Text = ""


def event_of(answer: EventDetails, calendar_id: str) -> CalendarEvent:
    """The event of a calendar of ours. Raises UnavailableError for one without an id or without any time."""
    raw = read_raw(answer.raw_payload)
    is_instance = raw.is_instance or answer.is_exception or answer.event_type == "recurring"
    try:
        return CalendarEvent(
            event_id=answer.event_id,
            calendar_id=calendar_id,
            start_time=(raw.start_time if raw.all_day else None) or answer.start_time or raw.start_time,
            end_time=(raw.end_time if raw.all_day else None) or answer.end_time or raw.end_time,
            time_zone=raw.time_zone or answer.timezone,
            title=answer.title or raw.title,
            meeting_url=best_link(answer.meeting_url, raw),
            notes=(raw.notes or answer.description)[:MAX_NOTES],
            location=raw.location or answer.location,
            event_type=raw.event_type,
            visibility=raw.visibility,
            availability=raw.availability,
            categories=raw.categories,
            color=raw.color,
            all_day=raw.all_day or answer.is_all_day,
            deleted=_is_deleted(answer, raw),
            is_organizer=raw.is_organizer,
            organizer_email=raw.organizer_email or answer.organizer_email,
            organizer_name=raw.organizer_name or answer.organizer_name,
            own_emails=raw.own_emails,
            attendees=_people(answer, raw),
            guests_known=raw.guests_known,
            response=raw.response,
            is_recurring=is_instance,
            recurring_event_id=raw.series_id,
            original_start=raw.original_start if is_instance else None,
            uid=raw.uid,
            provider_event_id=raw.event_id,
            updated_at=answer.updated_at or raw.updated_at,
        )
    except ValidationError:
        raise UnavailableError(f"{SERVICE} gave an event without an id or without a time.") from None


def _is_deleted(answer: EventDetails, raw: RawEvent) -> bool:
    """Whether it was cancelled. One that its owner declined is called cancelled, too, and is none."""
    if raw.response is Response.DECLINED:
        return raw.cancelled
    return raw.cancelled or answer.status == _CANCELLED


def _people(answer: EventDetails, raw: RawEvent) -> tuple[Attendee, ...]:
    """Those of the raw object, because only that has all that is known of them; else those of the answer."""
    if raw.attendees:
        return raw.attendees
    others = (_AttendeeAnswer.model_validate(each) for each in answer.attendees)
    return tuple(Attendee(email=each.email, name=each.name) for each in others)
