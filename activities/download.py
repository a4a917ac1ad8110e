"""Fetching a large file over HTTP so that no interruption costs more than one piece. Knows nothing of Temporal."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import aiohttp

from activities.media import is_media
from activities.source import Answer, ChangedError, DeadLinkError, SetbackError, ask, expires_soon
from artifacts.pieces import Pieces
from meetings.collection import DownloadProgress
from meetings.outcome import Artifact
from providers.base import Media

Renew = Callable[[], Awaitable[Media]]
"""Asks for a link to the same recording that is made just now."""

_MAX_SETBACKS = 5
_MAX_RESTARTS = 2
_LONGEST_PAUSE = 10.0
_CHUNK_BYTES = 64 * 1024


class DownloadError(Exception):
    """The file could not be fetched this time; what was fetched is kept. The message never holds the link."""


class MissingError(DownloadError):
    """A link that was made just now leads to nothing (404, 410)."""


class TooSmallError(Exception):
    """The file is too small to be a recording."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """`piece_bytes` is what a crash costs at most, and about half of what one download holds in memory.

    `pause` is the first wait after a setback in seconds; it doubles from one setback to the next.
    """

    piece_bytes: int = 8 * 1024 * 1024
    pause: float = 0.5


DEFAULT_LIMITS = Limits()


class Download:
    """One file on its way into the store. `progress` may be read at any time."""

    def __init__(
        self, session: aiohttp.ClientSession, pieces: Pieces, renew: Renew, limits: Limits = DEFAULT_LIMITS
    ) -> None:
        self._session = session
        self._pieces = pieces
        self._renew = renew
        self._limits = limits
        self._buffer = bytearray()
        self._content_type = ""
        self._ended = False
        self._restarts = 0

    @property
    def progress(self) -> DownloadProgress:
        return DownloadProgress(done=self._held, total=self._pieces.version.total)

    async def run(self, media: Media, path_for: Callable[[Media], str], least_bytes: int) -> Artifact:
        """Fetches what is missing and puts the whole file under `path_for` of its media.

        A file of less than `least_bytes` is no recording. Raises DownloadError, TooSmallError, StoreError, and
        whatever `renew` raises.
        """
        await self._pieces.open()
        media = await self._fetch(media)
        if self._held < least_bytes:
            too_small = TooSmallError(f"the recording has only {self._held} bytes")
            await self._pieces.discard()
            raise too_small
        artifact = await self._pieces.assemble(path_for(media), bytes(self._buffer))
        await self._pieces.finish(artifact)
        return artifact

    @property
    def _held(self) -> int:
        return self._pieces.size + len(self._buffer)

    @property
    def _is_whole(self) -> bool:
        total = self._pieces.version.total
        return self._ended if total is None else self._held == total

    async def _fetch(self, media: Media) -> Media:
        """Asks until every byte is there; returns the media that the last bytes came from."""
        setbacks = 0
        is_fresh = False
        if expires_soon(media):
            media, is_fresh = await self._renew(), True
        while not self._is_whole:
            held = self._held
            try:
                await self._receive(media)
            except DeadLinkError as dead:
                if is_fresh:
                    raise (MissingError if dead.is_missing else DownloadError)(str(dead)) from None
                media, is_fresh = await self._renew(), True
            except ChangedError:
                await self._start_over()
            except SetbackError as setback:
                if self._held > held:
                    setbacks, is_fresh = 0, False
                setbacks += 1
                if setbacks > _MAX_SETBACKS:
                    raise DownloadError(f"the download does not get on: {setback}") from None
                await asyncio.sleep(min(self._limits.pause * 2 ** (setbacks - 1), _LONGEST_PAUSE))
        return media

    async def _receive(self, media: Media) -> None:
        """One request for all that is missing."""
        async with ask(self._session, media, self._held, self._pieces.version) as answer:
            if not self._held:
                self._content_type = answer.content_type
                await self._pieces.begin(answer.version)
            await self._take(answer)
        self._refuse_other_than_media()
        if not self._is_whole:
            raise SetbackError("the server sent less than it announced")

    async def _take(self, answer: Answer) -> None:
        surplus = self._held - answer.position  # a server without ranges sends again what we have
        async for chunk in answer.content.iter_chunked(_CHUNK_BYTES):
            missing = chunk[surplus:]
            surplus -= len(chunk) - len(missing)
            total = self._pieces.version.total
            if total is not None and self._held + len(missing) > total:
                raise ChangedError
            self._buffer += missing
            if len(self._buffer) >= self._limits.piece_bytes:
                self._refuse_other_than_media()
                await self._pieces.append(bytes(self._buffer))
                self._buffer.clear()
        self._ended = True

    def _refuse_other_than_media(self) -> None:
        if not self._pieces.size and self._buffer and not is_media(bytes(self._buffer[:512]), self._content_type):
            self._forget()
            raise DeadLinkError("the provider serves something else than a recording")

    async def _start_over(self) -> None:
        self._restarts += 1
        if self._restarts > _MAX_RESTARTS:
            raise DownloadError("the file changed again and again while it was downloaded")
        await self._pieces.discard()
        self._forget()

    def _forget(self) -> None:
        self._buffer.clear()
        self._ended = False
