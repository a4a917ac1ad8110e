"""A calendar event as all providers deliver it, and the meeting id that all copies of it share."""

import hashlib
import re
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from minutekeeper.meetings.dispatch import LAST_USEFUL_MINUTE
from minutekeeper.meetings.fields import ASSUMED_LENGTH, UtcDatetime
from minutekeeper.meetings.meeting_urls import MeetingUrl, MeetingUrlError, parse_meeting_url
from minutekeeper.text import balanced, one_line

MAX_TITLE = 500

_NOBODY = "calendar.google.com"
"""Google lists rooms and shared calendars among the people, with addresses that end like this."""

Title = Annotated[str, AfterValidator(lambda text: balanced(one_line(text)[:MAX_TITLE]))]
"""A title as it can be shown: one line, cut where a meeting's title ends."""


class Response(StrEnum):
    """The answer of a guest to an invitation."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    TENTATIVE = "tentative"
    NEEDS_ACTION = "needs_action"
    UNKNOWN = "unknown"


class Attendee(BaseModel):
    model_config = ConfigDict(frozen=True)

    email: str = ""
    name: str = ""
    response: Response = Response.UNKNOWN


class CalendarEvent(BaseModel):
    """One event, or one instance of a series. `event_id` and `calendar_id` are those of the meeting-bot API."""

    model_config = ConfigDict(frozen=True)

    event_id: str = Field(min_length=1)
    calendar_id: str
    start_time: UtcDatetime
    end_time: UtcDatetime | None = None
    time_zone: str = ""
    """The IANA name that the event was written in; empty if unknown."""
    title: Title = ""
    meeting_url: str = ""
    """The link as the calendar gives it: perhaps empty, perhaps none that a bot can join."""
    all_day: bool = False
    deleted: bool = False
    is_organizer: bool = False
    """Whether the calendar's owner organises it."""
    organizer_email: str = ""
    attendees: tuple[Attendee, ...] = ()
    guests_known: bool = True
    """Whether all who are invited are among the attendees: some guest lists are hidden or cut off."""
    response: Response = Response.UNKNOWN
    """The answer of the calendar's owner."""
    is_recurring: bool = False
    recurring_event_id: str = ""
    """The series that an instance belongs to, the same for all its instances."""
    original_start: UtcDatetime | None = None
    """When an instance of a series would take place if it had not been moved."""
    uid: str = ""
    """The iCalendar UID, which all invited calendars share."""
    provider_event_id: str = ""
    """The event's id at Google or Microsoft."""
    updated_at: UtcDatetime | None = None
    provider_records: bool = False
    """Whether the meeting-bot API sends a bot of ours by its own timer."""

    @property
    def link(self) -> MeetingUrl | None:
        """The normalised link and its platform; None if no bot can join by it."""
        try:
            return parse_meeting_url(self.meeting_url)
        except MeetingUrlError:
            return None

    @property
    def series(self) -> str:
        """The key of the series that the event belongs to, whatever became of both; empty for a single event."""
        if self.recurring_event_id:
            return series_key(self.recurring_event_id)
        if _GOOGLE_INSTANCE.search(self.provider_event_id):
            return series_key(self.provider_event_id)
        return series_key(_split(self.uid.strip())[0]) if self.is_recurring else ""

    @property
    def expected_end(self) -> datetime:
        return expected_end(self.start_time, self.end_time)

    @property
    def length(self) -> timedelta:
        """Nothing for an event that ends when it starts; what is assumed for one without an end."""
        return max((self.end_time or self.expected_end) - self.start_time, timedelta())

    @property
    def people(self) -> frozenset[str]:
        """All who take part, the organiser included: their addresses, or names where there is no address."""
        given = (self.organizer_email, *(attendee.email or attendee.name for attendee in self.attendees))
        tidy = (text.strip().casefold() for text in given)
        return frozenset(text for text in tidy if text and not text.endswith(_NOBODY))


def expected_end(start_time: datetime, end_time: datetime | None) -> datetime:
    """When a meeting should be over; an end that does not come after the start is none."""
    return end_time if end_time and end_time > start_time else start_time + ASSUMED_LENGTH


def is_past(end: datetime, now: datetime) -> bool:
    """Whether a bot sent now would see nothing of a meeting that ends at `end`."""
    return now >= end - LAST_USEFUL_MINUTE


_GOOGLE_INSTANCE = re.compile(r"_([0-9]{8}T[0-9]{6}Z)\Z")

_GOOGLE_SPLIT = re.compile(r"(?:_R[0-9]{8}(?:T[0-9]{6}Z?)?)+(?=\Z|@)")
"""What Google appends to the id of a series, and to its UID, when this and all following events are changed."""

_OUTLOOK_UID = re.compile(r"(040000008200E00074C5B7101A82E008)([0-9A-F]{8})([0-9A-F]+)")

_NO_DATE = "00000000"

# When it was made, eight bytes without meaning, the length, then the other calendar's UID behind its mark.
_WRAPPED_UID = re.compile(rf"[0-9A-F]{{40}}{b'vCal-Uid'.hex().upper()}01000000([0-9A-F]+)")


def series_key(identifier: str) -> str:
    """The key of a series, from its id, its UID or the id of one of its instances at Google.

    It is the same before and after a change of "this and following" events, which makes another series at Google.
    """
    return _GOOGLE_SPLIT.sub("", _GOOGLE_INSTANCE.sub("", identifier.strip()))


def meeting_id_for_event(event: CalendarEvent) -> str:
    """The meeting id of an event, for instance `cal-5f0c…`: letters, digits and a dash, 28 characters."""
    digest = hashlib.sha256("|".join(_key(event)).encode("utf-8", "surrogatepass")).hexdigest()
    return f"cal-{digest[:24]}"


def _key(event: CalendarEvent) -> tuple[str, ...]:
    uid, date = _split(event.uid.strip())
    original = _original_start(event)
    is_instance = event.is_recurring or bool(event.recurring_event_id)
    if uid and (original or date or not is_instance):
        return ("uid", uid, original or date)
    if event.provider_event_id:
        return ("provider", event.provider_event_id)
    return ("event", event.event_id)


def _original_start(event: CalendarEvent) -> str:
    if event.original_start is not None:
        return event.original_start.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    stamp = _GOOGLE_INSTANCE.search(event.provider_event_id)
    return stamp[1] if stamp else ""


def _split(uid: str) -> tuple[str, str]:
    """The UID of a series, and the date of the instance that Outlook writes into it, empty if there is none."""
    outlook = _OUTLOOK_UID.fullmatch(uid.upper())
    if not outlook:
        return uid, ""
    date = "" if outlook[2] == _NO_DATE else outlook[2]
    return _wrapped_uid(outlook[3]) or f"{outlook[1]}{_NO_DATE}{outlook[3]}", date


def _wrapped_uid(digits: str) -> str:
    """The UID that another calendar gave an event, which Outlook wraps into one of its own; else empty."""
    wrapped = _WRAPPED_UID.fullmatch(digits)
    if wrapped is None or len(wrapped[1]) % 2:
        return ""
    return bytes.fromhex(wrapped[1]).partition(b"\0")[0].decode(errors="replace").strip()
