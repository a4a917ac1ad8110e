"""The responses of version 2 of the Meeting BaaS API, parsed leniently."""

from collections.abc import Collection
from functools import partial
from typing import Annotated, Any, TypeVar

from pydantic import AliasChoices, BaseModel, Field, PlainValidator

from minutekeeper.providers.answers import parse_answer
from minutekeeper.providers.bot_metadata import ExtraField, ReceivedBotMetadata
from minutekeeper.providers.fields import (
    Flag,
    Identifier,
    Instant,
    LenientModel,
    Link,
    Number,
    RedactedText,
    SecretText,
    Text,
    objects,
)
from minutekeeper.providers.meetingbaas_v2.http import SERVICE
from minutekeeper.providers.meetingbaas_v2.status_codes import FINAL_STATUSES

_Model = TypeVar("_Model", bound=BaseModel)

_BotId = Annotated[Identifier, Field(validation_alias=AliasChoices("bot_id", "botId", "id"))]


class OrderedBot(LenientModel):
    bot_id: _BotId = ""


class ListedBot(LenientModel):
    """A bot in the list of those that were started."""

    bot_id: _BotId = ""
    meeting_url: Text = ""
    status: Text = ""
    created_at: Instant = None
    ended_at: Instant = None
    extra: ExtraField = ReceivedBotMetadata()

    @property
    def is_open(self) -> bool:
        return self.ended_at is None and self.status not in FINAL_STATUSES


class WaitingBot(LenientModel):
    """A bot that was ordered ahead. It is `completed` once it was started, under the same id."""

    bot_id: _BotId = ""
    meeting_url: Text = ""
    status: Text = ""
    join_at: Instant = None
    created_at: Instant = None
    updated_at: Instant = None
    cancelled_at: Instant = None
    extra: ExtraField = ReceivedBotMetadata()

    @property
    def is_open(self) -> bool:
        return self.status not in {"cancelled", "failed"}


class BotFiles(LenientModel):
    """What a bot recorded, by signed URLs: in its details, and in `bot.completed` under partly other names."""

    video: Link = Field("", validation_alias=AliasChoices("video", "mp4"))
    audio: Link = ""
    transcription: Link = Field("", validation_alias=AliasChoices("transcription", "transcript"))
    duration_seconds: Number = Field(None, validation_alias=AliasChoices("duration_seconds", "duration"))
    is_deleted: Flag = Field(
        default=False, validation_alias=AliasChoices("artifacts_deleted", "data_deleted", "artifactsDeleted")
    )
    error_code: RedactedText = ""
    error_message: RedactedText = ""

    @property
    def has_recording(self) -> bool:
        return bool(self.video or self.audio)


class StartedBot(BotFiles):
    """All about one bot that was started."""

    bot_id: _BotId = ""
    meeting_url: Text = ""
    status: Text = ""
    created_at: Instant = None
    joined_at: Instant = None
    exited_at: Instant = None
    extra: ExtraField = ReceivedBotMetadata()


class BotProgress(LenientModel):
    """The status of a bot with its time, which the details lack."""

    status: Text = ""
    transcription_status: Text = ""
    updated_at: Instant = None


class BotPicture(LenientModel):
    screenshot_id: Number = None
    url: SecretText = ""
    taken_at: Instant = Field(None, validation_alias=AliasChoices("created_at", "timestamp", "date"))


def _items(value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        raise ValueError("it holds no list")  # noqa: TRY004 - pydantic reports ValueError
    found: list[dict[str, Any]] = objects(value)
    return found


class DataPage(LenientModel):
    """One page of any list; an answer without a list is no page, so that it is never taken for an empty one."""

    data: Annotated[list[dict[str, Any]], PlainValidator(_items)] = Field(repr=False)
    cursor: Text = ""


def _successful(value: Any) -> Any:
    if isinstance(value, dict) and value.get("success") is False:
        raise ValueError("it reports no success")
    return value


class _Envelope(LenientModel):
    data: dict[str, Any] = Field(repr=False)


def parse_data(model: type[_Model], answer: bytes, secrets: Collection[str] = ()) -> _Model:
    """The object in an answer. Texts for people come without the `secrets`. Raises UnavailableError."""
    return parse_answer(SERVICE, partial(_read_object, model, secrets), answer)


def parse_page(answer: bytes) -> DataPage:
    """One page of a list. Raises UnavailableError."""
    return parse_answer(SERVICE, lambda document: DataPage.model_validate(_successful(document)), answer)


def _read_object(model: type[_Model], secrets: Collection[str], document: Any) -> _Model:
    envelope = _Envelope.model_validate(_successful(document))
    return model.model_validate(envelope.data, context=secrets)
