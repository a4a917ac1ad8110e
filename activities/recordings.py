"""Bringing home what a bot recorded: recording, transcript, and the manifest that says that all is there."""

import asyncio
from datetime import UTC, datetime, timedelta

import aiohttp
from pydantic import ValidationError
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.download import (
    DEFAULT_LIMITS,
    Download,
    Limits,
    LinkError,
    MissingError,
    TooLargeError,
    TooSmallError,
)
from activities.failures import RECORDING_LOST, as_application_error
from activities.heartbeats import with_heartbeats
from artifacts import layout
from artifacts.errors import NotStoredError
from artifacts.manifest import Manifest, ManifestFile
from artifacts.pieces import Pieces
from artifacts.store import ArtifactStore
from meetings import exports
from meetings.collection import (
    MIN_RECORDING_BYTES,
    CollectOrder,
    DownloadProgress,
    ManifestOrder,
    RecordingResult,
    TranscriptResult,
)
from meetings.outcome import Artifact
from meetings.status import TranscriptState
from meetings.transcript import Transcript
from providers.base import Collected, Media, NotFoundError, Provider, ProviderError

_LEAST_BYTES_OF_NO_DURATION = 64 * 1024
"""A second of the plainest video is larger: a smaller file of which the provider says 0 s holds nothing."""
_GIVE_UP = timedelta(days=1)
_MISSING_IS_BELIEVED = timedelta(minutes=10)
"""A provider may hand out a link before its upload is done: a 404 is believed after minutes of retries."""


class _LostError(Exception):
    """Nothing can bring the recording home any more."""


class RecordingActivities:
    """What a meeting keeps of its bots. `session` comes from `activities.guard.download_session`.

    `give_up` is how long a recording is asked for whose links, the newest too, are refused or lead to none.
    """

    def __init__(
        self,
        provider: Provider,
        store: ArtifactStore,
        session: aiohttp.ClientSession,
        limits: Limits = DEFAULT_LIMITS,
        give_up: timedelta = _GIVE_UP,
    ) -> None:
        self._provider = provider
        self._store = store
        self._session = session
        self._limits = limits
        self._give_up = give_up

    @activity.defn
    async def download_recording(self, order: CollectOrder) -> RecordingResult:
        """Fetches a bot's recording into the folder of the order, and only what no earlier attempt has fetched.

        It heartbeats a DownloadProgress every two seconds, whatever the line and the store do: a heartbeat timeout
        of 10 s to 45 s strikes only if the worker is gone. Temporal passes heartbeats on after four fifths of
        that timeout, so a short one makes a livelier progress bar. Start-to-close must allow for the longest
        recording on the slowest line: hours. No limit of attempts: each worker that shuts down uses one up.

        Raises ApplicationError: `RecordingLost`, not retryable, when the provider's copy is gone for good, too
        large, or behind links that were refused for too long; `HandedBack`; and the types of `activities.failures`.
        DownloadError and StoreError are retryable.
        """
        folder = await with_heartbeats(self._folder(order.folder, order.run), lambda: DownloadProgress(done=0))
        order = order.model_copy(update={"folder": folder})
        pieces = Pieces(self._store, layout.pieces(folder, order.bot_id))
        download = Download(self._session, pieces, lambda: self._renew(order), self._limits)
        work = self._bring_home(order, pieces, download)
        try:
            return await with_heartbeats(work, lambda: download.progress)
        except _LostError as error:
            raise ApplicationError(str(error), type=RECORDING_LOST, non_retryable=True) from None
        except ProviderError as error:
            raise as_application_error(error) from None

    @activity.defn
    async def write_transcript(self, order: CollectOrder) -> TranscriptResult:
        """Writes the five forms of a bot's transcript. Nothing is written for an empty one.

        It heartbeats without a word, so that a worker that dies is noticed; a second attempt writes the same files
        again. Raises ApplicationError of the types of `activities.failures`; StoreError is retryable.
        """
        return await with_heartbeats(self._write_transcript(order), _nothing_to_say)

    @activity.defn
    async def write_manifest(self, order: ManifestOrder) -> Artifact:
        """Removes what downloads left behind and writes `manifest.json`; a second attempt writes the same bytes.

        Needs only the store: a start-to-close of some minutes, retried until it works, since a folder without a
        manifest looks unfinished for ever. Heartbeats without a word. StoreError is retryable.
        """
        return await with_heartbeats(self._write_manifest(order), _nothing_to_say)

    async def _write_transcript(self, order: CollectOrder) -> TranscriptResult:
        order = order.model_copy(update={"folder": await self._folder(order.folder, order.run)})
        try:
            collected = await self._collect(order)
        except ProviderError as error:
            raise as_application_error(error) from None
        transcript = collected.transcript
        if transcript is None:
            never = collected.transcript_failed or collected.deleted
            return TranscriptResult(state=TranscriptState.FAILED if never else TranscriptState.PENDING)
        if transcript.is_empty:
            return TranscriptResult(state=TranscriptState.EMPTY)
        # Hours of speech are megabytes: writing them out must not hold up what else this worker does.
        forms = await asyncio.to_thread(_forms, transcript, order)
        artifacts = [
            await self._store.put(layout.transcript(order.folder, form), text.encode("utf-8", "replace"))
            for form, text in forms.items()
        ]
        return TranscriptResult(state=TranscriptState.READY, artifacts=tuple(artifacts))

    async def _write_manifest(self, order: ManifestOrder) -> Artifact:
        order = order.model_copy(update={"folder": await self._folder(order.folder, order.run)})
        left = [entry.path for entry in await self._store.list(order.folder) if layout.is_unfinished(entry.path)]
        for unfinished in {layout.unfinished(path) for path in (order.folder, *left)}:
            await self._store.delete_prefix(unfinished)
        path = layout.manifest(order.folder)
        manifest = _manifest(order, datetime.now(UTC))
        try:
            earlier = Manifest.model_validate_json(await self._store.get(path))
        except (NotStoredError, ValidationError):
            pass
        else:
            same = manifest.model_copy(update={"written_at": earlier.written_at})
            manifest = same if same == earlier else manifest
        return await self._store.put(path, f"{manifest.model_dump_json(indent=2)}\n".encode())

    async def _folder(self, folder: str, run: str) -> str:
        """The folder, or one beside it if an earlier run of the same workflow id has finished there."""
        root, *below = folder.split("/")
        try:
            earlier = Manifest.model_validate_json(await self._store.get(layout.manifest(root)))
        except (NotStoredError, ValidationError):
            return folder
        return folder if earlier.run == run else "/".join([f"{root}~{run[-8:]}", *below])

    async def _bring_home(self, order: CollectOrder, pieces: Pieces, download: Download) -> RecordingResult:
        if artifact := await pieces.finished():
            return RecordingResult(artifact=artifact)
        try:
            return await self._fetch(order, download)
        except TooSmallError as error:
            return RecordingResult(text=f"{error}: nothing was recorded")
        except LinkError as error:
            judgement = await self._judge(error, pieces)
        except (TooLargeError, NotFoundError, _LostError) as error:
            judgement = _LostError(str(error))
        if isinstance(judgement, _LostError):
            await pieces.abandon()
        raise judgement

    async def _fetch(self, order: CollectOrder, download: Download) -> RecordingResult:
        collected = await self._collect(order)
        if not collected.media and order.body:
            collected = await self._provider.collect(order.bot_id, None)
        media = _recording(collected)
        if media is None:
            return RecordingResult(text="the provider lists no recording")
        least = MIN_RECORDING_BYTES if collected.duration != 0 else _LEAST_BYTES_OF_NO_DURATION
        artifact = await download.run(media, lambda it: layout.recording(order.folder, it.extension), least)
        return RecordingResult(artifact=artifact)

    async def _judge(self, error: LinkError, pieces: Pieces) -> LinkError | _LostError:
        """Whether another attempt may still help; the text says until when, for those who look at the meeting."""
        now = datetime.now(UTC)
        since = await pieces.stuck_since(now)
        is_missing = isinstance(error, MissingError)
        until = since + (min(self._give_up, _MISSING_IS_BELIEVED) if is_missing else self._give_up)
        if now < until:
            return type(error)(f"{error}; given up at {until:%Y-%m-%d %H:%M} UTC unless that changes")
        return _LostError(f"{error}; so it has been since {since:%Y-%m-%d %H:%M} UTC")

    async def _renew(self, order: CollectOrder) -> Media:
        media = _recording(await self._provider.collect(order.bot_id, None))
        if media is None:
            raise LinkError("the provider no longer lists the recording")
        return media

    async def _collect(self, order: CollectOrder) -> Collected:
        """What the bot brought home, from the delivery that was stored, as long as it is there."""
        body = None
        if order.body:
            try:
                body = await self._store.get(order.body)
            except NotStoredError:
                activity.logger.warning("the stored delivery %s is gone: asking the provider", order.body)
        return await self._provider.collect(order.bot_id, body)


def _recording(collected: Collected) -> Media | None:
    """The video where there is one, else the sound, else None."""
    if collected.deleted and not collected.media:
        raise _LostError("the provider has deleted the recording")
    return min(collected.media, key=lambda media: media.extension != "mp4", default=None)


def _nothing_to_say() -> None:
    return None


def _forms(transcript: Transcript, order: CollectOrder) -> dict[str, str]:
    return {
        "json": exports.to_json(transcript),
        "md": exports.to_markdown(transcript, order.title, order.start_time),
        "vtt": exports.to_webvtt(transcript),
        "srt": exports.to_srt(transcript),
        "txt": exports.to_text(transcript),
    }


def _manifest(order: ManifestOrder, written_at: datetime) -> Manifest:
    return Manifest(
        meeting_id=order.meeting_id,
        meeting_url=order.meeting_url,
        title=order.title,
        start_time=order.start_time,
        run=order.run,
        bots=order.bot_ids,
        deliveries=order.bodies,
        transcript=order.transcript,
        files=tuple(
            ManifestFile(
                name=artifact.path.removeprefix(f"{order.folder}/"),
                size=artifact.size,
                sha256=artifact.sha256,
            )
            for artifact in order.artifacts
        ),
        written_at=written_at,
    )
