"""Collecting activities that do what a test tells them, and keep nothing."""

import asyncio
from dataclasses import dataclass, field

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.outgoing_events import EventAnnouncer
from minutekeeper.meetings.collection import (
    MANIFEST,
    NEEDS_PERSON,
    CollectInput,
    CollectResult,
    ManifestInput,
    RecordingResult,
    RecordInput,
    TranscriptResult,
    build_collect_result,
)
from minutekeeper.meetings.conclusion import with_collected, with_manifest
from minutekeeper.meetings.ids import folder_for, meeting_id_from_workflow_id
from minutekeeper.meetings.record import MeetingRecord
from minutekeeper.meetings.status import TranscriptState
from minutekeeper.meetings.views import Artifact
from minutekeeper.storage.records import RecordStore
from tests.workflows.scripted import set_event


@dataclass
class ScriptedRecordings:
    """Answers the collecting activities; `transcripts` are the states given out, the last one for ever.

    `transcript_failures` say why the next ones cannot be stored, one each. `troubles` are what needs a person: each
    is met by one attempt that tells it, and by the one that follows.
    """

    transcripts: list[TranscriptState] = field(default_factory=lambda: [TranscriptState.READY])
    downloads: list[RecordingResult] = field(default_factory=list)
    transcript_failures: list[str] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)
    """Why the next collections end without any file, one each."""
    orders: list[CollectInput] = field(default_factory=list)
    manifests: list[ManifestInput] = field(default_factory=list)
    records: list[MeetingRecord] = field(default_factory=list)
    """As the activities would store them, in order; the last one of a meeting stays."""
    recorded_apart: int = 0
    """Records that took an activity of their own."""
    hold_records: asyncio.Event = field(default_factory=set_event)
    """Those records wait while this is not set."""
    refuses_records: bool = False
    events: EventAnnouncer | None = None
    """If set, endpoints are told of each end, and records are stored where these are."""
    hold: asyncio.Event = field(default_factory=set_event)
    """Downloads wait while this is not set."""

    @activity.defn
    async def collect(self, order: CollectInput) -> CollectResult:
        self.orders.append(order)
        if self.troubles and not order.is_problem_logged:
            raise ApplicationError(self.troubles[0], type=NEEDS_PERSON, non_retryable=True)
        await self.hold.wait()
        if self.given_up:
            raise ApplicationError(self.given_up.pop(0), non_retryable=True)
        if self.troubles:
            raise ApplicationError(self.troubles.pop(0), type="StoreUnusableError")
        folder = order.folder or folder_for(meeting_id_from_workflow_id(activity.info().workflow_id or ""))
        order = order.model_copy(update={"folder": folder})
        recording = self._download(folder) if order.recording else None
        transcript = self._transcript(folder) if order.transcript else None
        brought = build_collect_result(order, folder, recording, transcript)
        if order.record is None or not brought.is_complete:
            return brought
        brought, now = brought.with_manifest_file(_file(f"{folder}/{MANIFEST}")), order.record.written_at
        await self._keep(with_collected(order.record, brought, folder, now))
        return brought.model_copy(update={"finished_at": now})

    @activity.defn
    async def write_manifest(self, order: ManifestInput) -> Artifact:
        self.manifests.append(order)
        manifest = _file(f"{order.folder}/{MANIFEST}")
        await self._keep(with_manifest(order.record, manifest.kept))
        return manifest

    @activity.defn
    async def write_record(self, order: RecordInput) -> None:
        await self.hold_records.wait()
        if self.refuses_records:
            raise ApplicationError("The disk is full, and was for an hour.", non_retryable=True)
        self.recorded_apart += 1
        await self._keep(order.record)

    async def _keep(self, record: MeetingRecord) -> None:
        self.records.append(record)
        if self.events is not None:
            await self.events.announce_end(await RecordStore(self.events.store).write(record))

    def _download(self, folder: str) -> RecordingResult:
        return (
            self.downloads.pop(0) if self.downloads else RecordingResult(artifact=_file(f"{folder}/recording.mp4"))
        )

    def _transcript(self, folder: str) -> TranscriptResult:
        if self.transcript_failures:
            return TranscriptResult(state=TranscriptState.FAILED, error=self.transcript_failures.pop(0))
        state = self.transcripts.pop(0) if len(self.transcripts) > 1 else self.transcripts[0]
        files = tuple(_file(f"{folder}/transcript.{form}") for form in ("json", "md", "vtt", "srt", "txt"))
        return TranscriptResult(state=state, artifacts=files if state is TranscriptState.READY else ())


def _file(path: str) -> Artifact:
    return Artifact(path=path, size=4096, sha256="0" * 64)
