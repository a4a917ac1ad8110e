"""A receiver of events that answers with every kind of nonsense, on loopback."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from standardwebhooks import Webhook

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Received:
    """One request, as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def event_id(self) -> str:
        return self.headers["webhook-id"]

    def verified(self, secret: str) -> Any:
        """The body, checked as receivers are told to. Raises WebhookVerificationError."""
        return Webhook(secret).verify(self.body, self.headers)


def status(code: int, text: str = "", **headers: str) -> Answer:
    """A whole answer."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {code} Whatever", f"Content-Length: {len(text.encode())}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        writer.write(("\r\n".join(lines) + "\r\n\r\n" + text).encode())
        await writer.drain()

    return answer


async def hang(_: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


async def reset(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def garbage(writer: asyncio.StreamWriter) -> None:
    writer.write(b"\x16\x03\x01\x00\xff" + b"no HTTP at all\x00" * 50)
    await writer.drain()


@dataclass
class Flood:
    """An answer of 1 GiB; `sent` is how much of it was taken."""

    code: int
    sent: int = 0

    async def __call__(self, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 {self.code} Whatever\r\nContent-Length: {2**30}\r\n\r\n".encode())
        piece = b"much ado " * 8192
        with contextlib.suppress(ConnectionError):
            while self.sent < 2**30:
                writer.write(piece)
                await writer.drain()
                self.sent += len(piece)


@dataclass
class Receiver:
    """`answers` are given one after the other, the last one for ever."""

    answers: list[Answer] = field(default_factory=lambda: [status(200)])
    received: list[Received] = field(default_factory=list)
    most_at_once: int = 0
    url: str = ""
    _at_once: int = 0

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator["Receiver"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/in?token=s3cret"
        try:
            yield self
        finally:
            server.close()

    async def until(self, count: int, seconds: float = 20) -> list[Received]:
        """What was received, once it is so much."""
        async with asyncio.timeout(seconds):
            while len(self.received) < count:  # noqa: ASYNC110 - what is awaited are requests
                await asyncio.sleep(0.02)
        return self.received

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            first, *lines = head.strip().split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            self.received.append(Received(first.split(" ")[1], headers, body))
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            await answer(writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._at_once -= 1
            writer.close()


def data_of(received: Received) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(received.body)["data"]
    return content
