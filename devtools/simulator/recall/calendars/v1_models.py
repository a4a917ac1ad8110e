"""What callers may send about Calendar V1, and the state that OAuth carries."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from devtools.simulator.recall.calendars.models import Instant
from devtools.simulator.recall.models import Closed

V1Platform = Literal["google", "microsoft"]


class AuthenticateRequest(Closed):
    user_id: str


class Preferences(Closed):
    """Which meetings get a bot; all false is none."""

    record_non_host: bool = False
    record_recurring: bool = False
    record_external: bool = False
    record_internal: bool = False
    record_confirmed: bool = False
    record_only_host: bool = False
    bot_name: str | None = None


class UserUpdate(Closed):
    """Body of PUT /api/v1/calendar/user/."""

    preferences: Preferences


class DisconnectRequest(Closed):
    platform: V1Platform


class MeetingUpdate(Closed):
    """Body of PUT /api/v1/calendar/meetings/{id}/: null leaves the decision to the preferences."""

    override_should_record: bool | None


class MeetingQuery(BaseModel):
    """Query of GET /api/v1/calendar/meetings/; `ical_uid` is the beginning of one."""

    ical_uid: str = ""
    start_time_after: Instant | None = None
    start_time_before: Instant | None = None


class OAuthState(BaseModel):
    """The `state` with which users come back from Google or Microsoft."""

    model_config = ConfigDict(extra="ignore")

    recall_calendar_auth_token: str = ""
    google_oauth_redirect_url: str = ""
    ms_oauth_redirect_url: str = ""
    success_url: str = ""
    error_url: str = ""
