"""What callers may send about bots: closed models, so that fields that are unknown are dropped without a word."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    AnyUrl,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
)

RecordingMode = Literal["audio_only", "speaker_view", "gallery_view"]
Platform = Literal["zoom", "meet", "teams"]
MOST_PER_BATCH = 100


def _check_uri(text: str) -> str:
    AnyUrl(text)
    return text


def _check_zulu(value: object) -> object:
    if not isinstance(value, str) or not value.endswith("Z") or "T" not in value:
        raise ValueError("an ISO 8601 time in UTC that ends with Z is needed")
    return value


def _check_uuid(text: str) -> str:
    return str(UUID(text))


Uri = Annotated[str, AfterValidator(_check_uri)]
Instant = Annotated[datetime, BeforeValidator(_check_zulu), Field(strict=False)]
Uuid = Annotated[str, AfterValidator(_check_uuid)]
Extra = dict[str, JsonValue]
ChatText = Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)]


class Body(BaseModel):
    """JSON types are taken as they are."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")


class BotImageConfig(Body):
    loop_mode: Literal["auto", "bot_status"] = "auto"
    image_duration: Annotated[int, Field(ge=10, le=120)] = 30


class TimeoutConfig(Body):
    waiting_room_timeout: Annotated[int, Field(ge=120, le=1800)] = 600
    no_one_joined_timeout: Annotated[int, Field(ge=120, le=1800)] = 600
    silence_timeout: Annotated[int, Field(ge=300, le=1800)] = 600
    grace_period: Annotated[int, Field(ge=0, le=600)] = 0


class ZoomConfig(Body):
    credential_id: Uuid | None = None
    credential_user_id: str | None = None
    obf_token: str | None = Field(default=None, repr=False)
    obf_token_url: Uri | None = None
    zak_token_url: Uri | None = None


class StreamingConfig(Body):
    input_url: Uri | None = None
    output_url: Uri | None = None
    audio_frequency: Literal[16000, 24000, 32000, 48000] = 24000


class TranscriptionConfig(Body):
    provider: Literal["gladia"] = "gladia"
    api_key: str | None = Field(default=None, repr=False)
    custom_params: dict[str, JsonValue] | None = None


class CallbackConfig(Body):
    url: Uri
    secret: str | None = Field(default=None, repr=False)
    method: Literal["POST", "PUT"] = "POST"


class BotOptions(Body):
    """What a bot is told beside its meeting and its name."""

    bot_image: Uri | Annotated[list[Uri], Field(min_length=1, max_length=5)] | None = None
    bot_image_config: BotImageConfig | None = None
    recording_mode: RecordingMode = "speaker_view"
    entry_message: Annotated[str, StringConstraints(max_length=500)] | None = None
    timeout_config: TimeoutConfig = TimeoutConfig()
    zoom_config: ZoomConfig | None = None
    extra: Extra | None = None
    streaming_enabled: bool = False
    streaming_config: StreamingConfig | None = None
    transcription_enabled: bool = False
    transcription_config: TranscriptionConfig | None = None
    callback_enabled: bool = False
    callback_config: CallbackConfig | None = None


BotName = Annotated[str, StringConstraints(min_length=1, max_length=255)]


class BotRequest(BotOptions):
    """Body of POST /v2/bots."""

    meeting_url: Uri
    bot_name: BotName
    allow_multiple_bots: bool = True

    def changed(self, change: "BotChange") -> "BotRequest":
        """The same with what the change sets."""
        given = {name: getattr(change, name) for name in change.model_fields_set & _NAMES}
        needed = {"meeting_url", "bot_name"}
        return self.model_copy(update={name: value for name, value in given.items() if value or name not in needed})

    @property
    def callback(self) -> CallbackConfig | None:
        """Where the end is told besides; both fields are needed."""
        return self.callback_config if self.callback_enabled else None


class ScheduledBotRequest(BotRequest):
    """Body of POST /v2/bots/scheduled."""

    join_at: Instant


class BotChange(BotOptions):
    """Body of PATCH /v2/bots/scheduled/{id}: fields that are not there stay as they are."""

    meeting_url: Uri | None = None
    bot_name: BotName | None = None
    allow_multiple_bots: bool = True
    join_at: Instant | None = None


_NAMES = frozenset(BotRequest.model_fields)


class ChatMessageRequest(Body):
    message: ChatText


class RecordingControlRequest(Body):
    """Body, if there is one, of pause-recording and resume-recording."""

    chat_message: ChatText | None = None


class ConfigRequest(Body):
    """Body of update-config; null clears what is there."""

    extra: Extra | None


def platform_of(meeting_url: str) -> Platform | None:
    """Which service hosts the meeting; None if it is none of those that are served."""
    url = AnyUrl(meeting_url)
    host = (url.host or "").lower() if url.scheme == "https" else ""
    for name, platform in _HOSTS:
        if host == name or host.endswith(f".{name}"):
            return platform
    return None


_HOSTS: tuple[tuple[str, Platform], ...] = (
    ("meet.google.com", "meet"),
    ("zoom.us", "zoom"),
    ("zoom.com", "zoom"),
    ("zoomgov.com", "zoom"),
    ("teams.microsoft.com", "teams"),
    ("teams.live.com", "teams"),
)
