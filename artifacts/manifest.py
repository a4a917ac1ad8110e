"""What `manifest.json` says. It is written last: where there is one, the folder is whole."""

from pydantic import AwareDatetime, BaseModel, ConfigDict

from meetings.status import TranscriptState


class ManifestFile(BaseModel):
    """A file of the folder; `name` is relative to it, so that the folder may be moved. `size` is in bytes."""

    model_config = ConfigDict(frozen=True)

    name: str
    size: int
    sha256: str


class Manifest(BaseModel):
    """`bots` are the ids of the bots that the files come from, as the provider knows them."""

    model_config = ConfigDict(frozen=True)

    meeting_id: str
    meeting_url: str
    title: str
    start_time: AwareDatetime
    bots: tuple[str, ...]
    transcript: TranscriptState
    files: tuple[ManifestFile, ...]
    written_at: AwareDatetime
