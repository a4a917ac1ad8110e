"""What people ask for: a meeting to be kept, and the changes they make to it later.

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
    check_order,
)
from minutekeeper.meetings.meeting_urls import Platform, parse_meeting_url, public_url


class CalendarEventRef(BaseModel):
    """The calendar event that a meeting comes from, by the provider's ids."""

    model_config = ConfigDict(frozen=True)

    calendar_id: str
    event_id: str


class WantedArtifacts(BaseModel):
    model_config = ConfigDict(frozen=True)

    recording: bool = True
    transcript: bool = True
    audio: bool = False
    """The sound as a file of its own beside the video, if the provider has one."""


class ProviderScheduledBot(BaseModel):
    """A bot that the provider sent by itself at `sent_at` (UTC): it is followed, and no other is sent.

    `deadlines` are those of the process that found it, because workflows may look at no settings.
    """

    model_config = ConfigDict(frozen=True)

    bot_id: str
    sent_at: UtcDatetime
    provider: str = ""
    """Whose bot it is, by its provider's name; empty for the worker's default."""
    deadlines: Deadlines = Deadlines()


class MeetingRequest(BaseModel):
    """A meeting to keep. Only `meeting_url` and `start_time` are required.

    Unknown fields are kept aside and named in the meeting's timeline rather than refused: an older worker must be
    able to carry a meeting that a newer client booked.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    meeting_url: NormalisedMeetingUrl
    start_time: UtcDatetime
    end_time: UtcDatetime | None = None
    title: Title = Field("", max_length=500)
    bot: BotOptions = BotOptions()
    wanted: WantedArtifacts = WantedArtifacts()
    metadata: Metadata = {}
    wake_up: DispatchTiming = DEFAULT_DISPATCH_TIMING
    calendar: CalendarEventRef | None = None
    claim: Claim | None = None
    """What the calendar that books the meeting wants of it, so that nothing more need be said."""
    rebooked: bool = False
    """It was booked before and Temporal lost it, so a bot that was sent then is looked for before another is."""
    follows: ProviderScheduledBot | None = None
    """The bot that is in the meeting already."""

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
        """The link as it may be shown: without what admits a person."""
        return public_url(self.meeting_url)

    @property
    def expected_end(self) -> datetime:
        return self.end_time or self.start_time + ASSUMED_LENGTH

    def moved(self, change: "Reschedule") -> "MeetingRequest":
        """The request after a change; the length stays as it was unless the change says otherwise."""
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
    """A meeting moved: a new start, and optionally a new end, link or title."""

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
    """Why a meeting is cancelled, or why its bot should leave: a text for the timeline."""

    model_config = ConfigDict(frozen=True)

    why: str = Field("", max_length=500)


NO_REASON = StopRequest()
