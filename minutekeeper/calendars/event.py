"""A calendar event as all providers deliver it, and the meeting id that all copies of it share."""

import hashlib
import re
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from minutekeeper.meetings.dispatch import LAST_USEFUL_MINUTE
from minutekeeper.meetings.fields import ASSUMED_LENGTH, UtcDatetime
from minutekeeper.meetings.meeting_urls import MeetingUrl, MeetingUrlError, parse_meeting_url
from minutekeeper.text import balanced, one_line, plain_text

MAX_TITLE = 500

MAX_NOTES = 100_000
"""Of longer notes only the beginning is kept: there may be whole pictures in them."""

Title = Annotated[str, AfterValidator(lambda text: balanced(one_line(text)[:MAX_TITLE]))]
"""A title as it can be shown: one line, cut where a meeting's title ends."""


class Response(StrEnum):
    """The answer of a guest to an invitation."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    TENTATIVE = "tentative"
    NEEDS_ACTION = "needs_action"
    UNKNOWN = "unknown"


class EventType(StrEnum):
    """What an entry of a calendar is. Calendars that know no types have `default` only."""

    DEFAULT = "default"
    FROM_MAIL = "from_mail"
    """The calendar made it of a mail, such as a reservation."""
    OUT_OF_OFFICE = "out_of_office"
    FOCUS_TIME = "focus_time"
    WORKING_LOCATION = "working_location"
    BIRTHDAY = "birthday"
    OTHER = "other"
    """A type that has no name here."""

    @property
    def is_meeting(self) -> bool:
        return self in {EventType.DEFAULT, EventType.FROM_MAIL, EventType.OTHER}


class Visibility(StrEnum):
    """Who may see an event's details."""

    DEFAULT = "default"
    """As the calendar itself says."""
    PUBLIC = "public"
    PERSONAL = "personal"
    PRIVATE = "private"
    CONFIDENTIAL = "confidential"
    UNKNOWN = "unknown"


class Availability(StrEnum):
    """How the time of the calendar's owner is shown to others."""

    BUSY = "busy"
    FREE = "free"
    TENTATIVE = "tentative"
    OUT_OF_OFFICE = "out_of_office"
    WORKING_ELSEWHERE = "working_elsewhere"
    UNKNOWN = "unknown"


class Color(StrEnum):
    """A colour that an event was given. One that was given none has that of its calendar, which is not told."""

    LAVENDER = "lavender"
    SAGE = "sage"
    GRAPE = "grape"
    FLAMINGO = "flamingo"
    BANANA = "banana"
    TANGERINE = "tangerine"
    PEACOCK = "peacock"
    GRAPHITE = "graphite"
    BLUEBERRY = "blueberry"
    BASIL = "basil"
    TOMATO = "tomato"


class Attendee(BaseModel):
    model_config = ConfigDict(frozen=True)

    email: str = ""
    name: str = ""
    response: Response = Response.UNKNOWN
    optional: bool = False


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
    notes: str = Field("", repr=False)
    """What its organiser wrote about it, perhaps as HTML."""
    location: str = Field("", repr=False)
    event_type: EventType = EventType.DEFAULT
    visibility: Visibility = Visibility.UNKNOWN
    availability: Availability = Availability.UNKNOWN
    categories: tuple[str, ...] = ()
    color: Color | None = None
    all_day: bool = False
    """It has days instead of times: the start and the end are midnights, the latter not included."""
    deleted: bool = False
    is_organizer: bool = False
    """Whether the calendar's owner organises it."""
    organizer_email: str = ""
    organizer_name: str = ""
    own_emails: tuple[str, ...] = ()
    """Addresses that the calendar says are its owner's."""
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
    number: int = 0
    """Which occurrence of its series it is, of those that its calendar has shown; 0 if that is not known."""
    uid: str = ""
    """The iCalendar UID, which all invited calendars share."""
    provider_event_id: str = ""
    """The event's id at Google or Microsoft."""
    updated_at: UtcDatetime | None = None
    provider_records: bool = False
    """Whether the meeting-bot API sends a bot of ours by its own timer."""
    known_ids: tuple[str, ...] = ()
    """The meeting ids by which its calendar knows it; empty if it does not track it."""

    @property
    def meeting_ids(self) -> tuple[str, ...]:
        """Every meeting id of the event, the one under which it is tracked first."""
        return self.known_ids or (meeting_id_for_event(self),)

    @cached_property
    def description(self) -> str:
        """The notes as plain text."""
        return plain_text(self.notes)

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

    def in_daytime(self, start: time, zone: ZoneInfo) -> "CalendarEvent":
        """The event, or one that lasts all day with hours: from `start` of its first day to the end of its last."""
        if not self.all_day:
            return self
        first = self._day(self.start_time)
        last = max(first, self._day(self.end_time) - timedelta(days=1)) if self.end_time else first
        begin = datetime.combine(first, start, zone)
        end = datetime.combine(last + timedelta(days=1), time(), zone)
        return self.model_copy(update={"start_time": begin.astimezone(UTC), "end_time": end.astimezone(UTC)})

    def _day(self, midnight: datetime) -> date:
        """The day that begins at this instant: by the event's own zone if it is midnight there.

        Otherwise the zone is not known, and the day is the one whose midnight of UTC is the nearest.
        """
        local = midnight.astimezone(ZoneInfo(self.time_zone or "UTC"))
        if local.time() == time():
            return local.date()
        return (midnight.astimezone(UTC) + timedelta(hours=12)).date()


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
