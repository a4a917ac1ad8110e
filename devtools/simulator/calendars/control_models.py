"""Control of the calendars, under `/_sim/calendars` and `/_sim/oauth`."""

from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AwareDatetime, BeforeValidator, Field, FiniteFloat, JsonValue, field_validator, model_validator

from devtools.simulator.calendars.provider_events import EventType, LinkPlace, Response, ShowAs, Visibility
from devtools.simulator.calendars.wire import Platform
from devtools.simulator.models import Control
from devtools.simulator.settings import NoticeForm

MAX_OCCURRENCES = 10_000


class AppOrder(Control):
    """An app registered with a provider. `redirect_uris` is whom codes may go to; empty is anybody."""

    platform: Platform
    client_id: str
    client_secret: str
    api_enabled: bool = True
    redirect_uris: tuple[str, ...] = ()


class RawCalendarOrder(Control):
    """A further calendar of an account; every account has a primary one."""

    id: str
    name: str = ""


class AccountOrder(Control):
    """A user, who has granted access to the app `client_id`; by default to one that exists for tests.

    Without a licence a Microsoft account has no mailbox, which only some providers tell apart.
    """

    platform: Platform = "Google"
    email: str
    name: str = ""
    calendars: tuple[RawCalendarOrder, ...] = ()
    client_id: str | None = None
    refresh_token: str | None = None
    licensed: bool = True


class GuestOrder(Control):
    email: str
    name: str = ""
    response: Response = "needsAction"
    optional: bool = False


def _as_guest(value: Any) -> Any:
    return {"email": value} if isinstance(value, str) else value


GuestField = Annotated[GuestOrder, BeforeValidator(_as_guest)]


class SeriesOrder(Control):
    count: int = Field(ge=1, le=MAX_OCCURRENCES)
    every_days: FiniteFloat = Field(default=7, gt=0)


class EventOrder(Control):
    """An event, in the primary calendars of all its people who have an account, and in `calendar`.

    `end` is by default 30 minutes after the start, or a day for one that is `all_day`.
    """

    organizer: GuestField
    start: AwareDatetime
    end: AwareDatetime | None = None
    id: str | None = None
    title: str = "Meeting"
    guests: tuple[GuestField, ...] = ()
    link: str = "https://meet.google.com/abc-defg-hij"
    link_place: LinkPlace = "conference"
    time_zone: str = "UTC"
    all_day: bool = False
    calendar: str | None = None
    description: str = ""
    location: str = ""
    event_type: EventType = "default"
    visibility: Visibility = "default"
    show_as: ShowAs = "busy"
    color_id: str = ""
    categories: tuple[str, ...] = ()
    rooms: tuple[GuestField, ...] = ()
    hides_guests: bool = False
    series: SeriesOrder | None = None

    @field_validator("time_zone")
    @classmethod
    def _known(cls, name: str) -> str:
        try:
            return ZoneInfo(name).key
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"no time zone is called {name!r}") from None

    @model_validator(mode="after")
    def _ends_later(self) -> Self:
        if self.end is not None and self.end < self.start:
            raise ValueError("end: before the start")
        return self


class EventChange(Control):
    """What changes in an event, or in every occurrence of a series. Moved events keep their length.

    `shift` is in seconds. An empty `link` takes the link away.
    """

    title: str | None = None
    start: AwareDatetime | None = None
    end: AwareDatetime | None = None
    shift: FiniteFloat = 0
    link: str | None = None
    link_place: LinkPlace | None = None
    guests: tuple[GuestField, ...] | None = None
    description: str | None = None
    visibility: Visibility | None = None
    show_as: ShowAs | None = None


class ResponseOrder(Control):
    email: str
    response: Response


class NoticeOrder(Control):
    """A sync webhook at once: `body` as it is, or one of the given age about `events`."""

    form: NoticeForm | None = None
    events: tuple[str, ...] = ()
    body: JsonValue = None
    url: str | None = None


class ConsentOrder(Control):
    """What the next user who is asked for consent does: refuse, or agree, perhaps to some `scopes` only.

    `error` is brought back in place of an answer. `refresh_token` is what the app gets if it gets one; empty
    is none. A code that is `stale` cannot be redeemed.
    """

    platform: Platform = "Google"
    answer: Literal["agree", "refuse"] = "agree"
    email: str | None = None
    scopes: tuple[str, ...] | None = None
    error: str | None = None
    refresh_token: str | None = None
    stale: bool = False
