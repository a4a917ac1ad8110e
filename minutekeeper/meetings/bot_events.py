"""What a provider reports of a bot, by webhook or when asked, and which report is final."""

from datetime import datetime
from enum import StrEnum
from typing import Self

from pydantic import AwareDatetime, BaseModel, ConfigDict

from minutekeeper.meetings.status import FailureReason, MeetingStatus

_MOST_CHARACTERS = 500
"""The limit of foreign texts, because a meeting keeps hundreds of them."""


class BotEventKind(StrEnum):
    STATUS = "status"
    COMPLETE = "complete"
    FAILED = "failed"
    TRANSCRIPTION_COMPLETE = "transcription_complete"
    TRANSCRIPTION_FAILED = "transcription_failed"
    """There will be no transcript; the recording is not affected."""
    SETTLED = "settled"
    """The bot has ended, and the provider says when asked what came of it."""


class EventSource(StrEnum):
    WEBHOOK = "webhook"
    API = "api"


class BotEvent(BaseModel):
    """One event of a bot.

    Never contains a transcript, a media URL or a key: `body` is the path of the whole delivery in the artifact
    store. `occurred_at` is the provider's own time where it gives one, else the time of arrival.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    bot_id: str
    occurred_at: AwareDatetime
    kind: BotEventKind = BotEventKind.STATUS
    dispatch: int | None = None
    status: MeetingStatus | None = None
    """The status that a STATUS event reports; None if the provider's code is unknown."""
    reason: FailureReason | None = None
    """Why the bot ended. A FAILED event always has one, UNKNOWN if the provider's code is unknown; a STATUS event
    has one only if the status itself says why."""
    code: str = ""
    """The provider's own status code or error name: evidence for the timeline, which decides nothing."""
    text: str = ""
    """Free text that came along: an error message, an end reason."""
    source: EventSource = EventSource.WEBHOOK
    has_recording: bool = False
    has_transcript: bool = False
    transcript_finished: bool = False
    """Whether a `complete` reports that there was no speech, so that no transcript will follow."""
    body: str = ""

    @property
    def identity(self) -> tuple[str, str, datetime | None]:
        """Equal for redeliveries of one event: a final event counts once, whenever it is sent again."""
        if self.kind is BotEventKind.STATUS:
            return (self.kind, self.code, self.occurred_at)
        return (self.kind, "", None)

    @property
    def clipped(self) -> Self:
        """The event with texts of bounded length."""
        texts = {"bot_id": self.bot_id, "code": self.code, "text": self.text, "body": self.body}
        long = {name: text[:_MOST_CHARACTERS] for name, text in texts.items() if len(text) > _MOST_CHARACTERS}
        return self.model_copy(update=long) if long else self


def has_unknown_status(event: BotEvent) -> bool:
    """Whether the provider names a status or a failure that is not on our lists."""
    match event.kind:
        case BotEventKind.STATUS:
            return bool(event.code) and event.status is None
        case BotEventKind.FAILED:
            return bool(event.code) and event.reason is FailureReason.UNKNOWN
    return False


class ObservedBot(BaseModel):
    """What the provider answered when asked about a bot; `text` is its own words. `gone`: it knows no such bot."""

    model_config = ConfigDict(frozen=True)

    events: tuple[BotEvent, ...] = ()
    gone: bool = False
    removed_by_owner: bool = False
    """Whether the meeting that owns a shared bot told it to leave."""
    text: str = ""


def is_end_event(event: BotEvent) -> bool:
    return event.kind in {BotEventKind.COMPLETE, BotEventKind.FAILED}
