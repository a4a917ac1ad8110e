"""Downloads a bot's recording over any number of attempts, from the URLs of its webhook or of the provider."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import aiohttp
from temporalio import activity

from minutekeeper.downloads.downloader import (
    Downloader,
    DownloadError,
    DownloadLimits,
    DownloadRefusedError,
    FileOverLimitError,
    FileTooSmallError,
    RecordingLostError,
    UrlNotFoundError,
    UrlRefusedError,
)
from minutekeeper.downloads.resumable_file import ResumableFile
from minutekeeper.downloads.small_file import fetch_small_file
from minutekeeper.meetings.collection import MIN_RECORDING_BYTES, CollectInput, DownloadProgress, RecordingResult
from minutekeeper.meetings.media_types import AUDIO_TYPES
from minutekeeper.meetings.views import Artifact
from minutekeeper.providers.base import NotFoundError, Provider, ProviderError, UnavailableError
from minutekeeper.providers.recorded_content import Media, RecordedContent
from minutekeeper.storage import layout
from minutekeeper.storage.errors import NotStoredError
from minutekeeper.storage.store import ArtifactStore
from minutekeeper.transcripts.joining import join_transcripts
from minutekeeper.transcripts.model import Transcript

_MAX_TRANSCRIPT_BYTES = 128 * 1024 * 1024
"""Twenty times the file of a recording of five hours."""


class RecordedContentReader:
    """Reads the recorded content of a bot once per attempt, because a long transcript takes long to read."""

    def __init__(
        self, provider: Provider, store: ArtifactStore, order: CollectInput, session: aiohttp.ClientSession
    ) -> None:
        self._provider = provider
        self._session = session
        self._store = store
        self._order = order
        self._reading: asyncio.Task[RecordedContent] | None = None

    async def read(self) -> RecordedContent:
        """Reads from the stored delivery if it exists, else from the provider.

        Raises ProviderError and StoreError.
        """
        if self._reading is None:
            self._reading = asyncio.create_task(self._read())
        return await self._reading

    async def transcript(self) -> tuple[RecordedContent, Transcript | None]:
        """The transcript, joined of the files that links lead to if the provider has it there; None without one.

        A link that is refused is renewed once, because that of a stored delivery may have expired long ago. The
        content is the one that the transcript was read from.

        Raises DownloadError, FileOverLimitError, ProviderError and StoreError.
        """
        found = await self.read()
        try:
            return found, await self._transcript_of(found)
        except DownloadRefusedError:
            raise
        except UrlRefusedError:
            found = await self._provider.get_recorded_content(self._order.bot_id, None)
            return found, await self._transcript_of(found)

    async def _transcript_of(self, found: RecordedContent) -> Transcript | None:
        if found.transcript is not None or not found.transcript_links or found.is_pending:
            return found.transcript
        parts = []
        for link in found.transcript_links:
            body = await fetch_small_file(self._session, link.url, _MAX_TRANSCRIPT_BYTES)
            # Hours of speech take a second to read: whatever else this process does must not wait for it.
            parts.append((await asyncio.to_thread(self._provider.parse_transcript, body), link.offset))
        return parts[0][0] if len(parts) == 1 else await asyncio.to_thread(join_transcripts, parts)

    async def _read(self) -> RecordedContent:
        body = None
        if self._order.delivery_path:
            try:
                body = await self._store.get(self._order.delivery_path)
            except NotStoredError:
                activity.logger.warning(
                    "the stored delivery %s is gone: asking the provider", self._order.delivery_path
                )
        return await self._provider.get_recorded_content(self._order.bot_id, body)


_LEAST_BYTES_OF_NO_DURATION = 64 * 1024
"""A second of the simplest video is larger: a smaller file with a duration of 0 s contains nothing."""

_MISSING_IS_BELIEVED = timedelta(minutes=10)
"""A provider may return a URL before its upload is complete, so that a 404 is final only after minutes."""


@dataclass(frozen=True)
class DownloadOptions:
    """How recordings are downloaded.

    `session` comes from `minutekeeper.downloads.url_policy.create_checked_session`.

    `give_up` is how long a recording is retried whose URLs, fresh ones included, are refused or lead nowhere.
    """

    session: aiohttp.ClientSession
    limits: DownloadLimits
    give_up: timedelta


class _PartDownload:
    """One attempt to download one of a bot's recordings; continues what earlier attempts have downloaded."""

    def __init__(  # noqa: PLR0913 - one argument for each thing that it works with
        self,
        provider: Provider,
        store: ArtifactStore,
        order: CollectInput,
        line: DownloadOptions,
        delivered: RecordedContentReader,
        *,
        part: int,
    ) -> None:
        self._provider = provider
        self._store = store
        self._order = order
        self._give_up = line.give_up
        self._delivered = delivered
        self._part = part
        folder = layout.partial_download_dir(order.folder, order.bot_id)
        self._pieces = ResumableFile(store, f"{folder}.part-{part + 1}" if part else folder)
        self._download = Downloader(line.session, self._pieces, self._renew, line.limits)

    @property
    def progress(self) -> DownloadProgress:
        return self._download.progress

    async def finished(self) -> Artifact | None:
        """The stored recording, if an earlier attempt finished it."""
        return await self._pieces.finished()

    async def run(self) -> RecordingResult:
        """Returns the stored recording, or why there is none.

        Raises RecordingLostError if no further attempt can succeed; DownloadError, StoreError and ProviderError.
        """
        if artifact := await self.finished():
            return RecordingResult(artifact=artifact)
        try:
            return await self._fetch()
        except FileTooSmallError as error:
            return RecordingResult(text=f"{error}: nothing was recorded")
        except UrlRefusedError as error:
            if isinstance(error, DownloadRefusedError):
                _log_refusal(self._order.bot_id, error)
            judgement = await self._judge(error)
        except (FileOverLimitError, NotFoundError, RecordingLostError) as error:
            judgement = RecordingLostError(str(error))
        if isinstance(judgement, RecordingLostError):
            await self._pieces.abandon()
        raise judgement

    async def _fetch(self) -> RecordingResult:
        order = self._order
        found = await self._delivered.read()
        if not found.media and order.delivery_path:
            found = await self._provider.get_recorded_content(order.bot_id, None)
        media = _recording(found, self._part)
        if media is None:
            return RecordingResult(text="the provider lists no recording")
        least = MIN_RECORDING_BYTES if found.duration != 0 else _LEAST_BYTES_OF_NO_DURATION
        artifact = await self._download.run(
            media, partial(layout.recording_path, order.folder, part=self._part), least
        )
        return RecordingResult(artifact=artifact)

    async def _judge(self, error: UrlRefusedError) -> UrlRefusedError | RecordingLostError:
        """Whether another attempt may succeed; the text says until when, because the meeting shows it."""
        now = datetime.now(UTC)
        since = await self._pieces.stalled_since(now)
        is_missing = isinstance(error, UrlNotFoundError)
        until = since + (min(self._give_up, _MISSING_IS_BELIEVED) if is_missing else self._give_up)
        if now < until:
            return type(error)(f"{error}; given up at {until:%Y-%m-%d %H:%M} UTC unless that changes")
        return RecordingLostError(f"{error}; so it has been since {since:%Y-%m-%d %H:%M} UTC")

    async def _renew(self) -> Media:
        media = _recording(await self._provider.get_recorded_content(self._order.bot_id, None), self._part)
        if media is None:
            raise UrlRefusedError("the provider no longer lists the recording")
        return media


class RecordingDownload:
    """One attempt to download all recordings of a bot, one after the other."""

    def __init__(
        self,
        provider: Provider,
        store: ArtifactStore,
        order: CollectInput,
        line: DownloadOptions,
        delivered: RecordedContentReader,
    ) -> None:
        self._store = store
        self._delivered = delivered
        self._part = partial(_PartDownload, provider, store, order, line, delivered)
        self._note = f"{layout.partial_download_dir(order.folder, order.bot_id)}.several"
        self._current = self._part(part=0)

    @property
    def progress(self) -> DownloadProgress:
        """That of the recording that is downloaded now."""
        return self._current.progress

    async def run(self) -> RecordingResult:
        """Returns the stored recordings, or why there is none.

        Raises RecordingLostError if no further attempt can succeed; DownloadError, StoreError and ProviderError,
        also while the provider is still preparing a recording.
        """
        are_several = await self._store.exists(self._note)
        if not are_several and (artifact := await self._current.finished()):
            return RecordingResult(artifact=artifact)
        try:
            found = await self._delivered.read()
        except ProviderError:
            # It depends on what is here already whether that is the end.
            return await self._current.run()
        parts = sorted({media.part for media in found.media})
        if not found.is_pending and parts in ([], [0]):
            return await self._current.run()
        if not are_several:
            # A later attempt must not take the first recording for all of them.
            await self._store.put(self._note, b"")
        result = await self._run_all(parts)
        if found.is_pending:
            raise UnavailableError("the provider is still preparing the recording")
        return result

    async def _run_all(self, parts: Sequence[int]) -> RecordingResult:
        """One that fails does not keep the others from being stored; its error is raised afterwards."""
        artifacts: list[Artifact] = []
        missing: list[str] = []
        failed: Exception | None = None
        for part in parts:
            self._current = self._part(part=part)
            try:
                brought = await self._current.run()
            except RecordingLostError as error:
                missing.append(str(error))
            except (DownloadError, ProviderError) as error:
                failed = failed or error
            else:
                artifacts += [brought.artifact] if brought.artifact else []
                missing += [brought.text] if brought.text else []
        if failed is not None:
            raise failed
        if missing and artifacts:
            activity.logger.warning("Some of a bot's %d recordings are left out: %s", len(parts), missing[0])
        if not artifacts and missing:
            raise RecordingLostError(missing[0])
        return RecordingResult(artifact=artifacts[0] if artifacts else None, others=tuple(artifacts[1:]))


class AudioDownload:
    """One attempt to download the audio file beside the video; continues what earlier attempts have downloaded."""

    def __init__(
        self,
        provider: Provider,
        store: ArtifactStore,
        order: CollectInput,
        options: DownloadOptions,
        content: RecordedContentReader,
    ) -> None:
        self._provider = provider
        self._order = order
        self._content = content
        self._file = ResumableFile(store, f"{layout.partial_download_dir(order.folder, order.bot_id)}.audio")
        self._download = Downloader(options.session, self._file, self._renew, options.limits)
        self.has_begun = False

    @property
    def progress(self) -> DownloadProgress:
        return self._download.progress

    async def run(self) -> Artifact | None:
        """The stored file; None if the provider has none. Raises DownloadError, StoreError and ProviderError."""
        if artifact := await self._file.finished():
            return artifact
        audio = (await self._content.read()).audio or await self._ask()
        if audio is None:
            return None
        self.has_begun = True
        try:
            return await self._download.run(
                audio, partial(layout.audio_path, self._order.folder), MIN_RECORDING_BYTES
            )
        except (FileTooSmallError, FileOverLimitError, RecordingLostError, NotFoundError) as error:
            activity.logger.warning("The audio file of bot %s is left out: %s", self._order.bot_id, error)
            await self._file.abandon()
            return None

    async def _ask(self) -> Media | None:
        return (await self._provider.get_recorded_content(self._order.bot_id, None)).audio

    async def _renew(self) -> Media:
        audio = await self._ask()
        if audio is None:
            raise UrlRefusedError("the provider no longer lists the audio file")
        return audio


def _log_refusal(bot_id: str, error: DownloadRefusedError) -> None:
    activity.logger.error("The recording of bot %s is not fetched: %s", bot_id, error)
    activity.metric_meter().create_counter(
        "minutekeeper_downloads_refused", "Attempts at a recording whose link the policy for downloads refuses."
    ).add(1)


def _recording(found: RecordedContent, part: int) -> Media | None:
    """The video of one of the recordings if there is one, else the audio, else None."""
    if found.deleted and not found.media:
        raise RecordingLostError("the provider has deleted the recording")
    files = [media for media in found.media if media.part == part]
    return min(files, key=lambda media: media.extension in AUDIO_TYPES, default=None)
