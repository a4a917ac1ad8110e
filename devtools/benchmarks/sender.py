"""A sender of webhooks that takes next to no CPU itself, so that what is measured is who receives them."""

import asyncio
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from devtools.benchmarks.deliveries import Delivery
from minutekeeper.providers.meetingbaas.http import API_KEY_HEADER

_Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class RefusedError(Exception):
    """The receiver did not take a delivery."""


class Sender:
    """Connections to one address, kept open and used again; `key` is the account's."""

    def __init__(self, address: str, key: str) -> None:
        parts = urlsplit(address)
        self._host, self._port = str(parts.hostname), int(parts.port or 80)
        self._head = f"Host: {parts.netloc}\r\n{API_KEY_HEADER}: {key}\r\nContent-Type: application/json\r\n"
        self._idle: list[_Connection] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        for _, writer in self._idle:
            writer.close()

    async def post(self, delivery: Delivery) -> None:
        """Raises RefusedError unless it was accepted, and OSError or EOFError if the connection broke."""
        body = delivery.body
        head = f"POST {urlsplit(delivery.url).path} HTTP/1.1\r\n{self._head}Content-Length: {len(body)}\r\n\r\n"
        connection = self._idle.pop() if self._idle else await asyncio.open_connection(self._host, self._port)
        reader, writer = connection
        writer.write(head.encode() + body)
        answer = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = int(answer.partition("content-length:")[2].partition("\r\n")[0])
        await reader.readexactly(length)
        self._idle.append(connection)
        status = answer.split(" ", 2)[1]
        if status != "200":
            raise RefusedError(f"a delivery was answered with {status}")
