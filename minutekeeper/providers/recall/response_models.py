"""The answers of Recall.ai, parsed leniently: nearly every field may be null or missing."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from minutekeeper.providers.fields import (
    Identifier,
    Instant,
    LenientModel,
    Link,
    RedactedText,
    Text,
    objects,
)
from minutekeeper.providers.recall.bot_marks import MetadataField, ReceivedBotMarks
from minutekeeper.providers.recall.status_codes import CALL_ENDED, DONE, FATAL, MEDIA_EXPIRED, RECORDING


def _object(value: Any) -> Any:
    return value if isinstance(value, dict) else {}


def _object_or_empty(value: Any) -> Any:
    return value if isinstance(value, dict) else {}


def _object_or_none(value: Any) -> Any:
    return value if isinstance(value, dict) else None


def _list_of_objects(value: Any) -> Any:
    found = objects(value)
    return found if isinstance(found, list) else []


class RecallStatusChange(LenientModel):
    """One entry of a bot's history, which may be out of order."""

    code: RedactedText = ""
    sub_code: RedactedText = ""
    message: RedactedText = ""
    created_at: Instant = None


class ArtifactStatus(LenientModel):
    """`code` is `processing`, `paused`, `done`, `failed` or `deleted`; empty where the answer does not say."""

    code: Text = ""
    sub_code: RedactedText = ""
    updated_at: Instant = None


class ArtifactData(LenientModel):
    download_url: Link = ""


class RecallArtifact(LenientModel):
    """One thing that is made of a recording. Its link is there once it is done."""

    id: Identifier = ""
    created_at: Instant = None
    status: Annotated[ArtifactStatus, BeforeValidator(_object)] = ArtifactStatus()
    data: Annotated[ArtifactData, BeforeValidator(_object)] = ArtifactData()

    @property
    def url(self) -> str:
        return self.data.download_url

    @property
    def is_pending(self) -> bool:
        return not self.url and self.status.code in {"", "processing", "paused", DONE}

    @property
    def is_gone(self) -> bool:
        """Whether there will be no file of it any more."""
        return self.status.code in {"failed", "deleted"}


OptionalArtifact = Annotated[RecallArtifact | None, BeforeValidator(_object_or_none)]


class RecallMedia(LenientModel):
    """What is absent was not asked for."""

    video_mixed: OptionalArtifact = None
    audio_mixed: OptionalArtifact = None
    transcript: OptionalArtifact = None


class RecallRecording(LenientModel):
    id: Identifier = ""
    created_at: Instant = None
    started_at: Instant = None
    completed_at: Instant = None
    status: Annotated[ArtifactStatus, BeforeValidator(_object)] = ArtifactStatus()
    media_shortcuts: Annotated[RecallMedia, BeforeValidator(_object)] = RecallMedia()

    @property
    def began_at(self) -> datetime | None:
        return self.started_at or self.created_at

    @property
    def is_gone(self) -> bool:
        return self.status.code in {"failed", "deleted"}


class TranscriptConfig(LenientModel):
    """`provider` holds the parameters of one transcriber under its name."""

    provider: Annotated[dict[str, Any], BeforeValidator(_object)] = Field({})

    @property
    def language(self) -> str:
        parameters = next(iter(self.provider.values()), None)
        language = parameters.get("language_code") if isinstance(parameters, dict) else None
        return language if isinstance(language, str) else ""


class RecordingConfig(LenientModel):
    transcript: Annotated[TranscriptConfig, BeforeValidator(_object)] = TranscriptConfig()


class RecallCalendarUser(LenientModel):
    external_id: Identifier = ""


class RecallCalendarMeeting(LenientModel):
    """A meeting of a user of Calendar V1, for which Recall.ai has sent the bot by itself."""

    id: Identifier = ""
    calendar_user: Annotated[RecallCalendarUser, BeforeValidator(_object_or_empty)] = RecallCalendarUser()


class RecallBot(LenientModel):
    """There is no field of its present status, and none of its creation. `join_at` is null once it has joined."""

    id: Identifier = ""
    meeting_url: Any = None
    join_at: Instant = None
    metadata: MetadataField = ReceivedBotMarks()
    status_changes: Annotated[list[RecallStatusChange], BeforeValidator(_list_of_objects)] = Field([])
    recordings: Annotated[list[RecallRecording], BeforeValidator(_list_of_objects)] = Field([])
    recording_config: Annotated[RecordingConfig | None, BeforeValidator(_object_or_none)] = None
    calendar_meetings: Annotated[list[RecallCalendarMeeting], BeforeValidator(_list_of_objects)] = Field([])

    @property
    def history(self) -> list[RecallStatusChange]:
        """The statuses by their time; one without a time stays behind the one before it."""
        times = []
        latest = None
        for change in self.status_changes:
            latest = change.created_at or latest
            times.append(latest)
        earliest = next((time for time in times if time), None)
        if earliest is None:
            return self.status_changes
        order = sorted(range(len(times)), key=lambda place: (times[place] or earliest, place))
        return [self.status_changes[place] for place in order]

    @property
    def codes(self) -> frozenset[str]:
        return frozenset(change.code for change in self.status_changes)

    @property
    def has_ended(self) -> bool:
        return not self.codes.isdisjoint({DONE, FATAL, MEDIA_EXPIRED})

    @property
    def has_left(self) -> bool:
        return self.has_ended or CALL_ENDED in self.codes

    @property
    def was_recording(self) -> bool:
        """Whether something was recorded, whatever became of it."""
        return bool(self.recordings) or not self.codes.isdisjoint({RECORDING, MEDIA_EXPIRED})

    @property
    def has_lost_media(self) -> bool:
        """Whether what was recorded was deleted over there."""
        gone = [each.status.code == "deleted" for each in self.recordings]
        return (not gone and MEDIA_EXPIRED in self.codes) or (bool(gone) and all(gone))

    def link(self) -> str:
        """The meeting's link where the answer has it whole; most have only its parts."""
        return self.meeting_url if isinstance(self.meeting_url, str) else ""


class RecallBotPage(LenientModel):
    """One page of bots, counted from 1; an answer without a list is no page."""

    results: Annotated[list[RecallBot], BeforeValidator(objects)]
    next: Text = ""


class RecallArtifactPage(LenientModel):
    results: Annotated[list[RecallArtifact], BeforeValidator(objects)]
