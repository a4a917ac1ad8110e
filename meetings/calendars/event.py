"""A calendar's event in one form for all providers: times in UTC, and a default for whatever may be missing."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from meetings.dispatch import LAST_USEFUL_MINUTE
from meetings.request import ASSUMED_LENGTH, UtcDatetime
from meetings.text import balanced, one_line
from meetings.urls import MeetingUrl, MeetingUrlError, parse_meeting_url

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


def is_over(end: datetime, now: datetime) -> bool:
    """Whether a bot sent now would see nothing of a meeting that ends at `end`."""
    return now >= end - LAST_USEFUL_MINUTE
