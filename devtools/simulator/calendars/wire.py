"""What callers of the calendar half of the API may send."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, JsonValue

from devtools.simulator.models import (
    AutomaticLeave,
    BotRequest,
    Provider,
    Query,
    Seconds,
    SpeechToText,
    Streaming,
    Strict,
    Uri,
)

Platform = Literal["Google", "Microsoft"]


class Credentials(Strict):
    """The app's own credentials and what a user granted it."""

    platform: Platform
    oauth_client_id: str
    oauth_client_secret: str = Field(repr=False)
    oauth_refresh_token: str = Field(repr=False)


class NewCalendar(Credentials):
    """Body of POST /calendars/; without `raw_calendar_id` it is the user's primary calendar."""

    raw_calendar_id: str | None = None


class EventBotChange(Strict):
    """Body of PATCH /calendar_events/{uuid}/bot: fields that are not there stay as they are."""

    bot_name: str | None = None
    enter_message: str | None = None
    bot_image: Uri | None = None
    recording_mode: Literal["speaker_view", "gallery_view", "audio_only"] | None = None
    speech_to_text: SpeechToText | Provider | None = None
    webhook_url: str | None = None
    waiting_room_timeout: Seconds | None = None
    noone_joined_timeout: Seconds | None = None
    silence_timeout: Seconds | None = None
    streaming_input: str | None = None
    streaming_output: str | None = None
    streaming_audio_frequency: Literal["16khz", "24khz"] | None = None
    deduplication_key: str | None = None
    extra: JsonValue = None
    transcription_custom_parameters: JsonValue = None
    zoom_sdk_id: str | None = None
    zoom_sdk_pwd: str | None = None
    zoom_access_token_url: str | None = None
    zoom_obf_token: str | None = None
    zoom_obf_token_url: str | None = None
    zoom_obf_token_user_id: str | None = None


class EventBot(EventBotChange):
    """Body of POST /calendar_events/{uuid}/bot: timeouts and streaming lie flat, unlike those of POST /bots/."""

    bot_name: str

    @property
    def transcriber(self) -> SpeechToText | None:
        """The wish for a transcript in its long form."""
        if isinstance(self.speech_to_text, str):
            return SpeechToText(provider=self.speech_to_text)
        return self.speech_to_text

    def changed(self, change: EventBotChange) -> "EventBot":
        changes = change.model_dump(exclude_unset=True)
        return EventBot.model_validate(self.model_dump() | changes | {"bot_name": change.bot_name or self.bot_name})

    def for_meeting(self, meeting_url: str, *, reserved: bool) -> BotRequest:
        """The same wish as a bot that is sent by itself."""
        same = self.model_dump(
            include={
                *("bot_name", "bot_image", "recording_mode", "speech_to_text", "webhook_url", "deduplication_key"),
                *("extra", "transcription_custom_parameters", "zoom_sdk_id", "zoom_sdk_pwd"),
                *("zoom_access_token_url", "zoom_obf_token", "zoom_obf_token_url", "zoom_obf_token_user_id"),
            }
        )
        return BotRequest.model_validate(
            same
            | {
                "meeting_url": meeting_url,
                "reserved": reserved,
                "entry_message": self.enter_message,
                "automatic_leave": AutomaticLeave(
                    waiting_room_timeout=self.waiting_room_timeout,
                    noone_joined_timeout=self.noone_joined_timeout,
                    silence_timeout=self.silence_timeout,
                ),
                "streaming": Streaming(
                    input=self.streaming_input,
                    output=self.streaming_output,
                    audio_frequency=self.streaming_audio_frequency,
                ),
            }
        )


class Occurrences(Query):
    """Query of everything under /calendar_events/{uuid}/bot."""

    all_occurrences: bool = False


class ResyncQuery(Query):
    days: int | None = Field(default=None, ge=0)


def _in_utc(instant: datetime) -> datetime:
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant


Instant = Annotated[datetime, AfterValidator(_in_utc)]
"""Without a zone it is UTC."""


class EventQuery(Query):
    """Query of GET /calendar_events/; bounds are inclusive."""

    calendar_id: str
    status: Literal["upcoming", "past", "all"] = "upcoming"
    start_date_gte: Instant | None = None
    start_date_lte: Instant | None = None
    updated_at_gte: Instant | None = None
    attendee_email: str | None = None
    organizer_email: str | None = None
    cursor: str | None = None
