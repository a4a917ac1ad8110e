"""Requests the rest of a file from a media server, interprets the answer, and detects servers that are too slow."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import aiohttp
from yarl import URL

from minutekeeper.downloads.resumable_file import FileVersion
from minutekeeper.downloads.url_policy import UrlNotAllowedError
from minutekeeper.providers.recorded_content import Media

_TRY_AGAIN = frozenset({408, 425, 429})

_DEAD_LINK = frozenset({400, 401, 403, 404, 410})
"""S3 answers an expired URL with 403, and with 400 if the credentials behind it have expired."""

_NEARLY_EXPIRED = timedelta(seconds=30)

_ANSWER_SECONDS = 60
"""Timeout for redirects and the headers of a response; the throughput of its content is checked by the reader."""

_MAX_REDIRECTS = 5

_CONTENT_RANGE = re.compile(r"bytes\s+(?:(\d{1,15})-\d{1,15}|\*)/(\d{1,15}|\*)")

_NO_ENCODING = frozenset({"", "identity"})


class RetryableDownloadError(Exception):
    """An error that a retry may resolve. The message never contains the URL."""


class ExpiredUrlError(Exception):
    """An error that a fresh URL may resolve. The message never contains the URL."""

    def __init__(self, message: str, *, is_missing: bool = False) -> None:
        super().__init__(message)
        self.is_missing = is_missing


class ForbiddenUrlError(ExpiredUrlError):
    """The URL is not allowed by the URL policy."""


class FileTooLargeError(ExpiredUrlError):
    """The file is larger than the limit."""


class FileChangedError(Exception):
    """The file has changed since the download began."""


@dataclass(frozen=True, kw_only=True)
class RangeResponse:
    """A response: `position` is the offset in the file at which `content` begins."""

    position: int
    version: FileVersion
    content: aiohttp.StreamReader


def expires_soon(media: Media) -> bool:
    return media.expires_at is not None and media.expires_at - datetime.now(UTC) < _NEARLY_EXPIRED


@asynccontextmanager
async def open_range(
    session: aiohttp.ClientSession, media: Media, offset: int, version: FileVersion
) -> AsyncIterator[RangeResponse]:
    """Requests everything from `offset` on of a file whose beginning was received as `version`.

    The server may send more than that, see the position. Raises RetryableDownloadError, ExpiredUrlError,
    FileChangedError.
    """
    headers = {}
    if offset:
        headers["Range"] = f"bytes={offset}-"
        if version.condition:
            headers["If-Range"] = version.condition
    async with _request(session, media, headers) as response:
        answer = _understand(response, offset)
        if offset and not answer.version.is_same(version):
            raise FileChangedError
        if answer.position > offset:
            raise RetryableDownloadError("the server skipped a part")
        yield answer


@asynccontextmanager
async def _request(
    session: aiohttp.ClientSession, media: Media, headers: dict[str, str]
) -> AsyncIterator[aiohttp.ClientResponse]:
    headers = {"Accept-Encoding": "identity", **headers}
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            response = await session.get(_target(media), headers=headers, max_redirects=_MAX_REDIRECTS)
        async with response:
            yield response
    except UrlNotAllowedError as refused:
        raise ForbiddenUrlError(str(refused)) from None
    except (aiohttp.TooManyRedirects, aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError):
        raise ExpiredUrlError("the URL of the recording redirects in circles, or nowhere") from None
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        # The messages of the HTTP library quote the URL, which grants access like a key.
        raise RetryableDownloadError(f"the connection fails ({type(error).__name__})") from None


async def fetch_size(session: aiohttp.ClientSession, media: Media, held: int, version: FileVersion) -> int | None:
    """The size of a file of which `held` bytes were received as `version`, by another request.

    None if the response has no usable size, because this is only a check. Raises ExpiredUrlError, and
    RetryableDownloadError if there was no answer: asked for again, there may be one.
    """
    async with _request(session, media, {"Range": "bytes=0-0"}) as response:
        if response.status in _TRY_AGAIN or response.status >= 500:
            raise RetryableDownloadError(f"the server answered {response.status}")
        return _size(response, held, version)


def _size(response: aiohttp.ClientResponse, held: int, version: FileVersion) -> int | None:
    if response.status in _DEAD_LINK:
        raise _is_expired(response.status)
    if response.status not in {200, 206, 416} or _encoding(response) != version.encoding:
        return None
    if part := _content_range(response):
        return None if part[2] == "*" else int(part[2])
    length = response.content_length
    # The complete file from a server without ranges; a shorter response may be one byte, or some other page.
    is_file = response.status == 200 and response.content_type == version.content_type
    return length if is_file and length is not None and length >= held else None


def _target(media: Media) -> URL:
    try:
        # A signature covers the URL as it was written, so nothing in it may be quoted again.
        return URL(media.url, encoded=True)
    except ValueError:
        raise ExpiredUrlError("the link to the recording is no URL") from None


def _understand(response: aiohttp.ClientResponse, offset: int) -> RangeResponse:
    status = response.status
    if status in _DEAD_LINK:
        raise _is_expired(status)
    if status == 416:
        raise FileChangedError
    if status not in {200, 206}:
        raise RetryableDownloadError(f"the server answered {status}")
    position, total = 0, response.content_length
    if (part := _content_range(response)) and part[1]:
        position, total = int(part[1]), None if part[2] == "*" else int(part[2])
    elif status == 206 and offset:
        # The position of this part is not known.
        raise FileChangedError
    return RangeResponse(
        position=position,
        version=FileVersion(
            etag=_plain(response.headers.get("ETag", "")),
            last_modified=_plain(response.headers.get("Last-Modified", "")),
            total=total,
            encoding=_encoding(response),
            content_type=response.content_type,
        ),
        content=response.content,
    )


def _is_expired(status: int) -> ExpiredUrlError:
    return ExpiredUrlError(f"the link to the recording was refused with {status}", is_missing=status in {404, 410})


def _content_range(response: aiohttp.ClientResponse) -> re.Match[str] | None:
    """Which part of the file was sent, because some servers say so with any status."""
    return _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", "").strip())


def _encoding(response: aiohttp.ClientResponse) -> str:
    names = (name.strip().lower() for name in ",".join(response.headers.getall("Content-Encoding", [])).split(","))
    return ", ".join(_plain(name) for name in names if name not in _NO_ENCODING)


def _plain(header: str) -> str:
    """A header's text; empty if it contains characters that cannot be stored and sent back unchanged."""
    return header if header.isascii() and header.isprintable() else ""


class ThroughputGuard:
    """Measures throughput; the time only runs while a server is waited for, from now on.

    Fewer than `least_rate` bytes a second in some `seconds` of waiting are too few.
    """

    def __init__(self, least_rate: int, seconds: float) -> None:
        self._least_rate = least_rate
        self._seconds = seconds
        self._waited = 0.0
        self._received = 0
        self._waiting_since = time.monotonic()

    def received(self, size: int) -> None:
        """Stops the watch. Raises RetryableDownloadError."""
        self._waited += time.monotonic() - self._waiting_since
        self._received += size
        if self._waited < self._seconds:
            return
        if self._received < self._least_rate * self._waited:
            raise RetryableDownloadError(f"the server sends fewer than {self._least_rate} bytes a second")
        self._waited, self._received = 0.0, 0

    def wait(self) -> None:
        """Starts the watch again."""
        self._waiting_since = time.monotonic()
