"""`GET /api/v1/events`: changes of meetings as server-sent events."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress

from aiohttp import web
from aiohttp_sse import EventSourceResponse, sse_response

from web.api.handlers import ApiRequest
from web.api.problems import ProblemCode, ProblemError
from web.changes import ChangeFeed, ChangeQueue, MeetingChange, SlowReaderError

_MOST_STREAMS = 200
_RETRY_SECONDS = 30
_COMMENT_SECONDS = 15.0
_SEND_SECONDS = 20.0
_CHECK_SECONDS = 1.0
"""How often a stream looks whether its caller is still there and still has a valid key."""
_LONGEST_ID = 40

_RESET = "Changes may have been missed. Read the meetings again."


class EventHandlers:
    """The streams of one process, which are all fed by one look for changes."""

    def __init__(self, feed: ChangeFeed) -> None:
        self._feed = feed
        self._streams = 0
        self._closing = asyncio.Event()

    async def stream(self, request: ApiRequest) -> web.StreamResponse:
        """Sends changes until the caller goes, reads too slowly, loses its key, or this process stops."""
        if self._streams >= _MOST_STREAMS:
            text = f"{_MOST_STREAMS} streams are open already."
            raise ProblemError(ProblemCode.TOO_MANY_STREAMS, text, retry_after=_RETRY_SECONDS)
        http = request.http
        self._streams += 1
        try:
            with self._feed.subscribed() as queue:
                await self._feed.current()
                # Known before the answer begins, so that all that happens afterwards is told.
                number, missed = self._feed.number, self._missed(http.headers.get("Last-Event-ID", ""))
                async with sse_response(
                    http, ping_interval=_COMMENT_SECONDS, send_timeout=_SEND_SECONDS
                ) as response:
                    with suppress(ConnectionResetError, TimeoutError, SlowReaderError):
                        await self._begin(request, number, missed, response)
                        await self._send(request, number, queue, response)
            return response
        finally:
            self._streams -= 1

    def close(self) -> None:
        """Ends all streams."""
        self._closing.set()

    async def _send(
        self, request: ApiRequest, sent: int, queue: ChangeQueue, response: EventSourceResponse
    ) -> None:
        """Sends what comes after the change with the number `sent`."""
        was_live = self._feed.live_since is not None
        async with aclosing(self._changes(request, queue, response)) as changes:
            async for change in changes:
                is_live = self._feed.live_since is not None
                if is_live != was_live:
                    was_live = is_live
                    await self._say("live" if is_live else "away", sent, response)
                if change is not None and change.number > sent:
                    sent = change.number
                    await self._tell(change, response)

    async def _begin(
        self, request: ApiRequest, number: int, missed: list[MeetingChange] | None, response: EventSourceResponse
    ) -> None:
        """Says whether changes are seen, and sends again what the caller missed."""
        if missed is None and "Last-Event-ID" in request.http.headers:
            await self._say("reset", number, response, _RESET)
        await self._say("away" if self._feed.live_since is None else "live", number, response)
        for change in missed or ():
            await self._tell(change, response)

    def _missed(self, last: str) -> list[MeetingChange] | None:
        """The changes after an event; None if they are not known any more, or by another process."""
        feed, _, number = last.partition("-")
        if feed != self._feed.name or not number.isdecimal() or len(last) > _LONGEST_ID:
            return None
        return self._feed.since(int(number))

    async def _changes(
        self, request: ApiRequest, queue: ChangeQueue, response: EventSourceResponse
    ) -> AsyncGenerator[MeetingChange | None]:
        """The changes as they come, and None from time to time, until the stream has to end."""
        closing = asyncio.create_task(self._closing.wait())
        following = asyncio.create_task(queue.get())
        try:
            while response.is_connected() and request.http.transport is not None and request.is_admitted():
                await asyncio.wait(
                    {closing, following}, timeout=_CHECK_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
                if closing.done():
                    return
                if following.done():
                    change = following.result()
                    following = asyncio.create_task(queue.get())
                    yield change
                else:
                    yield None
        finally:
            closing.cancel()
            following.cancel()

    async def _tell(self, change: MeetingChange, response: EventSourceResponse) -> None:
        name = f"{self._feed.name}-{change.number}"
        await response.send(change.summary.model_dump_json(by_alias=True), id=name, event="meeting")

    async def _say(self, event: str, number: int, response: EventSourceResponse, detail: str = "") -> None:
        """Sends an event about the stream itself; it has the number of the last change, to go on from there."""
        content = {"live_since": self._feed.live_since.isoformat() if self._feed.live_since else None}
        data = json.dumps(content | ({"detail": detail} if detail else {}))
        await response.send(data, id=f"{self._feed.name}-{number}", event=event)
