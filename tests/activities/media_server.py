"""A server of recordings on loopback that can be told to misbehave, and that keeps a log of its own."""

import asyncio
import hashlib
import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from aiohttp import web

BLOCK = 64 * 1024


@dataclass(kw_only=True)
class Fault:
    """What one request meets.

    `status` and `body` are an answer instead of the file. `cut_after` ends the connection after so many bytes,
    `only` sends so many and ends in good order, `extra` sends bytes beyond the announced end. `wait_after` holds
    the file back after so many bytes until the server is closed, `trickle` for so many seconds after each block.
    `location` is where the request is redirected. `pretend` serves a file of so many bytes as if that were all.
    """

    status: int = 200
    body: bytes | None = None
    content_type: str = "application/xml"
    cut_after: int | None = None
    only: int | None = None
    extra: bytes = b""
    wait_after: int | None = None
    trickle: float = 0
    location: str = ""
    pretend: int | None = None
    before: Callable[[], None] = lambda: None


@dataclass
class Request:
    """One line of the log: the first byte asked for (None without a range) and the bytes sent."""

    start: int | None
    if_range: str
    raw_path: str
    sent: int = 0


class MediaServer:
    """Serves `size` bytes that begin with `head` and repeat a block, so that large files need no memory.

    `check` answers those who ask for the first byte alone; `received` says how many bytes were taken in.
    """

    def __init__(self) -> None:
        self.head = b"\0\0\0\x20ftypisom"
        self.block = bytes(range(256)) * (BLOCK // 256)
        self.size = 10 * BLOCK
        self.etag = '"v1"'
        self.content_type = "video/mp4"
        self.headers: dict[str, str] = {}
        self.has_ranges = True
        self.says_length = True
        self.tokens = {"t0"}
        self.faults: deque[Fault] = deque()
        self.check: Callable[[], web.Response] | None = None
        self.log: list[Request] = []
        self.measured = 0
        self.received: Callable[[], int] = lambda: 0
        self.reached = asyncio.Event()
        self.closing = asyncio.Event()
        self.url = ""

    def link(self, signature: str = "t0") -> str:
        return f"{self.url}/r%2Fec~%7Eording.mp4?X-Amz-Credential=AK%2F1&sig={signature}%3D"

    def serve(self, content: bytes) -> None:
        """Serves this content instead."""
        self.size = len(content)
        self.slices = lambda start, end: iter([content[start:end]])  # type: ignore[method-assign]  # for one test

    def slices(self, start: int, end: int) -> Iterator[bytes]:
        while start < end:
            block = self.block if start >= BLOCK else self.head + self.block[len(self.head) :]
            part = block[start % BLOCK : min(BLOCK, start % BLOCK + end - start)]
            yield part
            start += len(part)

    @property
    def content(self) -> bytes:
        return b"".join(self.slices(0, self.size))

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def sent(self) -> int:
        return sum(request.sent for request in self.log)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.headers.get("Range") == "bytes=0-0":
            return self._measure(request)
        span = re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", ""))
        line = Request(int(span[1]) if span else None, request.headers.get("If-Range", ""), request.raw_path)
        self.log.append(line)
        fault = self.faults.popleft() if self.faults else Fault()
        fault.before()
        if fault.location:
            return web.Response(status=302, headers={"Location": fault.location})
        token = request.query.get("sig", "").rstrip("=")
        if token not in self.tokens:
            return web.Response(
                status=403, text=f"<Error><Token>{token}</Token></Error>", content_type="application/xml"
            )
        if fault.body is not None or fault.status != 200:
            headers = {"Content-Type": fault.content_type} | self.headers
            return web.Response(status=fault.status, body=fault.body, headers=headers)
        return await self._serve(request, line, fault)

    def _measure(self, request: web.BaseRequest) -> web.Response:
        """The first byte alone, for a caller who wants to know the size; such requests are not in the log."""
        self.measured += 1
        if self.check is not None:
            return self.check()
        if request.query.get("sig", "").rstrip("=") not in self.tokens:
            return web.Response(status=403)
        if not self.has_ranges:
            return web.Response(body=self.content, content_type=self.content_type)
        total = self.size if self.says_length else "*"
        headers = {"Content-Range": f"bytes 0-0/{total}", "Content-Type": self.content_type}
        return web.Response(status=206, body=self.head[:1], headers=headers)

    async def _serve(self, request: web.BaseRequest, line: Request, fault: Fault) -> web.StreamResponse:
        start = line.start if self.has_ranges and line.start is not None else 0
        if line.if_range and line.if_range != self.etag:
            start = 0
        size = self.size if fault.pretend is None else fault.pretend
        if start >= size > 0:
            return web.Response(status=416)
        end = size if fault.only is None else min(self.size, start + fault.only)
        headers = {"Content-Type": self.content_type}
        if self.etag:
            headers["ETag"] = self.etag
        is_part = bool(start) or fault.only is not None
        if is_part:
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{self.size}"
        response = web.StreamResponse(status=206 if is_part else 200, headers=headers | self.headers)
        if self.says_length and not fault.extra:
            response.content_length = end - start
        else:
            response.enable_chunked_encoding()
        await response.prepare(request)
        for part in self.slices(start, end):
            await self._send(request, response, line, fault, part)
        await response.write(fault.extra)
        await response.write_eof()
        return response

    async def _send(
        self, request: web.BaseRequest, response: web.StreamResponse, line: Request, fault: Fault, part: bytes
    ) -> None:
        limit = fault.cut_after if fault.cut_after is not None else fault.wait_after
        if limit is not None and line.sent + len(part) > limit:
            await response.write(part[: limit - line.sent])
            line.sent = limit
            await self._wait_for_reader(request, response, limit)
            if fault.wait_after is not None:
                self.reached.set()
                await self.closing.wait()
            if request.transport is not None:
                request.transport.close()
            raise web.HTTPInternalServerError
        line.sent += len(part)
        await response.write(part)
        await asyncio.sleep(fault.trickle)

    async def _wait_for_reader(self, request: web.BaseRequest, response: web.StreamResponse, sent: int) -> None:
        """A cut takes away what is still on its way, as it does in life; here it shall cost nothing."""
        position = response.headers.get("Content-Range", "bytes 0-").removeprefix("bytes ").partition("-")[0]
        for _ in range(2000):
            is_gone = request.transport is None or request.transport.is_closing()
            if is_gone or self.received() >= int(position) + sent:
                return
            await asyncio.sleep(0.005)
