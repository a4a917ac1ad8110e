"""A relay in front of the media store that counts what it hands out, at a rate that no receiver falls behind."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from devtools.stack.ports import HOST

_CHUNK = 64 * 1024


@dataclass
class Relay:
    """`port` is where it listens; `handed_out` counts the bytes of answers, of all connections."""

    target: str
    bytes_a_second: float
    port: int = 0
    handed_out: int = 0
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        server = await asyncio.start_server(self._accept, HOST, self.port)
        try:
            yield
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        parts = urlsplit(self.target)
        there, here = await asyncio.open_connection(parts.hostname, parts.port)
        asking = asyncio.create_task(_pass_on(reader, here))
        try:
            while chunk := await there.read(_CHUNK):
                writer.write(chunk)
                await writer.drain()
                self.handed_out += len(chunk)
                await asyncio.sleep(len(chunk) / self.bytes_a_second)
        except (ConnectionError, asyncio.CancelledError):
            # Streams of Python 3.11 print a traceback of a cancelled handler; nothing follows here anyway.
            return
        finally:
            asking.cancel()
            for each in (writer, here):
                each.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()
