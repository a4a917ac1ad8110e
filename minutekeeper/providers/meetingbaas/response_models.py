"""The responses of Meeting BaaS, parsed leniently."""

import json
import logging
from collections.abc import Iterable
from typing import Annotated, Any
from urllib.parse import unquote, urlsplit

from pydantic import AliasChoices, BeforeValidator, Field, ValidationError, field_validator, model_validator

from minutekeeper.providers.bot_metadata import ExtraField, ReceivedBotMetadata
from minutekeeper.providers.calendar_base import SyncFailure
from minutekeeper.providers.fields import (
    Flag,
    Identifier,
    Instant,
    LenientModel,
    Link,
    Number,
    Objects,
    RedactedText,
    SecretText,
    Text,
    objects,
)
from minutekeeper.providers.oauth_errors import access_problem_source
from minutekeeper.providers.redaction import redact

logger = logging.getLogger(__name__)


class CreatedBot(LenientModel):
    bot_id: Identifier = ""


class Acknowledgement(LenientModel):
    """Whether what was asked for is done; an answer that does not say counts as yes."""

    ok: Flag = True


class BotSummary(LenientModel):
    """A bot in a list. `ended_at` is None while it is running."""

    bot_id: Identifier = Field("", validation_alias=AliasChoices("uuid", "id"))
    meeting_url: Text = ""
    created_at: Instant = None
    ended_at: Instant = None
    extra: ExtraField = ReceivedBotMetadata()


class BotPage(LenientModel):
    """One page of bots; an answer without any list is no page, so that it is never taken for an empty one."""

    bots: Annotated[list[BotSummary], BeforeValidator(objects)] = Field(
        validation_alias=AliasChoices("bots", "recent_bots", "recentBots")
    )
    next_cursor: Text = ""


class BotDetails(LenientModel):
    """What meeting_data says of the bot itself. `errors` is empty unless it failed."""

    bot_id: Identifier = Field("", validation_alias=AliasChoices("uuid", "id"))
    meeting_url: Text = ""
    created_at: Instant = None
    bot_joined_at: Instant = None
    bot_exited_at: Instant = None
    ended_at: Instant = None
    errors: RedactedText = ""
    recording_mode: Text = ""
    transcription_fails: Flag = False
    extra: ExtraField = ReceivedBotMetadata()


class BotData(LenientModel):
    """`transcripts` stays as it came: `transcripts` reads it."""

    bot: BotDetails | None = None
    transcripts: Objects = Field([], repr=False)
    event_uuid: Identifier = ""


class MeetingData(LenientModel):
    """All about one bot. `mp4` and `audio` are signed URLs, empty if there is no file; `duration` is in seconds."""

    mp4: Link = ""
    audio: Link = ""
    duration: Number = None
    content_deleted: Flag = False
    bot_data: BotData = BotData()

    @property
    def has_recording(self) -> bool:
        return bool(self.mp4 or self.audio)


class Screenshot(LenientModel):
    date: Instant = None
    url: SecretText = ""


class AccountWebhook(LenientModel):
    webhook_url: Text = ""


class RawCalendarEntry(LenientModel):
    """Specification: `id`, `email`, `is_primary`; guide pages: a `name` and no email."""

    id: Identifier = Field(min_length=1)
    name: Text = Field("", validation_alias=AliasChoices("name", "summary"))
    email: Text = ""
    is_primary: Flag = Field(default=False, validation_alias=AliasChoices("is_primary", "isPrimary", "primary"))


class RawCalendarList(LenientModel):
    """The calendars that a user can choose from. Unreadable ones are skipped, unless all of them are."""

    calendars: list[RawCalendarEntry] = Field(validation_alias=AliasChoices("calendars", "data"))

    @model_validator(mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        return _named(value, "calendars")

    @field_validator("calendars", mode="before")
    @classmethod
    def _readable(cls, value: Any) -> Any:
        if not isinstance(value, list):
            return value
        found = []
        for number, item in enumerate(value, start=1):
            try:
                found.append(RawCalendarEntry.model_validate(item))
            except ValidationError:
                logger.warning(
                    "calendar %d of the %d of a user is skipped: its id is missing, unprintable or too long",
                    number,
                    len(value),
                )
        return found or value


class CalendarAnswer(LenientModel):
    """A calendar: in an object of its own or flat, with a uuid or with the `cal_…` of the guide pages."""

    calendar_id: Identifier = Field(min_length=1, validation_alias=AliasChoices("uuid", "id", "calendar_id"))
    name: Text = Field("", validation_alias=AliasChoices("name", "calendar_name"))
    email: Text = ""
    raw_id: Identifier = Field("", validation_alias=AliasChoices("google_id", "googleId", "raw_calendar_id"))
    status: Text = ""
    error: RedactedText = Field("", validation_alias=AliasChoices("error_message", "errorMessage"))

    @model_validator(mode="before")
    @classmethod
    def _unwrapped(cls, value: Any) -> Any:
        nested = value.get("calendar") if isinstance(value, dict) else None
        return nested if isinstance(nested, dict) else value


class CalendarList(LenientModel):
    """A plain list, by the specification. None is skipped, because one that is missing counts as lost."""

    calendars: list[CalendarAnswer] = Field(validation_alias=AliasChoices("calendars", "data"))

    @model_validator(mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        return _named(value, "calendars")


def _cursor(value: Any) -> str:
    """The next cursor: `next` is one, or a URL that carries one; empty after the last page.

    Raises ValueError for anything else, so that later pages are never skipped.
    """
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or (carried := _carried(value)) is None:
        raise ValueError("next is neither a cursor nor a URL with one")
    return carried


def _carried(text: str) -> str | None:
    """The cursor that a URL carries, None if it has none; any other text is a cursor itself."""
    # Not parse_qs: a plus sign that was not encoded belongs to the cursor.
    pairs = (pair.partition("=") for pair in urlsplit(text).query.split("&"))
    cursor = next((unquote(value) for name, _, value in pairs if name == "cursor"), "")
    if cursor:
        return cursor
    return None if "://" in text else text.strip()


class EventPage(LenientModel):
    """One page of events; an answer without any list is no page, so that it is never taken for an empty one."""

    events: list[dict[str, Any]] = Field(validation_alias=AliasChoices("data", "events"))
    cursor: Annotated[str, BeforeValidator(_cursor)] = Field(
        "", validation_alias=AliasChoices("next", "next_cursor", "nextCursor")
    )

    @model_validator(mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        return _named(value, "events")


class EventList(LenientModel):
    """The result for some events: a list of them, or a single one."""

    events: list[dict[str, Any]] = Field(validation_alias=AliasChoices("data", "events"))

    @model_validator(mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        has_list = isinstance(value, dict) and any(isinstance(value.get(name), list) for name in ("data", "events"))
        return value if has_list else _named([value] if isinstance(value, dict) else value, "events")


class ResyncFailure(LenientModel):
    """A pair of calendar and message, an object with both, or a message alone."""

    calendar_id: Identifier = Field("", validation_alias=AliasChoices("calendar_id", "calendar_uuid", "uuid", "id"))
    message: Any = Field("", validation_alias=AliasChoices("error", "message"))

    @model_validator(mode="before")
    @classmethod
    def _paired(cls, value: Any) -> Any:
        if isinstance(value, list) and len(value) == 2:
            return {"uuid": value[0], "error": value[1]}
        return value if isinstance(value, dict) else {"error": value}

    def to_sync_failure(self, secrets: Iterable[str]) -> SyncFailure:
        text = self.message if isinstance(self.message, str) else json.dumps(self.message, ensure_ascii=False)
        return SyncFailure(
            calendar_id=self.calendar_id, text=redact(text, secrets), trouble=access_problem_source(text)
        )


class ResyncAnswer(LenientModel):
    synced_calendars: list[Identifier]
    errors: tuple[ResyncFailure, ...] = ()


def _named(value: Any, name: str) -> Any:
    """A plain list becomes an object that has it under this name."""
    return {name: value} if isinstance(value, list) else value
