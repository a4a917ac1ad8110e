"""What people ask for: a meeting to be kept, and the changes they make to it later.

Every field that is added later needs a default, because workflows that sleep for months were started without it.
"""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from meetings.deadlines import Deadlines
from meetings.text import balanced
from meetings.urls import Platform, parse_meeting_url, public_url
from meetings.waking import WAKE_UP, WakeUp

_FIRST_YEAR, _LAST_YEAR = 2000, 2099
"""Outside of these an instant is a slip, and arithmetic with it may leave the calendar."""

ASSUMED_LENGTH = timedelta(hours=1)
"""How long a meeting is taken to last when nobody said when it ends."""


def _in_utc(instant: datetime) -> datetime:
    if not _FIRST_YEAR <= instant.year <= _LAST_YEAR:
        raise ValueError(f"{instant.isoformat()} must lie between the years {_FIRST_YEAR} and {_LAST_YEAR}")
    return instant.astimezone(UTC)


UtcDatetime = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""An instant with a zone (`2026-12-01T10:00:00Z`, `…+01:00`), kept as UTC."""

NormalisedMeetingUrl = Annotated[str, AfterValidator(lambda text: parse_meeting_url(text).url)]
"""A Google Meet, Zoom or Microsoft Teams link, normalised so that equal meetings have equal URLs."""


Title = Annotated[str, AfterValidator(balanced)]
"""What people call a meeting; its direction does not leak into what stands beside it."""


class RecordingMode(StrEnum):
    SPEAKER_VIEW = "speaker_view"
    GALLERY_VIEW = "gallery_view"
    AUDIO_ONLY = "audio_only"


class BotOptions(BaseModel):
    """How the bot looks and behaves. Timeouts are in seconds; None leaves them to the provider."""

    model_config = ConfigDict(frozen=True)

    name: str = Field("Minutekeeper", min_length=1, max_length=255)
    image: str | None = None
    entry_message: str | None = None
    recording_mode: RecordingMode = RecordingMode.SPEAKER_VIEW
    waiting_room_timeout: int | None = Field(None, ge=1, le=7200)
    noone_joined_timeout: int | None = Field(None, ge=1, le=7200)
    silence_timeout: int | None = Field(None, ge=1, le=7200)


class CalendarOrigin(BaseModel):
    """The calendar event that a meeting comes from, by the provider's ids."""

    model_config = ConfigDict(frozen=True)

    calendar_id: str
    event_id: str


class Claim(BaseModel):
    """A calendar's interest in a meeting, and how its event wants the meeting to be.

    `seen_at` is when the calendar was looked at: of two claims or releases of a calendar the later one counts,
    whichever arrives first. `updated_at` is when the event itself was changed.
    """

    model_config = ConfigDict(frozen=True)

    calendar_id: str
    event_id: str
    seen_at: UtcDatetime
    start_time: UtcDatetime
    meeting_url: NormalisedMeetingUrl
    end_time: UtcDatetime | None = None
    title: Title = Field("", max_length=500)
    bot: BotOptions | None = None
    is_organizer: bool = False
    updated_at: UtcDatetime | None = None

    @model_validator(mode="after")
    def _ends_after_start(self) -> Self:
        _check_order(self.start_time, self.end_time)
        return self


class ClaimAnswer(StrEnum):
    TAKEN = "taken"
    HELD = "held"
    """The claim counts, but the meeting stays where it is: it is being recorded."""


class Release(BaseModel):
    """A calendar lets go of a meeting. `seen_at` as for a claim.

    `deleted_at` is when the event was deleted, where that is the reason and the calendar says so.
    """

    model_config = ConfigDict(frozen=True)

    calendar_id: str
    seen_at: UtcDatetime
    why: str = Field("", max_length=500)
    deleted_at: UtcDatetime | None = None


class Interest(BaseModel):
    """The calendars that want a meeting, by calendar id, and when others last let go of it.

    `followed` is the claim that the meeting last took its time and place from.
    """

    model_config = ConfigDict(frozen=True)

    claims: dict[str, Claim] = {}
    released: dict[str, UtcDatetime] = {}
    followed: Claim | None = None


class WantedArtifacts(BaseModel):
    model_config = ConfigDict(frozen=True)

    recording: bool = True
    transcript: bool = True


class AdoptedBot(BaseModel):
    """A bot that the provider sent by itself at `sent_at` (UTC): it is followed, and no other is sent.

    `deadlines` are those of the process that found it, because workflows may look at no settings.
    """

    model_config = ConfigDict(frozen=True)

    bot_id: str
    sent_at: UtcDatetime
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
    wake_up: WakeUp = WAKE_UP
    calendar: CalendarOrigin | None = None
    claim: Claim | None = None
    """What the calendar that books the meeting wants of it, so that nothing more need be said."""
    rebooked: bool = False
    """It was booked before and Temporal lost it, so a bot that was sent then is looked for before another is."""
    follows: AdoptedBot | None = None
    """The bot that is in the meeting already."""

    @model_validator(mode="before")
    @classmethod
    def _nulls_mean_defaults(cls, data: Any) -> Any:
        if isinstance(data, dict):
            return {name: value for name, value in data.items() if value is not None}
        return data

    @model_validator(mode="after")
    def _ends_after_start(self) -> Self:
        _check_order(self.start_time, self.end_time)
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
        _check_order(self.start_time, self.end_time)
        return self


class StopRequest(BaseModel):
    """Why a meeting is cancelled, or why its bot should leave: a text for the timeline."""

    model_config = ConfigDict(frozen=True)

    why: str = Field("", max_length=500)


NO_REASON = StopRequest()


def _check_order(start: datetime, end: datetime | None) -> None:
    if end is not None and end <= start:
        raise ValueError(f"end_time {end.isoformat()} must be after start_time {start.isoformat()}")
