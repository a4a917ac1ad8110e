"""What is brought home from a bot: the orders and answers of the activities that fetch it."""

from collections.abc import Iterable

from pydantic import AwareDatetime, BaseModel, ConfigDict

from minutekeeper.meetings.status import TranscriptState
from minutekeeper.meetings.views import Artifact

MIN_RECORDING_BYTES = 1024
"""A bot that was thrown out after seconds leaves a file of some hundred bytes, which plays nothing."""

MANIFEST = "manifest.json"


NEEDS_PERSON = "NeedsPerson"
"""The type of the failure of the first attempt that meets what only a person can put right.

It ends the activity, so that the meeting can show it; the meeting then asks for the same once more.
"""


class CollectInput(BaseModel):
    """A bot whose recording, transcript or both are wanted.

    `folder` is where its files go in the store, if not in the meeting's own folder; `delivery_path` is the stored
    delivery to start from, empty to ask the API.
    """

    model_config = ConfigDict(frozen=True)

    bot_id: str
    provider: str = ""
    """Whose bot it is, by its provider's name; empty for the worker's default."""
    folder: str = ""
    run: str = ""
    """The first run of the workflow, if this is a later one: what another meeting of this name kept stays."""
    delivery_path: str = ""
    title: str = ""
    start_time: AwareDatetime | None = None
    recording: bool = True
    transcript: bool = True
    transcript_finished: bool = False
    """The provider announced the transcript: if there is none then, nobody spoke."""
    audio: bool = False
    """Whether the sound is wanted as a file of its own, if the provider has one beside the video."""
    screenshots: bool = False
    """Whether the provider's screenshots are wanted: of a bot that failed to join, they show why."""
    meeting_url: str = ""
    """Given if this is all that the meeting keeps: the manifest is written at once, when everything is there."""
    is_problem_logged: bool = False
    """Whether the meeting shows already what needs a person; then that is tried on like any other failure."""


class RecordingResult(BaseModel):
    """`artifact` is None when there is no recording worth the name; `text` then says why, as evidence.

    `is_lost`: there was one, and nothing can bring it home any more.
    """

    model_config = ConfigDict(frozen=True)

    artifact: Artifact | None = None
    text: str = ""
    is_lost: bool = False


class TranscriptResult(BaseModel):
    """`error` says why a transcript could not be stored."""

    model_config = ConfigDict(frozen=True)

    state: TranscriptState
    artifacts: tuple[Artifact, ...] = ()
    error: str = ""


class CollectResult(BaseModel):
    """What was brought home: the bytes of each file by its name, short, because a history keeps it."""

    model_config = ConfigDict(frozen=True)

    files: dict[str, int] = {}
    sha256: dict[str, str] = {}
    """Of the same files, unless the manifest is among them, which says it."""
    folder: str = ""
    """Where they are, if not where they were wanted: a meeting of this name had finished there."""
    transcript: TranscriptState = TranscriptState.NOT_ASKED
    transcript_error: str = ""
    no_recording_reason: str = ""
    """Why there is no recording although one was expected, as evidence."""
    is_recording_lost: str = ""
    """The same if there was one, and nothing can bring it home any more."""

    @property
    def has_manifest(self) -> bool:
        """Whether the manifest is written already."""
        return MANIFEST in self.files

    @property
    def is_complete(self) -> bool:
        """Whether all that was wanted is there, so that only the manifest is missing."""
        is_missing = self.no_recording_reason or self.is_recording_lost or self.transcript_error
        return bool(self.files) and not is_missing and self.transcript is not TranscriptState.PENDING

    def artifacts_in(self, folder: str) -> list[Artifact]:
        """The files with their paths; `folder` is the one that was wanted."""
        return [
            Artifact(path=f"{self.folder or folder}/{name}", size=size, sha256=self.sha256.get(name, ""))
            for name, size in self.files.items()
        ]

    def with_manifest(self, manifest: Artifact) -> "CollectResult":
        return self.model_copy(update={"files": self.files | {MANIFEST: manifest.size}, "sha256": {}})


def build_collect_result(
    order: CollectInput,
    wanted: str,
    recording: RecordingResult | None,
    transcript: TranscriptResult | None,
    extras: Iterable[Artifact] = (),
) -> CollectResult:
    """What the two parts and all `extras` come to; None for a part that was not wanted, or failed for now.

    `order` has the true folder, `wanted` is the one that was asked for.
    """
    artifacts = list(transcript.artifacts) if transcript else []
    missing = {}
    if recording and recording.artifact:
        artifacts.insert(0, recording.artifact)
    elif recording:
        missing = {"is_recording_lost" if recording.is_lost else "no_recording_reason": recording.text}
    artifacts += extras
    names = {artifact.path.removeprefix(f"{order.folder}/"): artifact for artifact in artifacts}
    return CollectResult(
        files={name: artifact.size for name, artifact in names.items()},
        sha256={name: artifact.sha256 for name, artifact in names.items()},
        folder="" if order.folder == wanted else order.folder,
        transcript=transcript.state if transcript else TranscriptState.NOT_ASKED,
        transcript_error=transcript.error if transcript else "",
        **missing,
    )


class ManifestInput(BaseModel):
    """Everything that `manifest.json` says; it is written last, so its presence means that the folder is whole."""

    model_config = ConfigDict(frozen=True)

    folder: str
    run: str = ""
    meeting_id: str
    meeting_url: str
    title: str
    start_time: AwareDatetime
    bot_ids: tuple[str, ...]
    delivery_paths: tuple[str, ...] = ()
    """The stored deliveries that the files come from."""
    transcript: TranscriptState
    artifacts: tuple[Artifact, ...]
    """Those without a hash are in the manifest already."""
    is_problem_logged: bool = False
    """As in a CollectInput."""


class DownloadProgress(BaseModel):
    """What a download reports as heartbeat: bytes received, bytes in all (None if unknown)."""

    model_config = ConfigDict(frozen=True)

    done: int
    total: int | None = None
