"""An HTTP server that answers as it is told, and remembers what it was asked."""

import asyncio
import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass(frozen=True)
class Answer:
    """`body` is JSON unless it is bytes. `cut` ends the connection instead; `stall` never answers."""

    body: Any = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False
    stall: bool = False

    @property
    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    connection: int
    """The port at the caller's end: the same for requests on one connection."""


@dataclass
class ToldServer:
    """Gives `answers` in order, then `always`."""

    url: str = ""
    answers: deque[Answer] = field(default_factory=deque)
    always: Answer = field(default_factory=Answer)
    asked: list[Asked] = field(default_factory=list)
    closing: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, *answers: Answer) -> None:
        self.answers.extend(answers)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        assert request.transport is not None
        text = await request.text()
        self.asked.append(
            Asked(
                method=request.method,
                path=request.path,
                query=dict(request.query),
                headers={name.lower(): value for name, value in request.headers.items()},
                body=json.loads(text) if text else None,
                connection=request.transport.get_extra_info("peername")[1],
            )
        )
        answer = self.answers.popleft() if self.answers else self.always
        if answer.stall:
            await self.closing.wait()
        if answer.cut:
            request.transport.close()
        return web.Response(status=answer.status, body=answer.content, headers=answer.headers)
