"""Keeps pages up to date: one stream a page, over which its fragments come whenever they differ."""

import asyncio
import hashlib
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import NamedTuple

from aiohttp import hdrs, web
from aiohttp_sse import EventSourceResponse
from markupsafe import Markup

from minutekeeper.storage.errors import StoreError
from starter.errors import MeetingError
from web.access.roles import Role
from web.changes import ChangeFeed, ChangeQueue, MeetingChange, SlowReaderError
from web.pages.route import PageRequest, PageRoute

LIVE_PATH = "/live"

_TICK_SECONDS = 5.0
"""How long a stream waits for a change before it looks whether time alone has changed something."""
_TICKS_A_BEAT = 3
"""The browser takes a stream without a beat for broken."""
_GATHERING_SECONDS = 0.15
"""Changes that come together are shown together."""
_DIGITS = 16
_COUNTED_BY_SCRIPT = re.compile(r'(data-form="(?:since|until)">)[^<]*')


class LivePage(NamedTuple):
    """What a page has that may change.

    `fragments` makes all of them by the ids of their elements; `concerns` tells whether a change of a meeting can
    change any of them. `is_timed` if they also change with time alone, so that they are made every few seconds.
    """

    fragments: Callable[[], Awaitable[Mapping[str, Markup]]]
    concerns: Callable[[MeetingChange], bool]
    is_timed: bool = False


LivePageMaker = Callable[[PageRequest, str], LivePage]
"""Makes the live side of a page for a visitor; the text says of what the page is, such as the id of a meeting."""


def live_element(name: str, html: Markup) -> Markup:
    """A fragment in the element that is swapped as a whole."""
    return Markup('<div class="fragment" id="{}" data-version="{}">{}</div>').format(name, _version(html), html)


def live_elements(fragments: Mapping[str, Markup]) -> dict[str, Markup]:
    return {name: live_element(name, html) for name, html in fragments.items()}


class LiveStreams:
    """Serves the streams of all kinds of pages; `/live?page=meeting:ID` is that of one of the kind `meeting`."""

    def __init__(self, feed: ChangeFeed, makers: Mapping[str, LivePageMaker]) -> None:
        self._feed = feed
        self._makers = makers

    def route(self) -> PageRoute:
        return PageRoute(hdrs.METH_GET, LIVE_PATH, self.stream, Role.LOOK, is_stream=True)

    async def stream(self, request: PageRequest) -> web.StreamResponse:
        """Sends at first whatever differs from what the page says that it has, and then each change."""
        kind, _, subject = request.http.query.get("page", "").partition(":")
        if kind not in self._makers:
            raise web.HTTPNotFound
        page = self._makers[kind](request, subject)
        known = dict(each.split(":", 1) for each in request.http.query.get("have", "").split(",") if ":" in each)
        response = EventSourceResponse()
        with self._feed.subscribed() as changes:
            await response.prepare(request.http)
            async with response:
                # What cannot be read now ends the stream; the page says that it is not live, and asks again.
                with suppress(ConnectionResetError, SlowReaderError, MeetingError, StoreError):
                    await self._send_all(response, page, changes, known)
        return response

    async def _send_all(
        self, response: EventSourceResponse, page: LivePage, changes: ChangeQueue, known: dict[str, str]
    ) -> None:
        is_due, silent_ticks = True, _TICKS_A_BEAT
        while response.is_connected():
            fragments = await page.fragments() if is_due else {}
            news = {name: html for name, html in fragments.items() if known.get(name) != _version(html)}
            silent_ticks = 0 if news else silent_ticks + 1
            if news or silent_ticks >= _TICKS_A_BEAT:
                await response.send(json.dumps({name: live_element(name, html) for name, html in news.items()}))
                silent_ticks = 0
            known |= {name: _version(html) for name, html in news.items()}
            is_due = await _is_changed(changes, page) or page.is_timed


async def _is_changed(changes: ChangeQueue, page: LivePage) -> bool:
    """Waits for a change that concerns the page, but not longer than a tick; whether there was one."""
    try:
        async with asyncio.timeout(_TICK_SECONDS):
            while not page.concerns(await changes.get()):
                pass
    except TimeoutError:
        return False
    await asyncio.sleep(_GATHERING_SECONDS)
    while not changes.empty():
        await changes.get()
    return True


def _version(html: Markup) -> str:
    """What tells one content of a fragment from another; durations that the script counts are no difference."""
    return hashlib.sha256(_COUNTED_BY_SCRIPT.sub(r"\1", html).encode()).hexdigest()[:_DIGITS]
