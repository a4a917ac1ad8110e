"""What the workflow of a calendar is started with, is told, carries along and shows.

Every field that is added later needs a default, because calendars live for years.
"""

from enum import StrEnum
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from meetings.calendars.health import Ailment, Grant
from meetings.calendars.news import NO_NEWS, News
from meetings.calendars.overrides import NO_OVERRIDES, Overrides, Wanted
from meetings.calendars.policy import DEFAULT_POLICY, Policy
from meetings.request import UtcDatetime


class CalendarStatus(StrEnum):
    """In the order of its life."""

    SYNCING = "syncing"
    """It was not looked at yet."""
    ACTIVE = "active"
    ERROR = "error"
    """It cannot be read; `trouble` says why. Its meetings stay booked."""
    LEAVING = "leaving"
    """It lets go of its meetings."""
    DISCONNECTED = "disconnected"


class LookCounts(BaseModel):
    """What came of a look into a calendar: events that were read, and what became of meetings."""

    model_config = ConfigDict(frozen=True)

    events: int = 0
    booked: int = 0
    moved: int = 0
    updated: int = 0
    released: int = 0
    lost: int = 0
    """Booked meetings that Temporal did not know any more; those still wanted count as booked, too."""
    put_off: int = 0
    """Meetings that could not be changed just now; `again_at` says when to try again."""


class LookOrder(BaseModel):
    """One look into a calendar. `at` is the workflow's time: all decisions are made for this instant."""

    model_config = ConfigDict(frozen=True)

    calendar_id: str
    at: UtcDatetime
    policy: Policy = DEFAULT_POLICY
    overrides: Overrides = NO_OVERRIDES
    news: News = NO_NEWS
    """What the look has to find out about. Without any it reads what was changed since the last one."""
    farewell: str = ""
    """Why the calendar lets go of all its meetings; empty if it stays."""


class LookResult(BaseModel):
    """`cursor` is the time of the newest change up to which everything was seen.

    `unread` are events that were asked for by name and could not be read: they are still owed.
    """

    model_config = ConfigDict(frozen=True)

    counts: LookCounts = LookCounts()
    was_full: bool = False
    cursor: AwareDatetime | None = None
    again_at: AwareDatetime | None = None
    unread: tuple[str, ...] = ()


class CarriedCalendar(BaseModel):
    """What a calendar takes along when its history is cut off (continue-as-new)."""

    model_config = ConfigDict(frozen=True)

    looks: int = 0
    counts: LookCounts = LookCounts()
    cursor: AwareDatetime | None = None
    last_look_at: AwareDatetime | None = None
    last_full_at: AwareDatetime | None = None
    again_at: AwareDatetime | None = None
    news: News = NO_NEWS
    owed: News = NO_NEWS
    farewell: str = ""
    trouble: str = ""
    is_lost: bool = False
    failed: int = 0
    """Looks that failed since the last one that did not."""
    grant: Grant = Grant()
    shown: CalendarStatus | None = None
    reported: Ailment | None = None


class CalendarRequest(BaseModel):
    """A calendar to keep. Only `calendar_id`, by the provider's name, is required. Times are in seconds."""

    model_config = ConfigDict(frozen=True)

    calendar_id: str = Field(min_length=1)
    user: str = ""
    """Whose calendar it is, and at which platform, where it was connected for a user."""
    platform: str = ""
    owner: str = ""
    """The mail address or name that it has at the provider, for when the provider does not have it any more."""
    policy: Policy = DEFAULT_POLICY
    overrides: Overrides = NO_OVERRIDES
    debounce: float = Field(2.0, ge=0, le=600)
    """How long further changes are waited for after the first."""
    full_every: float = Field(6 * 3600.0, ge=60, le=7 * 24 * 3600)
    """Webhooks get lost: at least so often everything is read again."""
    carried: CarriedCalendar | None = None


class CalendarSignal(BaseModel):
    """Something changed in the calendar: these events, or nobody said which. `everything` may have changed, too.

    Nothing is required, and what a sender adds is left aside.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    calendar_id: str = ""
    event_ids: tuple[str, ...] = ()
    everything: bool = False

    @property
    def news(self) -> News:
        named = News(full=self.everything, event_ids=self.event_ids)
        return NO_NEWS.and_also(named) or News(unnamed=True)


SOMETHING_CHANGED = CalendarSignal()


class PolicyChange(BaseModel):
    """Another policy, as people write it."""

    model_config = ConfigDict(frozen=True)

    policy: dict[str, Any]


class OverrideChange(BaseModel):
    """What somebody decides for one event, or for a whole series; None leaves it to the policy again."""

    model_config = ConfigDict(frozen=True)

    event_id: str = ""
    series_id: str = ""
    wanted: Wanted | None = None


class Disconnection(BaseModel):
    model_config = ConfigDict(frozen=True)

    why: str = Field("The calendar was disconnected.", min_length=1, max_length=500)


DISCONNECTION = Disconnection()


class CalendarView(BaseModel):
    """What the `status` query answers."""

    model_config = ConfigDict(frozen=True)

    calendar_id: str
    status: CalendarStatus
    user: str = ""
    platform: str = ""
    owner: str = ""
    ailment: Ailment | None = None
    trouble: str = ""
    trouble_since: AwareDatetime | None = None
    """Known for what ails a grant, whose trouble can last."""
    looks: int = 0
    counts: LookCounts = LookCounts()
    """Of the last look."""
    cursor: AwareDatetime | None = None
    last_look_at: AwareDatetime | None = None
    last_full_at: AwareDatetime | None = None
    next_look_at: AwareDatetime | None = None
    policy: Policy = DEFAULT_POLICY
    overrides: Overrides = NO_OVERRIDES
