"""Inputs and results of the activities that store the files of a bot."""

from collections.abc import Iterable

from pydantic import AwareDatetime, BaseModel, ConfigDict

from minutekeeper.meetings.record import MeetingRecord
from minutekeeper.meetings.status import TranscriptState
from minutekeeper.meetings.views import Artifact

MIN_RECORDING_BYTES = 1024
"""A bot that was removed after seconds leaves a file of some hundred bytes that contains no media."""

MANIFEST = "manifest.json"


NEEDS_PERSON = "NeedsPerson"
"""The error type of the first attempt that fails with an error that needs a person.

It ends the activity, so that the meeting can show it; the meeting then starts the activity again.
"""


class CollectInput(BaseModel):
    """The files to store of one bot.

    `folder` is the target folder in the store, empty for the meeting's own; `delivery_path` is the stored webhook
    to start from, empty to ask the provider.
    """

    model_config = ConfigDict(frozen=True)

    bot_id: str
    provider: str = ""
    """The name of the bot's provider; empty for the worker's default."""
    folder: str = ""
    run: str = ""
    """The first run of the workflow, if this is a later one, so that files of another meeting of this name stay."""
    delivery_path: str = ""
    title: str = ""
    start_time: AwareDatetime | None = None
    recording: bool = True
    transcript: bool = True
    transcript_finished: bool = False
    """The provider has finished the transcript: if there is none, there was no speech."""
    audio: bool = False
    """Whether to store the audio as a separate file, if the provider has one beside the video."""
    screenshots: bool = False
    """Whether to store the provider's screenshots, which show why a bot failed to join."""
    record: MeetingRecord | None = None
    """Set if these are all files of the meeting: when all are stored, manifest and record are written at once."""
    is_problem_logged: bool = False
    """Whether the meeting already shows an error that needs a person, which is then retried like any other."""


class RecordingResult(BaseModel):
    """`artifact` is None if there is no usable recording; `text` then says why, as evidence.

    `is_lost`: there was a recording, and it cannot be downloaded any more.
    """

    model_config = ConfigDict(frozen=True)

    artifact: Artifact | None = None
    others: tuple[Artifact, ...] = ()
    """Further recordings of the same bot, in the order of their start."""
    text: str = ""
    is_lost: bool = False


class TranscriptResult(BaseModel):
    """`error` says why a transcript could not be stored."""

    model_config = ConfigDict(frozen=True)

    state: TranscriptState
    artifacts: tuple[Artifact, ...] = ()
    error: str = ""


class CollectResult(BaseModel):
    """The stored files: their sizes in bytes by name, kept short because they become part of the history."""

    model_config = ConfigDict(frozen=True)

    files: dict[str, int] = {}
    sha256: dict[str, str] = {}
    """The hashes of the same files, unless the manifest is among them, which has them."""
    folder: str = ""
    """The actual folder, if another meeting of this name had finished in the requested one."""
    transcript: TranscriptState = TranscriptState.NOT_ASKED
    transcript_error: str = ""
    no_recording_reason: str = ""
    """Why there is no recording although one was expected, as evidence."""
    is_recording_lost: str = ""
    """Why a recording cannot be downloaded any more, as evidence."""
    finished_at: AwareDatetime | None = None
    """When the meeting ended by its record, if that is written already."""

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

    def with_manifest_file(self, manifest: Artifact) -> "CollectResult":
        """The result with the manifest, which has the hashes of all other files."""
        return self.model_copy(update={"files": self.files | {MANIFEST: manifest.size}, "sha256": {}})


def build_collect_result(
    order: CollectInput,
    wanted: str,
    recording: RecordingResult | None,
    transcript: TranscriptResult | None,
    extras: Iterable[Artifact] = (),
) -> CollectResult:
    """Combines both parts and all `extras`; None stands for a part that was not wanted, or that failed for now.

    `order` has the actual folder, `wanted` is the requested one.
    """
    artifacts = list(transcript.artifacts) if transcript else []
    missing = {}
    if recording and recording.artifact:
        artifacts[:0] = [recording.artifact, *recording.others]
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
    """The contents of `manifest.json`, which is written last: its presence means that the folder is complete.

    `record` says what the meeting comes to when the manifest is stored.
    """

    model_config = ConfigDict(frozen=True)

    folder: str
    run: str = ""
    record: MeetingRecord
    delivery_paths: tuple[str, ...] = ()
    """The stored deliveries that the files come from."""
    artifacts: tuple[Artifact, ...]
    """Those without a hash are in the manifest already."""
    is_problem_logged: bool = False
    """As in a CollectInput."""


class RecordInput(BaseModel):
    """The record of a meeting that has ended."""

    model_config = ConfigDict(frozen=True)

    record: MeetingRecord


class DownloadProgress(BaseModel):
    """What a download reports as heartbeat: bytes received, bytes in all (None if unknown)."""

    model_config = ConfigDict(frozen=True)

    done: int
    total: int | None = None
