"""Asking a media server for the rest of a file, and understanding what it answers."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import aiohttp
from yarl import URL

from activities.links import RefusedLinkError
from artifacts.pieces import Version
from providers.base import Media

_DEAD_LINK = frozenset({400, 401, 403, 404, 410})
"""S3 refuses an expired link with 403, and with 400 if the credentials behind it have expired."""
_NEARLY_EXPIRED = timedelta(seconds=30)
_ANSWER_SECONDS = 60
"""For the redirects and the head of an answer; how fast its content comes is judged by who takes it."""
_MAX_REDIRECTS = 5
_CONTENT_RANGE = re.compile(r"bytes (\d{1,15})-\d+/(\d{1,15}|\*)")


class SetbackError(Exception):
    """Something that asking again may cure. The message never holds the link."""


class DeadLinkError(Exception):
    """Something that a fresh link may cure. The message never holds the link."""

    def __init__(self, message: str, *, is_missing: bool = False) -> None:
        super().__init__(message)
        self.is_missing = is_missing


class OversizeError(DeadLinkError):
    """The file is larger than what may be fetched."""


class ChangedError(Exception):
    """The file is another one than before."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a server sends: `position` is the offset in the file at which `content` begins."""

    position: int
    version: Version
    content_type: str
    content: aiohttp.StreamReader


def expires_soon(media: Media) -> bool:
    return media.expires_at is not None and media.expires_at - datetime.now(UTC) < _NEARLY_EXPIRED


@asynccontextmanager
async def ask(
    session: aiohttp.ClientSession, media: Media, offset: int, version: Version, last: int | None = None
) -> AsyncIterator[Answer]:
    """One request for everything from `offset` on, up to `last`, of a file whose beginning came as `version`.

    The server may send more than that: look at the position. Raises SetbackError, DeadLinkError, ChangedError.
    """
    headers = {"Accept-Encoding": "identity"}
    if offset or last is not None:
        headers["Range"] = f"bytes={offset}-{'' if last is None else last}"
        if version.condition:
            headers["If-Range"] = version.condition
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            response = await session.get(_target(media), headers=headers, max_redirects=_MAX_REDIRECTS)
        async with response:
            answer = _understand(response)
            if offset and not answer.version.is_same(version):
                raise ChangedError
            if answer.position > offset:
                raise SetbackError("the server skipped a part")
            yield answer
    except RefusedLinkError as refused:
        raise DeadLinkError(str(refused)) from None
    except (aiohttp.TooManyRedirects, aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError):
        raise DeadLinkError("the link to the recording leads round in circles, or nowhere") from None
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        # The texts of the HTTP library quote the link, which is as good as a key.
        raise SetbackError(f"the connection fails ({type(error).__name__})") from None


async def measure(session: aiohttp.ClientSession, media: Media) -> int | None:
    """The size of the file in bytes, as an answer of its own gives it; None if it does not. Raises as `ask`."""
    async with ask(session, media, 0, Version(), last=0) as answer:
        return answer.version.total


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
            etag=_plain(response.headers.get("ETag", "")),
            last_modified=_plain(response.headers.get("Last-Modified", "")),
            total=total,
        ),
        content_type=response.content_type,
        content=response.content,
    )


def _plain(header: str) -> str:
    """A header's text, empty if it holds what cannot be kept and sent back as it came."""
    return header if header.isascii() and header.isprintable() else ""
