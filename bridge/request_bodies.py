"""Reads request bodies within limits: of size, of the memory for all of them, and of time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from aiohttp import hdrs, web

_SMALL_BYTES = 64 * 1024
"""Smaller bodies need no reservation of memory; statuses are far smaller."""

_LARGEST_AT_ONCE = 4
"""Bodies of the largest size that fit in memory at once, or more of smaller ones."""

_BODY_SECONDS = 10.0
"""How long a body may take to arrive: the provider does not wait longer for its answer."""

_ROOM_SECONDS = 8.0
"""How long a large body waits for memory before its sender is asked to retry."""

_RETRY_AFTER_SECONDS = 5

_SLOW_BYTES = 1024 * 1024
"""Parsing bodies from this size on delays other requests noticeably."""


class RequestBodyReader:
    """`limit` is the largest size of one body in bytes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._room = _LARGEST_AT_ONCE * limit
        self._freed = asyncio.Event()
        self._parsing = asyncio.Lock()

    @asynccontextmanager
    async def of(self, request: web.Request) -> AsyncIterator[bytes]:
        """Reads the body; its memory is reserved until the block ends.

        Raises 413 if it is too large, without reading one that says so beforehand; 415 if it is compressed, which
        the provider's never are; 408 if it does not come in time; 429 if other large ones use up the memory; 400 if
        it ends early.
        """
        async with AsyncExitStack() as stack:
            try:
                async with asyncio.timeout(_BODY_SECONDS):
                    body = await self._read(request, stack)
            except TimeoutError as error:
                raise web.HTTPRequestTimeout(
                    text=f"the body did not arrive within {_BODY_SECONDS:g} seconds"
                ) from error
            except (web.RequestPayloadError, ConnectionError) as error:
                raise web.HTTPBadRequest(text="the body ends early, or its chunks are broken") from error
            yield body

    @asynccontextmanager
    async def parsing(self, body: bytes) -> AsyncIterator[None]:
        """The block that parses a body.

        Parsing blocks the event loop, so large bodies are followed by a pause as long.
        """
        if len(body) < _SLOW_BYTES:
            yield
            return
        async with self._parsing:
            clock = asyncio.get_running_loop().time
            began = clock()
            try:
                yield
            finally:
                await asyncio.sleep(clock() - began)

    async def _read(self, request: web.Request, stack: AsyncExitStack) -> bytes:
        announced = request.content_length
        if announced is not None and announced > self._limit:
            raise web.HTTPRequestEntityTooLarge(self._limit, announced)
        if request.headers.get(hdrs.CONTENT_ENCODING, "identity").strip().lower() != "identity":
            raise web.HTTPUnsupportedMediaType(text="the body is compressed; send it is")
        at_most = self._limit if announced is None else announced
        body = bytearray()
        async for chunk in request.content.iter_any():
            if len(body) <= _SMALL_BYTES < len(body) + len(chunk):
                await stack.enter_async_context(self._room_for(at_most))
            body += chunk
            if len(body) > self._limit:
                raise web.HTTPRequestEntityTooLarge(self._limit, len(body))
        return bytes(body)

    @asynccontextmanager
    async def _room_for(self, size: int) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(_ROOM_SECONDS):
                while self._room < size:
                    self._freed.clear()
                    await self._freed.wait()
        except TimeoutError as error:
            raise web.HTTPTooManyRequests(
                text="too many large deliveries at once; send it again",
                headers={hdrs.RETRY_AFTER: str(_RETRY_AFTER_SECONDS)},
            ) from error
        self._room -= size
        try:
            yield
        finally:
            self._room += size
            self._freed.set()
