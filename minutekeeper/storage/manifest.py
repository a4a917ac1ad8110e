"""The content of `manifest.json`. It is written last, so a folder that has one is complete."""

from pydantic import AwareDatetime, BaseModel, ConfigDict

from minutekeeper.meetings.status import TranscriptState


class ManifestFile(BaseModel):
    """A file of the folder; `name` is relative to it, so that the folder may be moved. `size` is in bytes."""

    model_config = ConfigDict(frozen=True)

    name: str
    size: int
    sha256: str


class Manifest(BaseModel):
    """The files of a folder, and where they come from.

    `run` is the workflow run that wrote them, `bots` the provider's ids of the bots that recorded them, and
    `deliveries` the stored final webhooks, as paths in the store. Files that were asked for have no delivery.
    """

    model_config = ConfigDict(frozen=True)

    meeting_id: str
    meeting_url: str
    title: str
    start_time: AwareDatetime
    run: str = ""
    bots: tuple[str, ...]
    deliveries: tuple[str, ...] = ()
    transcript: TranscriptState
    files: tuple[ManifestFile, ...]
    written_at: AwareDatetime
