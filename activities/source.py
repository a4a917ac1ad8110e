"""Asking a media server for the rest of a file, and understanding what it answers."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import aiohttp
from yarl import URL

from artifacts.pieces import Version
from providers.base import Media

_DEAD_LINK = frozenset({400, 401, 403, 404, 410})
"""S3 refuses an expired link with 403, and with 400 if the credentials behind it have expired."""
_NEARLY_EXPIRED = timedelta(seconds=30)
_CONNECT_SECONDS = 10
_SILENCE_SECONDS = 30
_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")


class SetbackError(Exception):
    """Something that asking again may cure. The message never holds the link."""


class DeadLinkError(Exception):
    """Something that a fresh link may cure. The message never holds the link."""

    def __init__(self, message: str, *, is_missing: bool = False) -> None:
        super().__init__(message)
        self.is_missing = is_missing


class ChangedError(Exception):
    """The file is another one than before."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a server sends: `position` is the offset in the file at which `content` begins."""

    position: int
    version: Version
    content_type: str
    content: aiohttp.StreamReader


def download_session(slots: int) -> aiohttp.ClientSession:
    """The connections for `slots` downloads at a time; to be made in the running event loop, and closed.

    Not httpx: it writes every URL, signature included, to the log, and re-quotes signed URLs on their way.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=slots),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS, sock_read=_SILENCE_SECONDS),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        requote_redirect_url=False,
        trust_env=True,
    )


def expires_soon(media: Media) -> bool:
    return media.expires_at is not None and media.expires_at - datetime.now(UTC) < _NEARLY_EXPIRED


@asynccontextmanager
async def ask(session: aiohttp.ClientSession, media: Media, offset: int, version: Version) -> AsyncIterator[Answer]:
    """One request for everything from `offset` on of a file whose beginning came as `version`.

    The server may send more than that: look at the position. Raises SetbackError, DeadLinkError, ChangedError.
    """
    headers = {"Accept-Encoding": "identity"}
    if offset:
        headers["Range"] = f"bytes={offset}-"
        if version.condition:
            headers["If-Range"] = version.condition
    try:
        async with session.get(_target(media), headers=headers) as response:
            answer = _understand(response)
            if offset and not answer.version.is_same(version):
                raise ChangedError
            if answer.position > offset:
                raise SetbackError("the server skipped a part")
            yield answer
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        # The texts of the HTTP library quote the link, which is as good as a key.
        raise SetbackError(f"the connection fails ({type(error).__name__})") from None


def _target(media: Media) -> URL:
    try:
        # A signature covers the URL as it was written: nothing in it may be quoted anew.
        return URL(media.url, encoded=True)
    except ValueError:
        raise DeadLinkError("the link to the recording is no URL") from None


def _understand(response: aiohttp.ClientResponse) -> Answer:
    status = response.status
    if status in _DEAD_LINK:
        raise DeadLinkError(f"the link to the recording was refused with {status}", is_missing=status in {404, 410})
    if status == 416:
        raise ChangedError
    position, total = 0, response.content_length
    if status == 206 and (part := _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))):
        position, total = int(part[1]), None if part[2] == "*" else int(part[2])
    elif status != 200:
        raise SetbackError(f"the server answered {status}")
    return Answer(
        position=position,
        version=Version(
            etag=response.headers.get("ETag", ""),
            last_modified=response.headers.get("Last-Modified", ""),
            total=total,
        ),
        content_type=response.content_type,
        content=response.content,
    )
