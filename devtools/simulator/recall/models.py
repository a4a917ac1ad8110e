"""What callers may send about bots and recordings. Unknown fields are refused, as the service does since v1.11."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    field_validator,
)

from devtools.simulator.recall.meeting_links import parsed_link

MOST_TRANSCRIPTS = 10
_WITH_THE_BOT = frozenset(
    {
        "recallai_streaming",
        "meeting_captions",
        "assembly_ai_async_chunked",
        "assembly_ai_v3_streaming",
        "deepgram_streaming",
        "gladia_v2_streaming",
        "rev_streaming",
        "aws_transcribe_streaming",
        "speechmatics_streaming",
    }
)
_AFTERWARDS = frozenset(
    {
        "recallai_async",
        "assembly_ai_async",
        "deepgram_async",
        "gladia_v2_async",
        "rev_async",
        "speechmatics_async",
        "google_speech_v2_async",
        "aws_transcribe_async",
        "elevenlabs_async",
    }
)


class Closed(BaseModel):
    """JSON types are taken as they are, and unknown fields are refused."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


def _check_link(link: str) -> str:
    if parsed_link(link) is None:
        raise ValueError("Invalid meeting URL.")
    return link


MeetingLink = Annotated[str, AfterValidator(_check_link)]
Metadata = dict[str, Annotated[str, StringConstraints(max_length=500)] | None]
Provider = dict[str, JsonValue]
Patience = Annotated[int, Field(ge=1)]
Picture = Annotated[str, StringConstraints(max_length=1_835_008)]


def _exactly_one(provider: Mapping[str, JsonValue], known: frozenset[str]) -> None:
    if len(provider) != 1:
        raise ValueError("Exactly one provider must be given.")
    if unknown := set(provider) - known:
        raise ValueError(f"This provider is not allowed: {', '.join(unknown)}.")


class ArtifactConfig(Closed):
    metadata: Metadata = {}


class Diarization(Closed):
    use_separate_streams_when_available: bool = False


class TranscriptConfig(Closed):
    """A transcript that is made during the meeting; asynchronous providers are refused here."""

    provider: Provider
    metadata: Metadata = {}
    diarization: Diarization | None = None

    @field_validator("provider")
    @classmethod
    def _one(cls, provider: Provider) -> Provider:
        _exactly_one(provider, _WITH_THE_BOT)
        return provider


class Retention(Closed):
    type: Literal["timed", "forever"]
    hours: Annotated[int, Field(ge=1)] | None = None


class RealtimeEndpoint(Closed):
    """Is taken, and nothing is ever sent to it."""

    type: Literal["webhook", "websocket", "rtmp"]
    url: str
    events: list[str]


class BotInRecording(Closed):
    audio: bool = False


class RecordingConfig(Closed):
    transcript: TranscriptConfig | None = None
    realtime_endpoints: list[RealtimeEndpoint] = []
    retention: Retention | None = None
    video_mixed_layout: Literal["speaker_view", "gallery_view", "gallery_view_v2", "audio_only"] = "speaker_view"
    video_mixed_mp4: ArtifactConfig | None = ArtifactConfig()
    participant_events: ArtifactConfig | None = ArtifactConfig()
    meeting_metadata: ArtifactConfig | None = ArtifactConfig()
    video_mixed_participant_video_when_screenshare: Literal["hide", "beside", "overlap"] = "overlap"
    start_recording_on: Literal["call_join", "participant_join", "participant_speak", "manual"] = "participant_join"
    include_bot_in_recording: BotInRecording = BotInRecording()
    metadata: Metadata = {}
    audio_mixed_raw: ArtifactConfig | None = None
    audio_mixed_mp3: ArtifactConfig | None = None
    video_separate_mp4: ArtifactConfig | None = None
    audio_separate_raw: ArtifactConfig | None = None
    audio_separate_mp3: ArtifactConfig | None = None
    video_mixed_flv: ArtifactConfig | None = None
    video_separate_png: ArtifactConfig | None = None
    video_separate_h264: ArtifactConfig | None = None


class EveryoneLeft(Closed):
    timeout: Patience = 2
    activate_after: Patience | None = None


class Detection(Closed):
    timeout: Annotated[int, Field(ge=10)] = 3600
    activate_after: Patience = 1200


class DetectionByName(Detection):
    matches: list[str]


class BotDetection(Closed):
    using_participant_events: Detection | None = Detection(timeout=600)
    using_participant_names: DetectionByName | None = None


class AutomaticLeave(Closed):
    waiting_room_timeout: Annotated[int, Field(ge=30)] = 1200
    noone_joined_timeout: Annotated[int, Field(ge=30)] = 1200
    everyone_left_timeout: EveryoneLeft = EveryoneLeft()
    in_call_not_recording_timeout: Patience = 3600
    in_call_recording_timeout: Patience | None = None
    recording_permission_denied_timeout: Patience = 30
    silence_detection: Detection = Detection()
    bot_detection: BotDetection = BotDetection()

    def patience(self, name: str) -> float:
        """The timeout of this name, those that lie deeper as well, in seconds."""
        if name == "everyone_left_timeout":
            return self.everyone_left_timeout.timeout
        if name == "silence_timeout":
            return self.silence_detection.timeout
        return float(getattr(self, name))


class Variant(Closed):
    zoom: Literal["web", "web_4_core", "web_gpu", "native"] | None = None
    google_meet: Literal["web", "web_4_core", "web_gpu"] | None = None
    microsoft_teams: Literal["web", "web_4_core", "web_gpu"] | None = None
    webex: Literal["web", "web_4_core", "web_gpu"] | None = None


class Zoom(Closed):
    join_token_url: str | None = None
    zak_url: str | None = None
    obf_token_url: str | None = None
    user_email: str | None = None


class GoogleMeet(Closed):
    google_login_group_id: str | None = None


class ChatOnBotJoin(Closed):
    send_to: Literal["host", "everyone", "everyone_except_host"]
    message: Annotated[str, StringConstraints(max_length=4096)]
    pin: bool = False


class ChatOnParticipantJoin(Closed):
    message: Annotated[str, StringConstraints(max_length=4096)]
    exclude_host: bool


class Chat(Closed):
    on_bot_join: ChatOnBotJoin | None = None
    on_participant_join: ChatOnParticipantJoin | None = None


class VideoOutput(Closed):
    kind: Literal["jpeg"]
    b64_data: Picture


class AutomaticVideoOutput(Closed):
    in_call_recording: VideoOutput | None = None
    in_call_not_recording: VideoOutput | None = None


class BotOptions(Closed):
    """All of a bot but its link and time."""

    bot_name: Annotated[str, StringConstraints(max_length=100)] = "Meeting Notetaker"
    metadata: Metadata = {}
    recording_config: RecordingConfig = RecordingConfig()
    automatic_leave: AutomaticLeave = AutomaticLeave()
    variant: Variant | None = None
    zoom: Zoom = Zoom()
    google_meet: GoogleMeet | None = None
    breakout_room: dict[str, str] | None = None
    chat: Chat | None = None
    automatic_video_output: AutomaticVideoOutput | None = None
    automatic_audio_output: dict[str, JsonValue] | None = None
    output_media: dict[str, JsonValue] | None = None


class BotConfig(BotOptions):
    """Body of POST /api/v1/bot/."""

    meeting_url: MeetingLink
    join_at: AwareDatetime | None = None


class NewTranscript(Closed):
    """Body of POST /api/v1/recording/{id}/create_transcript/."""

    provider: Provider
    metadata: Metadata = {}
    diarization: Diarization | None = None

    @field_validator("provider")
    @classmethod
    def _one(cls, provider: Provider) -> Provider:
        _exactly_one(provider, _AFTERWARDS)
        return provider


class MetadataPatch(Closed):
    """Body of PATCH of a transcript or file."""

    metadata: Metadata
