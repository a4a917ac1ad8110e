"""Converts the API's events, and what only their raw objects say, into CalendarEvent."""

import logging
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

from pydantic import AliasChoices, BeforeValidator, Field, ValidationError, model_validator

from minutekeeper.calendars.event import MAX_NOTES, Attendee, CalendarEvent
from minutekeeper.providers.base import UnavailableError
from minutekeeper.providers.bot_metadata import ExtraField, ReceivedBotMetadata
from minutekeeper.providers.event_links import best_link
from minutekeeper.providers.fields import Flag, Identifier, Instant, LenientModel, Objects, Text
from minutekeeper.providers.raw_calendar_events import RawEvent, read_raw

logger = logging.getLogger(__name__)


class BotParameters(LenientModel):
    extra: ExtraField = ReceivedBotMetadata()


BotParam = Annotated[BotParameters, BeforeValidator(lambda value: value if isinstance(value, dict) else {})]
"""The bot that the API sends to an event by its own scheduler; empty if it sends none."""


class EventAnswer(LenientModel):
    """An event by the specification or by the guide pages, perhaps nested in an object."""

    event_id: Identifier = Field("", validation_alias=AliasChoices("uuid", "id", "event_uuid"))
    calendar_id: Identifier = Field(
        "", validation_alias=AliasChoices("calendar_uuid", "calendarUuid", "calendar_id", "calendarId")
    )
    google_id: Identifier = ""
    name: Text = Field("", validation_alias=AliasChoices("name", "title"))
    meeting_url: Text = ""
    start_time: Instant = None
    end_time: Instant = None
    is_organizer: Flag = False
    is_recurring: Flag = False
    recurring_event_id: Identifier = ""
    deleted: Flag = False
    last_updated_at: Instant = Field(
        None, validation_alias=AliasChoices("last_updated_at", "lastUpdatedAt", "updated_at", "updatedAt")
    )
    attendees: Objects = Field([])
    bot_param: BotParam = BotParameters()
    raw: Any = None

    @model_validator(mode="before")
    @classmethod
    def _unwrapped(cls, value: Any) -> Any:
        for name in ("event", "data"):
            nested = value.get(name) if isinstance(value, dict) else None
            if isinstance(nested, dict):
                return nested
        return value


def to_event(answer: EventAnswer, calendar_id: str = "", signing_secrets: Sequence[str] = ()) -> CalendarEvent:
    """The event; `calendar_id` is what it was asked by, if it does not say so itself.

    The provider records it for us if one of the `signing_secrets` signed the metadata of the bot that it sends.

    Raises UnavailableError for one without an id or without any time.
    """
    raw = read_raw(answer.raw)
    # The days of an event without hours are sure only in the raw object, which no zone has shifted.
    start_time = (raw.start_time if raw.all_day else None) or answer.start_time or raw.start_time
    end_time = (raw.end_time if raw.all_day else None) or answer.end_time or raw.end_time
    deleted = answer.deleted or raw.cancelled
    if start_time is None and deleted:
        # Google may give no more than this of a deleted event, so any time will do.
        start_time = raw.original_start or answer.last_updated_at or raw.updated_at
    is_recurring = answer.is_recurring or raw.is_instance or bool(answer.recurring_event_id)
    try:
        return CalendarEvent(
            event_id=answer.event_id,
            calendar_id=answer.calendar_id or calendar_id,
            start_time=start_time,
            end_time=end_time,
            time_zone=raw.time_zone,
            title=answer.name or raw.title,
            meeting_url=best_link(answer.meeting_url, raw),
            notes=raw.notes[:MAX_NOTES],
            location=raw.location,
            event_type=raw.event_type,
            visibility=raw.visibility,
            availability=raw.availability,
            categories=raw.categories,
            color=raw.color,
            all_day=raw.all_day,
            deleted=deleted,
            is_organizer=answer.is_organizer or raw.is_organizer,
            organizer_email=raw.organizer_email,
            organizer_name=raw.organizer_name,
            own_emails=raw.own_emails,
            attendees=_people(answer.attendees, raw),
            guests_known=raw.guests_known,
            response=raw.response,
            is_recurring=is_recurring,
            recurring_event_id=answer.recurring_event_id or raw.series_id,
            original_start=raw.original_start if is_recurring else None,
            uid=raw.uid,
            provider_event_id=answer.google_id or raw.event_id,
            updated_at=answer.last_updated_at or raw.updated_at,
            provider_records=bool(answer.bot_param.extra.verified(signing_secrets).dispatch_key),
        )
    except ValidationError:
        raise UnavailableError("Meeting BaaS gave an event without an id or without a time.") from None


def to_events(
    answers: Iterable[Any], calendar_id: str = "", signing_secrets: Sequence[str] = ()
) -> list[CalendarEvent]:
    """The events that can be read, because one bad event must not hide all the others. It is logged."""
    events = []
    for answer in answers:
        try:
            events.append(to_event(EventAnswer.model_validate(answer), calendar_id, signing_secrets))
        except UnavailableError as error:
            logger.warning("An event of calendar %s is left out: %s", calendar_id or "(unknown)", error)
    return events


def _people(listed: Iterable[Any], raw: RawEvent) -> tuple[Attendee, ...]:
    """The people of both lists, each once; only the raw one has responses, and marks rooms."""
    known = {attendee.email.casefold() for attendee in raw.attendees} | raw.rooms
    others = (AttendeeAnswer.model_validate(entry) for entry in listed)
    return raw.attendees + tuple(
        Attendee(email=other.email, name=other.name)
        for other in others
        if other.email.casefold() not in known and other.name.casefold() not in raw.rooms
    )


class AttendeeAnswer(LenientModel):
    email: Text = ""
    name: Text = ""
