"""What is brought home from a bot: the orders and answers of the activities that fetch it."""

from pydantic import AwareDatetime, BaseModel, ConfigDict

from meetings.outcome import Artifact
from meetings.status import TranscriptState

MIN_RECORDING_BYTES = 1024
"""A bot that was thrown out after seconds leaves a file of some hundred bytes, which plays nothing."""


class CollectOrder(BaseModel):
    """A bot whose recording or transcript is wanted.

    `folder` is where its files go in the store; `body` is the stored delivery to start from, empty to ask the API.
    """

    model_config = ConfigDict(frozen=True)

    folder: str
    bot_id: str
    run: str = ""
    """The workflow run it belongs to: what an earlier run of the same name kept is not overwritten."""
    body: str = ""
    title: str = ""
    start_time: AwareDatetime | None = None


class RecordingResult(BaseModel):
    """`artifact` is None when there is no recording worth the name; `text` then says why, as evidence."""

    model_config = ConfigDict(frozen=True)

    artifact: Artifact | None = None
    text: str = ""


class TranscriptResult(BaseModel):
    model_config = ConfigDict(frozen=True)

    state: TranscriptState
    artifacts: tuple[Artifact, ...] = ()


class ManifestOrder(BaseModel):
    """Everything that `manifest.json` says; it is written last, so its presence means that the folder is whole."""

    model_config = ConfigDict(frozen=True)

    folder: str
    run: str = ""
    meeting_id: str
    meeting_url: str
    title: str
    start_time: AwareDatetime
    bot_ids: tuple[str, ...]
    bodies: tuple[str, ...] = ()
    """The stored deliveries that the files come from."""
    transcript: TranscriptState
    artifacts: tuple[Artifact, ...]


class DownloadProgress(BaseModel):
    """What a download reports as heartbeat: bytes received, bytes in all (None if unknown)."""

    model_config = ConfigDict(frozen=True)

    done: int
    total: int | None = None
