"""What callers may send about calendars of V2."""

from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, JsonValue, StringConstraints

from devtools.simulator.calendars.wire import Credentials
from devtools.simulator.recall.models import Closed

CalendarPlatform = Literal["google_calendar", "microsoft_outlook"]
Secret = Annotated[str, StringConstraints(max_length=2000)]


class NewCalendar(Closed):
    """Body of POST /api/v2/calendars/. `webhook_url` is deprecated, and nothing is sent there."""

    platform: CalendarPlatform
    oauth_client_id: Secret
    oauth_client_secret: Secret = Field(repr=False)
    oauth_refresh_token: Secret = Field(repr=False)
    oauth_email: str | None = None
    webhook_url: str | None = None

    @property
    def credentials(self) -> Credentials:
        return Credentials(
            platform="Google" if self.platform == "google_calendar" else "Microsoft",
            oauth_client_id=self.oauth_client_id,
            oauth_client_secret=self.oauth_client_secret,
            oauth_refresh_token=self.oauth_refresh_token,
        )


class CalendarPatch(Closed):
    """Body of PATCH /api/v2/calendars/{id}/: new credentials; an empty one tries those that are there again."""

    oauth_client_id: Secret | None = None
    oauth_client_secret: Secret | None = Field(default=None, repr=False)
    oauth_refresh_token: Secret | None = Field(default=None, repr=False)
    oauth_email: str | None = None
    webhook_url: str | None = None


class EventBotOrder(Closed):
    """Body of POST /api/v2/calendar-events/{id}/bot/."""

    deduplication_key: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    bot_config: dict[str, JsonValue]


def _in_utc(instant: datetime) -> datetime:
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant


Instant = Annotated[datetime, AfterValidator(_in_utc)]


class CalendarQuery(BaseModel):
    """Query of GET /api/v2/calendars/."""

    created_at__gte: Instant | None = None
    email: str = ""
    platform: CalendarPlatform | None = None
    status: Literal["connecting", "connected", "disconnected"] | None = None


class EventQuery(BaseModel):
    """Query of GET /api/v2/calendar-events/; bounds are inclusive."""

    calendar_id: UUID | None = None
    updated_at__gte: Instant | None = None
    start_time: Instant | None = None
    start_time__gte: Instant | None = None
    start_time__lte: Instant | None = None
    ical_uid: str = ""
    is_deleted: bool | None = None
