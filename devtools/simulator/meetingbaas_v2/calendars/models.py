"""What callers may send about calendars; as with bots, fields that are unknown are dropped without a word."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from devtools.simulator.calendars.wire import Credentials, Platform
from devtools.simulator.meetingbaas_v2.models import Body, BotName, BotOptions, Instant, Uuid
from devtools.simulator.meetingbaas_v2.queries import PageQuery, Several

CalendarPlatform = Literal["google", "microsoft"]
EventStatus = Literal["confirmed", "cancelled", "tentative"]
EventType = Literal["one_off", "recurring"]
_PLATFORMS: dict[CalendarPlatform, Platform] = {"google": "Google", "microsoft": "Microsoft"}
_Text = Annotated[str, StringConstraints(min_length=1)]


class NewCredentials(Body):
    """Body of PATCH /v2/calendars/{id}: all three are needed, as the description has it."""

    oauth_client_id: _Text
    oauth_client_secret: _Text = Field(repr=False)
    oauth_refresh_token: _Text = Field(repr=False)
    oauth_tenant_id: str = "common"

    def for_platform(self, platform: Platform) -> Credentials:
        return Credentials(
            platform=platform,
            oauth_client_id=self.oauth_client_id,
            oauth_client_secret=self.oauth_client_secret,
            oauth_refresh_token=self.oauth_refresh_token,
        )


class RawCalendarsRequest(NewCredentials):
    """Body of POST /v2/calendars/list-raw."""

    calendar_platform: CalendarPlatform

    @property
    def credentials(self) -> Credentials:
        return self.for_platform(_PLATFORMS[self.calendar_platform])


class NewCalendarRequest(RawCalendarsRequest):
    """Body of POST /v2/calendars; `primary` stands for the user's main calendar."""

    raw_calendar_id: _Text


class BotTarget(Body):
    """Which events a call under /v2/calendars/{id}/bots is about."""

    series_id: Uuid
    all_occurrences: bool
    event_id: Uuid | None = None


class EventBotRequest(BotTarget, BotOptions):
    """Body of POST …/bots: a bot without link and time, which are the event's."""

    bot_name: BotName


class EventBotChange(BotTarget, BotOptions):
    """Body of PATCH …/bots: fields that are not there stay as they are."""

    bot_name: BotName | None = None


def platform_name(platform: Platform) -> CalendarPlatform:
    return "google" if platform == "Google" else "microsoft"


class CalendarQuery(PageQuery):
    """Query of GET /v2/calendars."""

    account_email: str = ""
    calendar_platform: Several = Field(default_factory=list)
    status: Several = Field(default_factory=list)


def _flag(value: object) -> object:
    return value.lower() == "true" if isinstance(value, str) and value.lower() in ("true", "false") else value


Flag = Annotated[bool, BeforeValidator(_flag)]


class EventQuery(PageQuery):
    """Query of GET …/events; the dates are about starts."""

    start_date: Instant | None = None
    end_date: Instant | None = None
    status: Several = Field(default_factory=list)
    show_cancelled: Flag = True


class SeriesQuery(PageQuery):
    """Query of GET …/series."""

    event_type: Several = Field(default_factory=list)
    show_cancelled: Flag = True
