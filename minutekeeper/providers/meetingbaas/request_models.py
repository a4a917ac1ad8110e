"""The request bodies and filters of the Meeting BaaS API."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from minutekeeper.calendars.user_connection import CalendarPlatform
from minutekeeper.providers.calendar_base import (
    CalendarCredentials,
    EventFilter,
    ScheduledRecording,
)


class SpeechToText(BaseModel):
    """The transcription service: `Default`, or `Gladia` and `Runpod` with a key of their own."""

    model_config = ConfigDict(frozen=True)

    provider: str = "Default"
    api_key: Annotated[str | None, AfterValidator(lambda key: key or None)] = Field(None, repr=False)


CONFIGURABLE_TRANSCRIBERS = frozenset({"Default", "Gladia"})
"""Transcribers with parameters. Both are Gladia: by the provider's own account, or with a key of one's own."""


def transcription_parameters(language: str, vocabulary: Sequence[str]) -> dict[str, Any]:
    """`transcription_custom_parameters`, which the provider hands on as they are: parameters of Gladia's API."""
    parameters: dict[str, Any] = {}
    if language:
        # Gladia knows languages by two letters, without a region.
        parameters["language_config"] = {"languages": [language.partition("-")[0].lower()], "code_switching": False}
    if vocabulary:
        parameters["custom_vocabulary"] = True
        parameters["custom_vocabulary_config"] = {"vocabulary": list(vocabulary)}
    return parameters


class AutomaticLeave(BaseModel):
    """When the bot gives up, in seconds; what is None is left to the provider."""

    model_config = ConfigDict(frozen=True)

    waiting_room_timeout: int | None = None
    noone_joined_timeout: int | None = None
    silence_timeout: int | None = None


class NewBot(BaseModel):
    """The body of `POST /bots/`. `start_time` is missing on purpose: its unit has changed between versions."""

    model_config = ConfigDict(frozen=True)

    meeting_url: str
    bot_name: str
    reserved: bool
    recording_mode: str | None = None
    bot_image: str | None = None
    entry_message: str | None = None
    speech_to_text: SpeechToText | None = None
    transcription_custom_parameters: dict[str, Any] | None = None
    automatic_leave: AutomaticLeave | None = None
    webhook_url: str | None = Field(None, repr=False)
    deduplication_key: str | None = None
    extra: dict[str, str] | None = None

    def to_wire(self) -> dict[str, Any]:
        return self.model_dump(mode="json", exclude_none=True)


@dataclass(frozen=True, kw_only=True)
class BotQuery:
    """Filters of the list of bots, all optional and all required to match; times are inclusive.

    `meeting_url` is a part of the URL in any case. `filter_by_extra` compares texts exactly; colons and commas
    cannot be written in its syntax. `sort_by_extra` is `field`, `field:asc` or `field:desc`; `limit` is 1 to 50.
    """

    bot_name: str | None = None
    meeting_url: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    ended_after: datetime | None = None
    filter_by_extra: Mapping[str, str] | None = None
    sort_by_extra: str | None = None
    speaker_name: str | None = None
    limit: int = 50
    cursor: str | None = None

    def to_wire(self) -> dict[str, str]:
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: _to_wire(value) for name, value in values.items() if value is not None}


def _to_wire(value: str | int | datetime | Mapping[str, str]) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    if isinstance(value, Mapping):
        return ",".join(f"{name}:{item}" for name, item in value.items())
    return str(value)


_PLATFORMS = {CalendarPlatform.GOOGLE: "Google", CalendarPlatform.MICROSOFT: "Microsoft"}

_NAMES: Mapping[str, str] = {
    "name": "bot_name",
    "image": "bot_image",
    "entry_message": "enter_message",
    "transcript": "speech_to_text",
}
"""Our field names and the API's, where they differ. Timeouts are flat here, unlike in the request for a bot."""


def credentials_to_wire(credentials: CalendarCredentials) -> dict[str, str]:
    return {
        "platform": _PLATFORMS[credentials.platform],
        "oauth_client_id": credentials.client_id,
        "oauth_client_secret": credentials.client_secret.get_secret_value(),
        "oauth_refresh_token": credentials.refresh_token.get_secret_value(),
    }


def filter_to_wire(filters: EventFilter) -> dict[str, str]:
    values = {
        "status": filters.status.value,
        "start_date_gte": _instant(filters.starts_from),
        "start_date_lte": _instant(filters.starts_until),
        "updated_at_gte": _instant(filters.updated_since),
        "attendee_email": filters.attendee_email,
        "organizer_email": filters.organizer_email,
    }
    return {name: value for name, value in values.items() if value}


def recording_to_wire(recording: ScheduledRecording, transcriber: SpeechToText) -> dict[str, Any]:
    fields = recording.model_dump(mode="json", exclude_none=True)
    fields["transcript"] = transcriber.model_dump(exclude_none=True) if recording.transcript else None
    return {_NAMES.get(name, name): value for name, value in fields.items()}


def _instant(instant: datetime | None) -> str:
    """With microseconds: a bound that is a little too early would give the same events again."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z") if instant else ""
