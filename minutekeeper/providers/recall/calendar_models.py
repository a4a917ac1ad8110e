"""The calendars and events of Recall.ai's Calendar V2 as its answers have them, as far as they are read.

The answers echo the secrets of the OAuth app and the user's token: no model has a field for them.
"""

import logging
import re
from collections.abc import Iterable, Sequence
from typing import Annotated, Any
from urllib.parse import parse_qs, urlsplit

from pydantic import BeforeValidator, Field, ValidationError

from minutekeeper.calendars.event import MAX_NOTES, CalendarEvent
from minutekeeper.providers.base import UnavailableError
from minutekeeper.providers.calendar_base import PRIMARY_CALENDAR, AccessProblemSource, ConnectedCalendar
from minutekeeper.providers.calendar_ids import own_calendar_id
from minutekeeper.providers.event_links import best_link
from minutekeeper.providers.fields import Flag, Identifier, Instant, LenientModel, Objects, RedactedText, Text
from minutekeeper.providers.oauth_errors import access_problem_source
from minutekeeper.providers.raw_calendar_events import read_raw
from minutekeeper.providers.recall.http import SERVICE
from minutekeeper.providers.recall.provider import NAME

logger = logging.getLogger(__name__)

DISCONNECTED = "disconnected"

_APP_CODES = re.compile(r"no[_ ]oauth[_ ]credentials", re.IGNORECASE)
_NO_REASON = "its access has ended, and Recall.ai does not say why; the user has to connect it again"


_NOT_A_REASON = ("status", "created_at", "updated_at", "id", "secret", "token")
"""How the names of fields end that say nothing of why the access has ended, or must not be shown."""

_OPAQUE = re.compile(r"\S{24,}")
"""Words as long as a token are left out, because the users' tokens are not known here."""


class _StatusChange(LenientModel):
    """One entry of a calendar's history. Which field has the reason is not documented, so all texts are read."""

    status: Text = ""
    created_at: Instant = None
    text: RedactedText = ""


def _status_changes(value: Any) -> Any:
    entries = value if isinstance(value, list) else []
    return [item | {"text": _words(item)} for item in entries if isinstance(item, dict)]


def _words(entry: dict[str, Any]) -> str:
    texts = [each for name, each in entry.items() if isinstance(each, str) and not name.endswith(_NOT_A_REASON)]
    return _OPAQUE.sub("…", ": ".join(filter(None, map(str.strip, texts))))


def _instant_of(change: _StatusChange) -> float:
    return change.created_at.timestamp() if change.created_at else 0.0


class RecallCalendarAnswer(LenientModel):
    id: Identifier = ""
    oauth_email: Text = ""
    platform_email: Text = ""
    status: Text = ""
    status_changes: Annotated[Sequence[_StatusChange], BeforeValidator(_status_changes)] = ()

    @property
    def email(self) -> str:
        return self.platform_email or self.oauth_email

    @property
    def reason(self) -> str:
        """What the newest entry says about the end of the access; empty if it can be read."""
        if self.status != DISCONNECTED:
            return ""
        ended = [change for change in self.status_changes if change.status in {"", DISCONNECTED}]
        newest = max(ended, key=_instant_of, default=None)
        return newest.text if newest and newest.text else _NO_REASON

    @property
    def trouble(self) -> AccessProblemSource:
        """Who has to act: the user, unless the reason is one of the OAuth app."""
        if _APP_CODES.search(self.reason):
            return AccessProblemSource.APP
        return access_problem_source(self.reason) or AccessProblemSource.USER

    def to_calendar(self) -> ConnectedCalendar:
        """Raises UnavailableError for an answer without an id."""
        if not self.id:
            raise UnavailableError(f"{SERVICE} gave a calendar without an id.")
        return ConnectedCalendar(
            calendar_id=own_calendar_id(NAME, self.id),
            email=self.email,
            raw_id=self.email.casefold() or PRIMARY_CALENDAR,
            status=self.status,
            error=self.reason,
        )


class RecallEventAnswer(LenientModel):
    id: Identifier = ""
    calendar_id: Identifier = ""
    start_time: Instant = None
    end_time: Instant = None
    platform_id: Identifier = ""
    ical_uid: Text = ""
    meeting_url: Text = ""
    updated_at: Instant = None
    is_deleted: Flag = False
    raw: Any = None


class RecallPage(LenientModel):
    """A page of a list. The link to the next one may name another host, so only its cursor is read."""

    results: Objects = Field([])
    next: Text = ""

    @property
    def cursor(self) -> str:
        """Empty on the last page. Raises UnavailableError for a link without one."""
        if not self.next:
            return ""
        try:
            found = parse_qs(urlsplit(self.next).query).get("cursor", [""])[0]
        except ValueError:
            found = ""
        if not found:
            raise UnavailableError(f"{SERVICE} gave a list that goes on, but does not say where.")
        return found


def read_event(answer: RecallEventAnswer, calendar_id: str = "") -> CalendarEvent:
    """The event; `calendar_id` is the provider's id of the calendar that was asked, if the answer names none.

    Raises UnavailableError for one without an id or without any time.
    """
    raw = read_raw(answer.raw)
    # The days of an event without hours are sure only in the raw object, which no zone has shifted.
    start_time = (raw.start_time if raw.all_day else None) or answer.start_time or raw.start_time
    deleted = answer.is_deleted or raw.cancelled
    if start_time is None and deleted:
        start_time = raw.original_start or answer.updated_at or raw.updated_at
    try:
        return CalendarEvent(
            event_id=answer.id,
            calendar_id=own_calendar_id(NAME, answer.calendar_id or calendar_id),
            start_time=start_time,
            end_time=(raw.end_time if raw.all_day else None) or answer.end_time or raw.end_time,
            time_zone=raw.time_zone,
            title=raw.title,
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
            is_organizer=raw.is_organizer,
            organizer_email=raw.organizer_email,
            organizer_name=raw.organizer_name,
            own_emails=raw.own_emails,
            attendees=raw.attendees,
            guests_known=raw.guests_known,
            response=raw.response,
            is_recurring=raw.is_instance,
            recurring_event_id=raw.series_id,
            original_start=raw.original_start if raw.is_instance else None,
            uid=raw.uid or answer.ical_uid,
            provider_event_id=answer.platform_id or raw.event_id,
            updated_at=answer.updated_at or raw.updated_at,
        )
    except ValidationError:
        raise UnavailableError(f"{SERVICE} gave an event without an id or without a time.") from None


def read_events(answers: Iterable[Any], calendar_id: str) -> list[CalendarEvent]:
    """The events that can be read, because one bad event must not hide all the others. It is logged."""
    events = []
    for answer in answers:
        try:
            events.append(read_event(RecallEventAnswer.model_validate(answer), calendar_id))
        except UnavailableError as error:
            logger.warning("An event of calendar %s is left out: %s", own_calendar_id(NAME, calendar_id), error)
    return events
