"""What callers may send: bodies and queries, as strict as the service's schema is."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    AfterValidator,
    AnyUrl,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    NaiveDatetime,
    StringConstraints,
    model_validator,
)

from devtools.simulator.scripts import SCRIPTS, Script
from devtools.simulator.settings import Shape

Provider = Literal["Default", "Gladia", "Runpod"]


def _check_uri(text: str) -> str:
    AnyUrl(text)
    return text


Uri = Annotated[str, AfterValidator(_check_uri)]
Seconds = Annotated[int, Field(ge=0, lt=2**32)]


class Strict(BaseModel):
    """JSON types are taken as they are; only top-level bodies of POST /bots/ forbid unknown fields."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")


class SpeechToText(Strict):
    provider: Provider
    api_key: str | None = None


class AutomaticLeave(Strict):
    waiting_room_timeout: Seconds | None = None
    noone_joined_timeout: Seconds | None = None
    silence_timeout: Seconds | None = None


class Streaming(Strict):
    input: str | None = None
    output: str | None = None
    audio_frequency: Literal["16khz", "24khz"] | None = None


class BotRequest(Strict):
    """Body of POST /bots/."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    meeting_url: str
    bot_name: str
    reserved: bool = False
    recording_mode: Literal["speaker_view", "gallery_view", "audio_only"] | None = None
    bot_image: Uri | None = None
    entry_message: str | None = None
    speech_to_text: SpeechToText | Provider | None = None
    automatic_leave: AutomaticLeave | None = None
    webhook_url: str | None = None
    deduplication_key: str | None = None
    streaming: Streaming | None = None
    extra: JsonValue = None
    start_time: Annotated[int, Field(ge=0, lt=2**64)] | None = None
    transcription_custom_parameters: JsonValue = None
    zoom_sdk_id: str | None = None
    zoom_sdk_pwd: str | None = None
    zoom_access_token_url: str | None = None
    zoom_obf_token: str | None = None
    zoom_obf_token_url: str | None = None
    zoom_obf_token_user_id: str | None = None

    @property
    def transcriber(self) -> SpeechToText | None:
        """The wish for a transcript in its long form."""
        if isinstance(self.speech_to_text, str):
            return SpeechToText(provider=self.speech_to_text)
        return self.speech_to_text


class RetranscribeRequest(Strict):
    bot_uuid: str
    speech_to_text: SpeechToText | Provider | None = None
    webhook_url: str | None = None


class WebhookUrlRequest(Strict):
    webhook_url: str


class Query(BaseModel):
    """Query strings are text, so their values are converted."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class MeetingDataQuery(Query):
    bot_id: str
    include_transcripts: bool = True


class RetryWebhookQuery(Query):
    bot_uuid: str
    webhook_url: str | None = None


Conditions = Annotated[str, StringConstraints(pattern=r"^[^:,]+:[^,]*(,[^:,]+:[^,]*)*$")]


class ListQuery(Query):
    """Query of the bot list. Dates have no zone and mean UTC, ends included."""

    bot_name: str = ""
    meeting_url: str = ""
    created_after: NaiveDatetime | None = None
    created_before: NaiveDatetime | None = None
    ended_after: NaiveDatetime | None = None
    filter_by_extra: Conditions | None = None
    sort_by_extra: Annotated[str, StringConstraints(pattern=r"^[^:]+(:(asc|desc))?$")] | None = None
    limit: int = Field(default=10, ge=1, le=50)
    cursor: str | None = None


class Control(BaseModel):
    """Orders to the stand-in itself, under `/_sim`."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Match(Control):
    """Parts of a bot's meeting URL and name; what is absent fits every bot."""

    meeting_url: str = ""
    bot_name: str = ""


class ScriptRule(Control):
    """Which script fitting bots play, `times` times or for good; `known` are those that have a name."""

    known: ClassVar[Mapping[str, Script]] = SCRIPTS

    match: Match = Match()
    script: Script
    times: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, data: Any) -> Any:
        """Let a script be a name or a bare list of steps."""
        script = data.get("script") if isinstance(data, dict) else None
        if isinstance(script, list):
            return {**data, "script": {"steps": script}}
        if not isinstance(script, str):
            return data
        if script not in cls.known:
            raise ValueError(f"no script is called {script!r}; there are {', '.join(sorted(cls.known))}")
        return {**data, "script": cls.known[script]}


class EmitOrder(Control):
    """One delivery at once: `body` as it is, or the payload of `code` for the bot as it stands."""

    code: str | None = None
    fields: dict[str, JsonValue] = {}
    created_at: AwareDatetime | None = None
    shape: Shape | None = None
    body: JsonValue = None
    url: str | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.code is None) == ("body" not in self.model_fields_set):
            raise ValueError("give either code or body")
        return self
