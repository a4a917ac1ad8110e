"""What is really in people's calendars, before a provider or the service has seen it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Response = Literal["needsAction", "accepted", "tentative", "declined"]
EventType = Literal["default", "fromGmail", "outOfOffice", "focusTime", "workingLocation", "birthday"]
Visibility = Literal["default", "public", "personal", "private", "confidential"]
ShowAs = Literal["busy", "free", "tentative", "oof", "workingElsewhere"]
LinkPlace = Literal["conference", "location", "description"]


@dataclass(frozen=True, kw_only=True)
class Guest:
    email: str
    name: str = ""
    response: Response = "needsAction"
    optional: bool = False


@dataclass(frozen=True, kw_only=True)
class ProviderEvent:
    """One event of the real world, or one occurrence of a series, however many calendars have it.

    Times are UTC; `time_zone` is how its organizer thinks of them. An all-day event begins and ends at midnight
    UTC, the end excluded. `series` and `original_start` are set for occurrences: an exception is one that starts
    at another time. `uid` is the iCalendar one, which a series has only once. `rooms` are invited, too; Outlook
    marks them only among the locations. `hides_guests` shows each of them to nobody but the organizer.
    """

    id: str
    uid: str
    title: str
    start: datetime
    end: datetime
    organizer: Guest
    guests: tuple[Guest, ...]
    link: str
    link_place: LinkPlace
    time_zone: str
    all_day: bool
    series: str
    original_start: datetime | None
    created_at: datetime
    changed_at: datetime
    calendars: frozenset[str]
    cancelled: bool = False
    description: str = ""
    location: str = ""
    event_type: EventType = "default"
    visibility: Visibility = "default"
    show_as: ShowAs = "busy"
    color_id: str = ""
    categories: tuple[str, ...] = ()
    rooms: tuple[Guest, ...] = ()
    hides_guests: bool = False

    @property
    def is_exception(self) -> bool:
        return self.original_start is not None and self.original_start != self.start

    @property
    def people(self) -> tuple[Guest, ...]:
        """Everybody whom the invitation names, the organizer first; nobody if nobody is invited."""
        return (self.organizer, *self.guests) if self.guests else ()

    def people_seen_by(self, email: str) -> tuple[Guest, ...]:
        """Who of them the reader is shown."""
        if not self.hides_guests or email == self.organizer.email:
            return self.people
        return tuple(guest for guest in self.people if guest.email in (email, self.organizer.email))

    def text_of(self, place: Literal["location", "description"]) -> str:
        """What is written there, with the link if that is its place."""
        written = self.location if place == "location" else self.description
        return " ".join(filter(None, (written, self.link if self.link_place == place else "")))

    def response_of(self, email: str) -> Response | None:
        """None for somebody who is not on the list, such as the reader of a shared calendar."""
        return next((guest.response for guest in self.people if guest.email == email), None)
