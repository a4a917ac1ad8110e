"""Fetches small files as a whole, such as transcripts and pictures, by the rules for links of recordings."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp

from minutekeeper.downloads.content_encoding import EncodingError, InflatedError, decode_content, encoding_layers
from minutekeeper.downloads.downloader import (
    DownloadError,
    DownloadRefusedError,
    FileOverLimitError,
    UrlNotFoundError,
    UrlRefusedError,
)
from minutekeeper.downloads.range_requests import (
    ExpiredUrlError,
    ForbiddenUrlError,
    RetryableDownloadError,
    open_range,
)
from minutekeeper.downloads.resumable_file import FileVersion
from minutekeeper.providers.recorded_content import Media

_CHUNK_BYTES = 64 * 1024
_HEAD_BYTES = 512
_TOTAL_SECONDS = 300


async def fetch_small_file(session: aiohttp.ClientSession, url: str, max_bytes: int) -> bytes:
    """The decoded content behind a link, in memory. No message contains the link.

    Raises DownloadError, UrlRefusedError if only a fresh link can help, and FileOverLimitError for more than
    `max_bytes`.
    """
    media = Media(url=url, extension="", expires_at=None)
    try:
        async with asyncio.timeout(_TOTAL_SECONDS), open_range(session, media, 0, FileVersion()) as answer:
            data = await _limited(answer.content.iter_chunked(_CHUNK_BYTES), max_bytes)
            layers, _ = encoding_layers(data[:_HEAD_BYTES], answer.version.encoding)
            return await _limited(decode_content(layers, max_bytes, _one(data)), max_bytes)
    except ForbiddenUrlError as error:
        raise DownloadRefusedError(str(error)) from None
    except ExpiredUrlError as error:
        raise (UrlNotFoundError if error.is_missing else UrlRefusedError)(str(error)) from None
    except RetryableDownloadError as error:
        raise DownloadError(str(error)) from None
    except InflatedError as error:
        raise FileOverLimitError(str(error)) from None
    except EncodingError as error:
        raise UrlRefusedError(str(error)) from None
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        # The texts of the HTTP library quote the link, which is as good as a key.
        raise DownloadError(f"the connection fails ({type(error).__name__})") from None


async def _limited(chunks: AsyncIterator[bytes], max_bytes: int) -> bytes:
    held = bytearray()
    async for chunk in chunks:
        held += chunk
        if len(held) > max_bytes:
            raise FileOverLimitError(f"the file is larger than {max_bytes} bytes")
    return bytes(held)


async def _one(data: bytes) -> AsyncIterator[bytes]:
    yield data
