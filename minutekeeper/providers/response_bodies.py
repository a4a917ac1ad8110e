"""Reads response bodies in bounded memory: large ones are written to a file."""

import asyncio
import mmap
import tempfile
from collections.abc import AsyncIterator

from minutekeeper.providers.base import UnavailableError

MOST_BYTES = 64 * 1024 * 1024
"""Of an answer that is kept in memory: a page of a hundred events has less than one."""

MOST_BYTES_ON_DISK = 512 * 1024 * 1024
"""A transcript of five hours, the longest recording there is, has 5 MiB; one of 139 hours has 137."""

_LARGE_BYTES = 1024 * 1024

Body = bytes | mmap.mmap
"""A mapped file has no name, and is gone with the last reference to it."""


class ResponseTooLargeError(UnavailableError):
    """A response is larger than the limit."""


async def in_memory(chunks: AsyncIterator[bytes]) -> bytes:
    """The whole body. Raises TooLargeError."""
    held = bytearray()
    async for chunk in chunks:
        held += chunk
        _check_size(len(held), MOST_BYTES)
    return bytes(held)


async def on_disk(chunks: AsyncIterator[bytes]) -> Body:
    """The whole body, in a file if it is large. Raises TooLargeError, and OSError if there is no room for it."""
    held = bytearray()
    with tempfile.TemporaryFile(prefix="minutekeeper-") as file:
        async for chunk in chunks:
            held += chunk
            _check_size(file.tell() + len(held), MOST_BYTES_ON_DISK)
            if len(held) > _LARGE_BYTES:
                await asyncio.to_thread(file.write, held)
                held = bytearray()
        if not file.tell():
            return bytes(held)
        file.write(held)
        file.flush()
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _check_size(size: int, most: int) -> None:
    if size > most:
        raise ResponseTooLargeError(f"more than {most // 2**20} MiB.")
