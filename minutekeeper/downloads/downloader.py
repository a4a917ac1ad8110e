"""Downloads a large file over HTTP; an interruption costs at most one chunk. Independent of Temporal."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

import aiohttp

from minutekeeper.downloads.content_encoding import EncodingError, InflatedError, decode_content, encoding_layers
from minutekeeper.downloads.media_detection import detect_extension, is_media
from minutekeeper.downloads.range_requests import (
    ExpiredUrlError,
    FileChangedError,
    FileTooLargeError,
    ForbiddenUrlError,
    RangeResponse,
    RetryableDownloadError,
    ThroughputGuard,
    expires_soon,
    fetch_size,
    open_range,
)
from minutekeeper.downloads.resumable_file import ResumableFile
from minutekeeper.meetings.collection import DownloadProgress
from minutekeeper.meetings.views import Artifact
from minutekeeper.providers.base import ProviderError, RateLimitedError, UnavailableError
from minutekeeper.providers.recorded_content import Media
from minutekeeper.storage.errors import DamagedPartError

Renew = Callable[[], Awaitable[Media]]
"""Requests a fresh URL of the same recording; may raise UrlRefusedError."""

_MAX_SETBACKS = 5
_MAX_RESTARTS = 2
_MEASUREMENTS = 3
_MAX_LINK_RENEWALS = 5
_MAX_PAUSE = 10.0
_HEAD_BYTES = 512


class DownloadError(Exception):
    """The download failed this time; what was received is kept. The message never contains the URL."""


class UrlRefusedError(DownloadError):
    """A fresh URL was refused, or does not lead to a recording."""


class DownloadRefusedError(UrlRefusedError):
    """The URLs are not allowed by the URL policy; an operator has to change one or the other."""


class UrlNotFoundError(UrlRefusedError):
    """A fresh URL answers 404 or 410."""


class RecordingLostError(Exception):
    """The recording cannot be downloaded any more."""


class FileTooSmallError(Exception):
    """The file is too small to be a recording."""


class FileOverLimitError(Exception):
    """The file is larger than the limit."""


@dataclass(frozen=True, kw_only=True)
class DownloadLimits:
    """`piece_bytes` is what a crash costs at most, and with a bucket half of what one download holds in memory.

    `pause` is the first wait after a setback in seconds; it doubles from one setback to the next. A file of more
    than `max_bytes` is not fetched. A server that sends fewer than `least_rate` bytes a second for `rate_seconds`
    is left.
    """

    piece_bytes: int = 8 * 1024 * 1024
    pause: float = 0.5
    max_bytes: int = 20 * 1024 * 1024 * 1024
    least_rate: int = 16 * 1024
    rate_seconds: float = 60


DEFAULT_DOWNLOAD_LIMITS = DownloadLimits()


class Downloader:
    """One download into the store. `progress` may be read at any time."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        pieces: ResumableFile,
        renew: Renew,
        limits: DownloadLimits = DEFAULT_DOWNLOAD_LIMITS,
    ) -> None:
        self._session = session
        self._pieces = pieces
        self._renew = renew
        self._limits = limits
        self._head = bytearray()  # bytes that were received before the file was recognised as a recording
        self._ended = False
        self._is_confirmed = False
        self._is_unconfirmed = False  # whether a URL was refused when the size of a complete file was requested
        self._restarts = 0

    @property
    def progress(self) -> DownloadProgress:
        return DownloadProgress(done=self._held, total=self._pieces.version.total)

    async def run(self, media: Media, path_for: Callable[[str], str], least_bytes: int) -> Artifact:
        """Downloads what is missing, and stores the complete file under `path_for` of its extension.

        A file of less than `least_bytes` is no recording. Raises DownloadError, FileTooSmallError, TooLargeError,
        StoreError, and whatever `renew` raises.
        """
        try:
            await self._pieces.open(self._limits.piece_bytes)
            media = await self._fetch_or_keep(media)
            if self._held < least_bytes:
                too_small = FileTooSmallError(f"the recording has only {self._held} bytes")
                await self._pieces.discard()
                raise too_small
            artifact = await self._assemble(media, path_for)
            await self._pieces.finish(artifact)
            return artifact
        finally:
            self._pieces.close()

    async def _assemble(self, media: Media, path_for: Callable[[str], str]) -> Artifact:
        try:
            head = await self._pieces.head(_HEAD_BYTES)
            layers, content = encoding_layers(head, self._pieces.version.encoding)
            decoded = partial(decode_content, layers, self._limits.max_bytes) if layers else None
            return await self._pieces.finalise(path_for(detect_extension(content, media.extension)), decoded)
        except DamagedPartError:
            await self._pieces.discard()
            raise
        except EncodingError as error:
            await self._pieces.discard()
            raise (FileOverLimitError if isinstance(error, InflatedError) else UrlRefusedError)(
                str(error)
            ) from None

    @property
    def _held(self) -> int:
        return self._pieces.size + len(self._head)

    @property
    def _is_whole(self) -> bool:
        total = self._pieces.version.total
        return self._ended if total is None else self._held == total

    async def _fetch_or_keep(self, media: Media) -> Media:
        """Stores what was received, so that the next attempt does not download it again."""
        try:
            return await self._fetch(media)
        except DownloadError:
            await self._pieces.flush()
            raise

    async def _fetch(self, media: Media) -> Media:
        """Requests until every byte is there; returns the source of the last bytes.

        Only a full chunk counts as progress, because a server that sends a few bytes now and then must not hold a
        slot.
        """
        setbacks, since = 0, self._held
        renewed_at: int | None = None
        if expires_soon(media):
            media, renewed_at = await self._renew(), self._held
        while not (self._is_whole and self._is_confirmed):
            trouble = await self._attempt(media)
            if trouble is None:
                continue
            if isinstance(trouble, RetryableDownloadError):
                if self._held - since >= self._limits.piece_bytes:
                    setbacks, since = 0, self._held
                setbacks += 1
                if setbacks <= _MAX_SETBACKS:
                    await asyncio.sleep(min(self._limits.pause * 2 ** (setbacks - 1), _MAX_PAUSE))
                    continue
            is_new = renewed_at is not None and self._held - renewed_at < self._limits.piece_bytes
            media, renewed_at = await self._renew_after(trouble, media, is_new=is_new), self._held
            setbacks, since, self._restarts = 0, self._held, 0
        return media

    async def _renew_after(
        self, trouble: RetryableDownloadError | ExpiredUrlError, media: Media, *, is_new: bool
    ) -> Media:
        """Replaces a bad URL by a fresh one. If the bad one `is_new`, no other would be better."""
        if is_new and not self._is_unconfirmed:
            raise _verdict(trouble)
        try:
            return await self._renew()
        except (UrlRefusedError, RecordingLostError, ProviderError) as error:
            if self._is_unconfirmed and not isinstance(error, UnavailableError | RateLimitedError):
                # All bytes are here, so a provider that gives no URL any more is no reason to fail. One that cannot
                # be asked now says nothing, so the attempt is made again.
                self._is_confirmed = True
                return media
            if isinstance(error, UrlRefusedError):
                raise UrlRefusedError(f"{trouble}; {error}") from None
            raise

    async def _attempt(self, media: Media) -> RetryableDownloadError | ExpiredUrlError | None:
        """Makes one request for everything that is missing; returns the error, unless the file has changed."""
        try:
            if not self._is_whole:
                await self._receive(media)
            await self._judge_head()
            await self._confirm(media)
        except FileChangedError:
            await self._start_over()
            self._restarts += 1
            if self._restarts > _MAX_RESTARTS:
                return ExpiredUrlError("the file changed again and again while it was downloaded")
        except FileTooLargeError as oversize:
            await self._start_over()
            return oversize
        except (RetryableDownloadError, ExpiredUrlError) as trouble:
            return trouble
        return None

    async def _receive(self, media: Media) -> None:
        async with open_range(self._session, media, self._held, self._pieces.version) as answer:
            self._refuse_oversize(answer.version.total or 0)
            if not self._held:
                await self._pieces.start(answer.version)
            await self._take(answer)
        if not self._is_whole:
            raise RetryableDownloadError("the server sent less than it announced")

    async def _take(self, answer: RangeResponse) -> None:
        surplus = self._held - answer.position  # a server without ranges sends again what was received
        pace = ThroughputGuard(self._limits.least_rate, self._limits.rate_seconds)
        async for chunk in answer.content.iter_any():
            pace.received(len(chunk))
            missing = chunk[surplus:]
            surplus -= len(chunk) - len(missing)
            total = self._pieces.version.total
            if total is not None and self._held + len(missing) > total:
                raise FileChangedError
            self._refuse_oversize(self._held + len(missing))
            if self._pieces.size:
                await self._pieces.write(missing)
            else:
                self._head += missing
                if len(self._head) >= _HEAD_BYTES:
                    await self._judge_head()
            pace.wait()
        self._ended = True

    async def _judge_head(self) -> None:
        """Buffers the first bytes until they can be recognised, so that nothing of an error page is stored."""
        if not self._head:
            return
        head, version = bytes(self._head), self._pieces.version
        try:
            _, content = encoding_layers(head[:_HEAD_BYTES], version.encoding)
        except EncodingError as error:
            self._forget()
            raise ExpiredUrlError(str(error)) from None
        if not is_media(content, version.content_type):
            self._forget()
            raise ExpiredUrlError("the provider serves something else than a recording")
        self._head.clear()
        await self._pieces.write(head)

    async def _confirm(self, media: Media) -> None:
        """Requests the size again, because a truncated file whose answer announced just that looks complete.

        An answer without a size may be an accident, so the request is repeated. A complete file is not given up
        because it is never answered, not even with a fresh URL.
        """
        others = 0
        for question in range(_MAX_LINK_RENEWALS if self._held else 0):
            size = await self._measure(media)
            if size == self._held:
                self._is_confirmed = True
                return
            others += size is not None
            if others == _MEASUREMENTS:
                break
            await asyncio.sleep(min(self._limits.pause * 2**question, _MAX_PAUSE))
        if others:
            raise FileChangedError
        self._is_confirmed = True

    async def _measure(self, media: Media) -> int | None:
        try:
            return await fetch_size(self._session, media, self._held, self._pieces.version)
        except RetryableDownloadError:
            return None
        except ExpiredUrlError:
            if not self._is_unconfirmed:
                self._is_unconfirmed = True
                raise
            return None  # not with a fresh URL either

    def _refuse_oversize(self, size: int) -> None:
        if size > self._limits.max_bytes:
            raise FileTooLargeError(
                f"the recording is larger than {self._limits.max_bytes} bytes, "
                "the most that MINUTEKEEPER_DOWNLOAD_MAX_BYTES allows"
            )

    async def _start_over(self) -> None:
        await self._pieces.discard()
        self._forget()

    def _forget(self) -> None:
        self._head.clear()
        self._ended = False


def _verdict(trouble: RetryableDownloadError | ExpiredUrlError) -> Exception:
    """The error to raise if this happened with a fresh URL."""
    if isinstance(trouble, RetryableDownloadError):
        return DownloadError(f"the download makes no progress: {trouble}")
    if isinstance(trouble, FileTooLargeError):
        return FileOverLimitError(str(trouble))
    if isinstance(trouble, ForbiddenUrlError):
        return DownloadRefusedError(str(trouble))
    return (UrlNotFoundError if trouble.is_missing else UrlRefusedError)(str(trouble))
