"""The request that starts a meeting workflow, and requests that change it later.

Every field that is added later needs a default, because workflows that sleep for months were started without it.
"""

from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from minutekeeper.meetings.claims import Claim
from minutekeeper.meetings.deadlines import Deadlines
from minutekeeper.meetings.dispatch_timing import DEFAULT_DISPATCH_TIMING, DispatchTiming
from minutekeeper.meetings.fields import (
    ASSUMED_LENGTH,
    BotOptions,
    Metadata,
    NormalisedMeetingUrl,
    Title,
    UtcDatetime,
    WantedArtifacts,
    check_order,
)
from minutekeeper.meetings.meeting_urls import Platform, parse_meeting_url, public_url


class CalendarEventRef(BaseModel):
    """The calendar event of a meeting, by the provider's ids."""

    model_config = ConfigDict(frozen=True)

    calendar_id: str
    event_id: str


class ProviderScheduledBot(BaseModel):
    """A bot that the provider sent by its own scheduler at `sent_at` (UTC). It is followed, and no other is sent.

    `deadlines` are those of the process that found it, because workflow code may not read settings.
    """

    model_config = ConfigDict(frozen=True)

    bot_id: str
    sent_at: UtcDatetime
    provider: str = ""
    """The name of the bot's provider; empty for the worker's default."""
    deadlines: Deadlines = Deadlines()


class MeetingRequest(BaseModel):
    """A meeting to record. Only `meeting_url` and `start_time` are required.

    Unknown fields are ignored and named in the meeting's timeline instead of rejected, because an older worker must
    be able to run a meeting that a newer client booked.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    meeting_url: NormalisedMeetingUrl
    start_time: UtcDatetime
    end_time: UtcDatetime | None = None
    title: Title = Field("", max_length=500)
    bot: BotOptions = BotOptions()
    wanted: WantedArtifacts = WantedArtifacts()
    metadata: Metadata = {}
    events: tuple[str, ...] = ()
    """The types of events before the end, such as `meeting.recording`, that an endpoint wants to be told of."""
    wake_up: DispatchTiming = DEFAULT_DISPATCH_TIMING
    calendar: CalendarEventRef | None = None
    claim: Claim | None = None
    """The first claim of the calendar that books the meeting, so that no separate claim is needed."""
    rebooked: bool = False
    """Temporal lost an earlier booking, so that its bot is searched for before another one is sent."""
    follows: ProviderScheduledBot | None = None
    """The bot that is already in the meeting."""

    @model_validator(mode="before")
    @classmethod
    def _nulls_mean_defaults(cls, data: Any) -> Any:
        if isinstance(data, dict):
            return {name: value for name, value in data.items() if value is not None}
        return data

    @model_validator(mode="after")
    def _ends_after_start(self) -> Self:
        check_order(self.start_time, self.end_time)
        return self

    @property
    def platform(self) -> Platform:
        return parse_meeting_url(self.meeting_url).platform

    @property
    def public_url(self) -> str:
        """The link without passwords, for display."""
        return public_url(self.meeting_url)

    @property
    def expected_end(self) -> datetime:
        return self.end_time or self.start_time + ASSUMED_LENGTH

    def moved(self, change: "Reschedule") -> "MeetingRequest":
        """The request after a change, with the same length unless the change has an end time."""
        end = change.end_time
        if end is None and self.end_time is not None:
            end = change.start_time + (self.end_time - self.start_time)
        return self.model_copy(
            update={
                "start_time": change.start_time,
                "end_time": end,
                "meeting_url": change.meeting_url or self.meeting_url,
                "title": self.title if change.title is None else change.title,
            }
        )


class Reschedule(BaseModel):
    """Moves a meeting to a new start, and optionally to a new end, link or title."""

    model_config = ConfigDict(frozen=True)

    start_time: UtcDatetime
    end_time: UtcDatetime | None = None
    meeting_url: NormalisedMeetingUrl | None = None
    title: Title | None = Field(None, max_length=500)

    @model_validator(mode="after")
    def _ends_after_start(self) -> Self:
        check_order(self.start_time, self.end_time)
        return self


class StopRequest(BaseModel):
    """Why a meeting is cancelled, or why its bot should leave, for the timeline."""

    model_config = ConfigDict(frozen=True)

    why: str = Field("", max_length=500)


NO_REASON = StopRequest()
