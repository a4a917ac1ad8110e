"""Stores the recording, transcript and other files of a bot, and the manifest that marks a folder as complete."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import aiohttp
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities import manifests
from activities.errors import ACCOUNT, to_application_error
from activities.heartbeats import with_heartbeats
from activities.meeting_metrics import count_end
from activities.outgoing_events import EventAnnouncer
from activities.recording_download import (
    AudioDownload,
    DownloadOptions,
    RecordedContentReader,
    RecordingDownload,
)
from activities.screenshots import store_screenshots
from activities.transcripts import write_transcript
from minutekeeper.downloads.downloader import (
    DEFAULT_DOWNLOAD_LIMITS,
    DownloadError,
    DownloadLimits,
    DownloadRefusedError,
    RecordingLostError,
)
from minutekeeper.meetings.collection import (
    MANIFEST,
    NEEDS_PERSON,
    CollectInput,
    CollectResult,
    DownloadProgress,
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
from minutekeeper.providers.base import AccountError, Provider, ProviderError
from minutekeeper.providers.registry import Providers
from minutekeeper.storage import layout
from minutekeeper.storage.errors import StoreError, StoreUnusableError
from minutekeeper.storage.meeting_folders import claim_folder
from minutekeeper.storage.records import RecordStore
from minutekeeper.storage.store import ArtifactStore

_Part = TypeVar("_Part")
_Order = TypeVar("_Order", CollectInput, ManifestInput)

_GIVE_UP = timedelta(days=1)
_DISPENSABLE_ATTEMPTS = 3
"""Attempts for audio files and screenshots, because a meeting must not wait for them as for its recording."""
_FOR_A_PERSON = frozenset({DownloadRefusedError.__name__, StoreUnusableError.__name__, ACCOUNT})


class RecordingActivities:
    """Stores the files of a meeting's bots; `session`, `limits` and `give_up` are those of DownloadOptions.

    `events` tells other services when a meeting has ended.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - one argument for each thing that it works with
        self,
        providers: Providers,
        store: ArtifactStore,
        session: aiohttp.ClientSession,
        limits: DownloadLimits = DEFAULT_DOWNLOAD_LIMITS,
        give_up: timedelta = _GIVE_UP,
        events: EventAnnouncer | None = None,
    ) -> None:
        self._providers = providers
        self._store = store
        self._records = RecordStore(store)
        self._events = events or EventAnnouncer(store)
        self._line = DownloadOptions(session, limits, give_up)

    @activity.defn
    async def collect(self, order: CollectInput) -> CollectResult:
        """Stores recording and transcript concurrently, and skips what an earlier attempt has stored.

        If the input has the meeting's record, manifest and record follow as soon as both are complete. What is
        permanently lost is part of the result. Heartbeats a DownloadProgress every two seconds, so that a heartbeat
        timeout of 10 s to 45 s expires only if the worker is gone; Temporal delivers heartbeats after four fifths
        of that timeout, so that a short one gives a smoother progress bar. The start-to-close timeout must allow
        for the longest recording on the slowest connection: hours. Attempts are not limited, because every worker
        that shuts down uses one.

        Raises ApplicationError, to be retried: `HandedBack`, and those that say why a part cannot be stored now;
        their detail is the CollectResult so far. `NeedsPerson` is final: the meeting shows it and tries again.
        """
        began = asyncio.get_running_loop().time()
        with _logged_once(order):
            wanted = order.folder or folder_for(_meeting_id())
            ours = await with_heartbeats(self._claimed(order, wanted), lambda: DownloadProgress(done=0))
            provider = self._provider_of(order)
            delivered = RecordedContentReader(provider, self._store, ours, self._line.session)
            fetching = RecordingDownload(provider, self._store, ours, self._line, delivered)
            audio = AudioDownload(provider, self._store, ours, self._line, delivered)
            attempt = _CollectAttempt(ours, wanted, provider, fetching, audio, delivered, began)
            return await with_heartbeats(self._collect(attempt), lambda: attempt.progress)

    @activity.defn
    async def write_manifest(self, order: ManifestInput) -> Artifact:
        """Writes `manifest.json` and the record, removes partial downloads; a second attempt writes the same bytes.

        Uses only the store: a start-to-close timeout of some minutes, retried until it succeeds, because a folder
        without a manifest looks incomplete. Heartbeats have no details. StoreError is retried, `NeedsPerson` is
        not.
        """
        with _logged_once(order):
            return await with_heartbeats(self._write_manifest(order), _nothing_to_say)

    @activity.defn
    async def write_record(self, order: RecordInput) -> None:
        """Writes the record of a meeting that stored no files, or changed since, and tells endpoints of its end.

        StoreError is retried, and so is `Temporal`.
        """
        await self._write_record(order.record)

    async def _claimed(self, order: _Order, wanted: str) -> _Order:
        """The input with its first run, and with the folder that belongs to that run."""
        info = activity.info()
        run = order.run or info.workflow_run_id or ""
        folder = await claim_folder(self._store, wanted, info.workflow_id or "", run)
        return order.model_copy(update={"folder": folder, "run": run})

    async def _collect(self, attempt: "_CollectAttempt") -> CollectResult:
        order, wanted = attempt.order, attempt.wanted
        if order.record and (whole := await self._finished(order, wanted)):
            return whole
        recording, transcript = await asyncio.gather(
            _tried(_download(attempt.recording), wanted=order.recording),
            _tried(self._transcribed(order, attempt.content), wanted=order.transcript),
        )
        has_recording = isinstance(recording, RecordingResult) and recording.artifact is not None
        audio = await _tried(_dispensable(attempt.audio.run), wanted=order.audio and has_recording)
        taking = partial(store_screenshots, attempt.provider, self._store, self._line.session, order)
        screenshots = await _tried(_dispensable(taking), wanted=order.screenshots)
        extras = [audio] if isinstance(audio, Artifact) else []
        extras += screenshots if isinstance(screenshots, tuple) else ()
        brought = build_collect_result(
            order,
            wanted,
            None if isinstance(recording, Exception) else recording,
            None if isinstance(transcript, Exception) else transcript,
            extras,
        )
        for trouble in (recording, transcript, audio, screenshots):
            if isinstance(trouble, Exception):
                raise _with_what_was_brought(trouble, brought) from None
        if order.record is None or not brought.is_complete:
            return brought
        now = order.record.written_at + attempt.elapsed
        manifest = ManifestInput(
            folder=order.folder,
            run=order.run,
            record=with_collected(order.record, brought, wanted, now),
            delivery_paths=(order.delivery_path,) if order.delivery_path else (),
            artifacts=tuple(brought.artifacts_in(order.folder)),
        )
        written = await manifests.store_manifest(self._store, manifest)
        return await self._recorded(order, wanted, brought.with_manifest_file(written.file), written.written_at)

    async def _recorded(
        self, order: CollectInput, wanted: str, brought: CollectResult, ended_at: datetime
    ) -> CollectResult:
        """Writes the record of a meeting of which everything is stored."""
        if order.record is not None:
            await self._write_record(with_collected(order.record, brought, wanted, ended_at))
        return brought.model_copy(update={"finished_at": ended_at})

    async def _finished(self, order: CollectInput, wanted: str) -> CollectResult | None:
        """The result of an earlier attempt, if its worker crashed after writing the manifest."""
        manifest = await manifests.read_manifest(self._store, order.folder)
        if manifest is None or order.bot_id not in manifest.bots:
            return None
        await manifests.remove_partial_downloads(self._store, order.folder)
        brought = CollectResult(
            files={file.name: file.size for file in manifest.files}
            | {MANIFEST: await self._store.size(layout.manifest_path(order.folder)) or 0},
            folder="" if order.folder == wanted else order.folder,
            transcript=manifest.transcript,
        )
        return await self._recorded(order, wanted, brought, manifest.written_at)

    async def _transcribed(self, order: CollectInput, delivered: RecordedContentReader) -> TranscriptResult:
        try:
            return await write_transcript(self._store, order, delivered)
        except ProviderError as error:
            failure = to_application_error(error)
            if not failure.non_retryable:
                raise failure from None
            return TranscriptResult(state=TranscriptState.FAILED, error=str(error))

    def _provider_of(self, order: CollectInput) -> Provider:
        try:
            return self._providers.get(order.provider)
        except ProviderError as error:
            raise to_application_error(error) from None

    async def _write_manifest(self, order: ManifestInput) -> Artifact:
        written = await manifests.store_manifest(self._store, await self._claimed(order, order.folder))
        await self._write_record(with_manifest(order.record, written.file.kept))
        return written.file

    async def _write_record(self, record: MeetingRecord) -> None:
        """Writes the record, counts the end, and tells the endpoints that want it that the meeting has ended."""
        path = await self._records.write(record)
        count_end(record)
        await self._events.announce_end(path)


@dataclass(frozen=True)
class _CollectAttempt:
    """`order` has the actual folder and run, `wanted` is the requested folder."""

    order: CollectInput
    wanted: str
    provider: Provider
    recording: RecordingDownload
    audio: AudioDownload
    content: RecordedContentReader
    began: float

    @property
    def elapsed(self) -> timedelta:
        """Since the activity was scheduled: by the server's clock, on which this attempt's own time is added."""
        info = activity.info()
        here = timedelta(seconds=asyncio.get_running_loop().time() - self.began)
        return max(info.started_time - info.scheduled_time, timedelta()) + here

    @property
    def progress(self) -> DownloadProgress:
        return self.audio.progress if self.audio.has_begun else self.recording.progress


async def _dispensable(part: Callable[[], Awaitable[_Part]]) -> _Part | None:
    """The result of an optional part; None if its last attempt fails, which is only logged."""
    try:
        return await part()
    except (DownloadError, ProviderError, StoreError) as error:
        if activity.info().attempt < _DISPENSABLE_ATTEMPTS and not isinstance(error, AccountError):
            if isinstance(error, ProviderError):
                raise to_application_error(error) from None
            raise
        activity.logger.warning("Left out after %d attempts: %s", _DISPENSABLE_ATTEMPTS, error)
        return None


async def _download(fetching: RecordingDownload) -> RecordingResult:
    try:
        return await fetching.run()
    except RecordingLostError as error:
        return RecordingResult(text=str(error), is_lost=True)
    except ProviderError as error:
        failure = to_application_error(error)
        if not failure.non_retryable:
            raise failure from None
        return RecordingResult(text=str(error), is_lost=True)


async def _tried(part: Coroutine[Any, Any, _Part], *, wanted: bool) -> _Part | Exception | None:
    """The result or the error of one part, so that an error does not cancel the other part."""
    if not wanted:
        part.close()
        return None
    try:
        return await part
    except Exception as error:  # noqa: BLE001 - whatever it is, it is raised when all parts have ended
        return error


def _with_what_was_brought(trouble: Exception, brought: CollectResult) -> Exception:
    if not brought.files:
        return trouble
    known = trouble if isinstance(trouble, ApplicationError) else None
    return ApplicationError(
        known.message if known else str(trouble),
        brought,
        type=known.type if known else type(trouble).__name__,
        next_retry_delay=known.next_retry_delay if known else None,
    )


@contextmanager
def _logged_once(order: _Order) -> Iterator[None]:
    """Raises NEEDS_PERSON for errors that need a person, unless the meeting shows one already."""
    try:
        yield
    except (DownloadRefusedError, StoreUnusableError, ApplicationError) as trouble:
        kind = trouble.type if isinstance(trouble, ApplicationError) else type(trouble).__name__
        if order.is_problem_logged or kind not in _FOR_A_PERSON:
            raise
        text, details = (
            (trouble.message, trouble.details) if isinstance(trouble, ApplicationError) else (str(trouble), ())
        )
        raise ApplicationError(text, *details, type=NEEDS_PERSON, non_retryable=True) from None


def _meeting_id() -> str:
    return meeting_id_from_workflow_id(activity.info().workflow_id or "")


def _nothing_to_say() -> None:
    return None
