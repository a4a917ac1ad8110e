"""The process of the HTTP API and the pages: `python -m web`."""

from minutekeeper import early_signals  # noqa: F401 - it works by being loaded before all that takes time

# isort: split

import asyncio
import contextlib
import json
import logging
import sys
from collections.abc import Iterable
from functools import partial
from itertools import chain
from pathlib import Path

from aiohttp import web

from bridge.connection_limits import close_idle_connections
from minutekeeper.api_keys import ApiKeyFile
from minutekeeper.config import Settings
from minutekeeper.config_reader import SettingsError, read_settings
from minutekeeper.logs import set_up_logging
from minutekeeper.process import run_and_exit
from minutekeeper.startup_checks import describe_problems
from minutekeeper.stop_signals import stop_event
from minutekeeper.storage.errors import StoreError
from minutekeeper.storage.store import ArtifactStore
from starter.calendars.client import CalendarClient
from starter.temporal_client import TemporalMeetingClient
from starter.transcript_search import TranscriptSearch
from starter.webhook_endpoints import WebhookClient
from web.access.startup import access_problems
from web.api.app import ApiServer
from web.api.calendars import CalendarHandlers
from web.api.files import FileHandlers
from web.api.handlers import MeetingHandlers
from web.api.webhooks import WebhookHandlers
from web.changes import ChangeFeed
from web.pages.access import PageAccess
from web.pages.app import PageServer
from web.pages.board_page import BOARD, BoardPage
from web.pages.board_reader import BoardReader
from web.pages.live import LiveStreams
from web.pages.meeting_acts import MeetingActPages
from web.pages.meeting_list_page import MeetingListPage
from web.pages.meeting_page import MEETING, MeetingPages
from web.pages.meeting_replay import MeetingReplay
from web.pages.route import PageRoute
from web.pages.search_page import SearchPages
from web.server import WebServer
from web.stored_files import StoredFiles

logger = logging.getLogger("web")

_CANCELLING_SECONDS = 0.5
"""How long a stop waits for requests that are being answered."""


class SharedClient:
    """One connection to Temporal, which is made when it is first needed: the process starts without a server."""

    def __init__(self) -> None:
        self._client: TemporalMeetingClient | None = None
        self._lock = asyncio.Lock()

    async def connected(self) -> TemporalMeetingClient:
        """The client. Raises TemporalUnreachableError."""
        async with self._lock:
            if self._client is None:
                self._client = await TemporalMeetingClient.connect()
            return self._client


def main() -> int:
    """Serves until SIGTERM or SIGINT; returns the exit code: 2 if the settings do not allow a start."""
    try:
        settings = read_settings()
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if problems := access_problems(settings):
        sys.stderr.write(describe_problems(problems))
        return 2
    set_up_logging(json=settings.minutekeeper_log_format == "json", level=settings.minutekeeper_log_level)
    try:
        asyncio.run(_serve(settings))
    except OSError as error:
        sys.stderr.write(f"API and pages cannot start: {error}\n")
        return 2
    return 0


async def _serve(settings: Settings) -> None:
    stop = stop_event()
    client = SharedClient()
    meetings = MeetingHandlers(client.connected, settings.wake_up)
    stored = StoredFiles(partial(ArtifactStore, settings.artifacts_url))
    files = FileHandlers(client.connected, stored)
    calendars = CalendarHandlers(partial(CalendarClient.opened, settings))
    webhooks = WebhookHandlers(partial(WebhookClient.from_settings, settings))
    keys = ApiKeyFile(Path(settings.minutekeeper_api_keys))
    search = TranscriptSearch.from_settings(settings)
    feed = ChangeFeed(client.connected)
    api = ApiServer(meetings, files, calendars, webhooks, keys)
    tables = (SearchPages(search).routes(), _meeting_pages(settings, client, feed, stored))
    server = WebServer(api, await _pages(settings, stored, *tables))
    runner = web.AppRunner(server.application(), shutdown_timeout=_CANCELLING_SECONDS)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(calendars.aclose)
        stack.push_async_callback(runner.cleanup)
        await runner.setup()
        site = web.TCPSite(runner, settings.minutekeeper_web_host, settings.minutekeeper_web_port)
        await site.start()
        port = runner.addresses[0][1]
        sys.stdout.write(json.dumps({"web": f"http://{settings.minutekeeper_web_host}:{port}"}) + "\n")
        sys.stdout.flush()
        tasks = (
            asyncio.create_task(close_idle_connections(runner, server.active), name="idle"),
            asyncio.create_task(search.keep_up_to_date(), name="search index"),
            asyncio.create_task(feed.run(), name="changes"),
        )
        await stop.wait()
        for task in tasks:
            task.cancel()


async def _pages(settings: Settings, stored: StoredFiles, *tables: Iterable[PageRoute]) -> PageServer:
    access = PageAccess(settings, stored.opened)
    try:
        origin = await stored.link_origin()
    except StoreError as error:
        logger.warning("Pages can play nothing from the bucket until the next start: %s", error)
        origin = ""
    return PageServer(chain(access.pages.routes(), *tables), access.gate, origin)


def _meeting_pages(
    settings: Settings, client: SharedClient, feed: ChangeFeed, stored: StoredFiles
) -> list[PageRoute]:
    board = BoardPage(BoardReader(feed, client.connected, stored.opened))
    meetings = MeetingListPage(client.connected)
    acts = MeetingActPages(client.connected, settings.wake_up)
    open_calendars = partial(CalendarClient.opened, settings)
    meeting = MeetingPages(client.connected, stored, open_calendars, settings.minutekeeper_temporal_ui_url)
    streams = LiveStreams(feed, {BOARD: board.live, MEETING: meeting.live})
    # The form for a new meeting comes before the pages of meetings, one of which could have its name.
    pages = (board, meetings, acts, meeting, MeetingReplay(client.connected, stored))
    return [*(route for each in pages for route in each.routes()), streams.route()]


if __name__ == "__main__":
    run_and_exit(main)
