"""Field types that requests and claims share."""

import re
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from minutekeeper.meetings.meeting_urls import parse_meeting_url
from minutekeeper.meetings.provider_names import PROVIDER_NAMES, similar_provider
from minutekeeper.text import balanced

_FIRST_YEAR, _LAST_YEAR = 2000, 2099
"""An instant outside of these years is a typing error, and arithmetic with it may overflow."""

ASSUMED_LENGTH = timedelta(hours=1)
"""The assumed length of a meeting without an end time."""


def _in_utc(instant: datetime) -> datetime:
    if not _FIRST_YEAR <= instant.year <= _LAST_YEAR:
        raise ValueError(f"{instant.isoformat()} must lie between the years {_FIRST_YEAR} and {_LAST_YEAR}")
    return instant.astimezone(UTC)


UtcDatetime = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""An instant with a zone (`2026-12-01T10:00:00Z`, `…+01:00`), kept as UTC."""

NormalisedMeetingUrl = Annotated[str, AfterValidator(lambda text: parse_meeting_url(text).url)]
"""A Google Meet, Zoom or Microsoft Teams link, normalised so that equal meetings have equal URLs."""

Title = Annotated[str, AfterValidator(balanced)]
"""The title of a meeting; its text direction is isolated from the surrounding text."""


_PROVIDER_NAME = re.compile(r"[a-z0-9-]{0,40}")


def _provider_name(text: str) -> str:
    if not _PROVIDER_NAME.fullmatch(text):
        raise ValueError(f"{text!r} is no name of a provider: those are small letters, digits and dashes")
    if text not in PROVIDER_NAMES and (similar := similar_provider(text)):
        raise ValueError(f"{text!r} is no provider; did you mean {similar}?")
    return text


ProviderName = Annotated[str, AfterValidator(_provider_name)]


_LANGUAGE_TAG = re.compile(r"[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8}){0,3}")


def _language_tag(text: str) -> str:
    if text and not _LANGUAGE_TAG.fullmatch(text):
        raise ValueError(f"{text!r} is no language tag; write it as `de`, `en` or `pt-BR`")
    return text


LanguageTag = Annotated[str, AfterValidator(_language_tag)]

VocabularyTerm = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
Vocabulary = Annotated[tuple[VocabularyTerm, ...], Field(max_length=100)]

MAX_METADATA = 20
_METADATA_KEY = re.compile(r"[a-z0-9_.-]{1,40}")
_MAX_METADATA_VALUE = 200


def _check_metadata(metadata: dict[str, str]) -> dict[str, str]:
    if len(metadata) > MAX_METADATA:
        raise ValueError(f"{len(metadata)} keys are too many: at most {MAX_METADATA} are allowed")
    for key, value in metadata.items():
        if not _METADATA_KEY.fullmatch(key):
            raise ValueError(
                f"the key {key[:60]!r} needs 1 to 40 small letters, digits, dots, dashes or underscores"
            )
        if len(value) > _MAX_METADATA_VALUE:
            raise ValueError(f"the value of {key!r} has {len(value)} characters: at most {_MAX_METADATA_VALUE} fit")
        if not value.isprintable():
            raise ValueError(f"the value of {key!r} must have no line breaks or other control characters")
    return metadata


Metadata = Annotated[dict[str, str], AfterValidator(_check_metadata)]
"""The caller's own data about a meeting, by which it can be found."""


class RecordingMode(StrEnum):
    SPEAKER_VIEW = "speaker_view"
    GALLERY_VIEW = "gallery_view"
    AUDIO_ONLY = "audio_only"


class WantedArtifacts(BaseModel):
    """What is kept of a meeting."""

    model_config = ConfigDict(frozen=True)

    recording: bool = True
    transcript: bool = True
    audio: bool = False
    """The audio as a separate file beside the video, if the provider has one."""


MAX_BOT_NAME = 255
MAX_ENTRY_MESSAGE = 500
"""Characters that providers take."""


class BotOptions(BaseModel):
    """The appearance and behaviour of the bot. Timeouts are in seconds; None means the provider's default."""

    model_config = ConfigDict(frozen=True)

    provider: ProviderName = ""
    """The name of the provider that sends the bot; empty for the worker's default."""
    name: str = Field("Minutekeeper", min_length=1, max_length=MAX_BOT_NAME)
    image: str | None = None
    entry_message: str | None = Field(None, max_length=MAX_ENTRY_MESSAGE)
    recording_mode: RecordingMode = RecordingMode.SPEAKER_VIEW
    transcription_language: LanguageTag = ""
    """The spoken language, such as `de` or `pt-BR`; empty for automatic detection."""
    transcription_vocabulary: Vocabulary = ()
    """Names and terms that the transcription should know."""
    waiting_room_timeout: int | None = Field(None, ge=1, le=7200)
    noone_joined_timeout: int | None = Field(None, ge=1, le=7200)
    silence_timeout: int | None = Field(None, ge=1, le=7200)
    leave_at_end: int | None = Field(None, ge=0, le=1440)
    """Minutes after the planned end when the bot leaves; None if it stays for as long as the meeting goes on."""
    longest_stay: int | None = Field(None, ge=1, le=1440)
    """Minutes after which the bot leaves, counted from when it was to join; None if it stays for longer."""


def check_order(start: datetime, end: datetime | None) -> None:
    if end is not None and end <= start:
        raise ValueError(f"end_time {end.isoformat()} must be after start_time {start.isoformat()}")
