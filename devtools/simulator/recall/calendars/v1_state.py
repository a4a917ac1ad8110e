"""Users of Calendar V1, their connections and meetings."""

from dataclasses import dataclass, field
from uuid import UUID, uuid4

from devtools.simulator.calendars.accounts import RawCalendar
from devtools.simulator.calendars.ids import graph_uid
from devtools.simulator.calendars.provider_events import ProviderEvent
from devtools.simulator.calendars.wire import Credentials
from devtools.simulator.recall.calendars.v1_models import Preferences, V1Platform
from devtools.simulator.recall.meeting_links import find_link
from devtools.simulator.recall.state import Bot


@dataclass
class Connection:
    """A user's calendar of one kind; one that is not `connected` was replaced or given up."""

    platform: V1Platform
    credentials: Credentials
    raw: RawCalendar
    connected: bool = True
    uuid: UUID = field(default_factory=uuid4)


@dataclass
class V1Meeting:
    """An event of a user, as it was at the last look. `bot` is the one that was sent for it, or will be."""

    user: "CalendarUser"
    connection: Connection
    event: ProviderEvent
    uuid: UUID = field(default_factory=uuid4)
    override: bool | None = None
    will_record: bool = False
    reason: str = ""
    bot: Bot | None = None

    @property
    def link(self) -> str:
        event = self.event
        return find_link(" ".join((event.link, event.text_of("location"), event.text_of("description"))))

    @property
    def email(self) -> str:
        return self.connection.raw.account.email

    @property
    def is_hosted_by_me(self) -> bool:
        return self.event.organizer.email == self.email

    @property
    def is_external(self) -> bool:
        """Whether a guest is of another domain than the host."""
        host = _domain(self.event.organizer.email)
        return any(_domain(guest.email) != host for guest in self.event.guests)

    @property
    def ical_uid(self) -> str:
        return self.event.uid if self.connection.platform == "google" else graph_uid(self.event)


@dataclass
class CalendarUser:
    """A user by the id that the caller gave; `meetings` by connection and event."""

    external_id: str
    uuid: UUID = field(default_factory=uuid4)
    preferences: Preferences = field(default_factory=Preferences)
    preferences_id: UUID = field(default_factory=uuid4)
    connections: list[Connection] = field(default_factory=list)
    meetings: dict[tuple[UUID, str], V1Meeting] = field(default_factory=dict)


def _domain(email: str) -> str:
    return email.rpartition("@")[2].lower()
