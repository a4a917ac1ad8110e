"""The process of the HTTP API and the pages: `python -m web`."""

from minutekeeper import early_signals  # noqa: F401 - it works by being loaded before all that takes time

# isort: split

import asyncio
import contextlib
import json
import logging
import sys
from collections.abc import Iterable
from functools import cache, partial
from itertools import chain
from pathlib import Path

from aiohttp import web
from prometheus_client import CollectorRegistry

from bridge.connection_limits import close_idle_connections
from minutekeeper.api_keys import ApiKeyFile
from minutekeeper.config import Settings, socket_address
from minutekeeper.config_reader import SettingsError, read_settings
from minutekeeper.logs import set_up_logging
from minutekeeper.metrics_page import served_metrics
from minutekeeper.process import run_and_exit
from minutekeeper.startup_checks import describe_problems
from minutekeeper.stop_signals import stop_event
from minutekeeper.storage.errors import StoreError
from minutekeeper.storage.store import ArtifactStore
from starter.calendars.client import CalendarClient
from starter.transcript_search import TranscriptSearch
from starter.webhook_endpoints import WebhookClient
from web.access.startup import access_problems
from web.api.app import ApiServer
from web.api.calendars import CalendarHandlers
from web.api.event_stream import EventHandlers
from web.api.files import FileHandlers
from web.api.handlers import MeetingHandlers
from web.api.routes import ApiHandlers
from web.api.webhooks import WebhookHandlers
from web.changes import ChangeFeed
from web.pages.access import PageAccess
from web.pages.app import PageServer
from web.pages.board_page import BOARD, BoardPage
from web.pages.board_reader import BoardReader
from web.pages.calendar_decisions import CalendarDecisions
from web.pages.calendar_event_page import CalendarEventPages
from web.pages.calendar_pages import CalendarPages
from web.pages.calendar_policy_page import CalendarPolicyPages
from web.pages.live import LiveStreams
from web.pages.meeting_acts import MeetingActPages
from web.pages.meeting_list_page import MeetingListPage
from web.pages.meeting_page import MEETING, MeetingPages
from web.pages.meeting_replay import MeetingReplay
from web.pages.route import PageRoute
from web.pages.search_page import SearchPages
from web.pages.webhook_acts import WebhookActPages
from web.pages.webhook_forms import WebhookForms
from web.pages.webhook_pages import OpenWebhooks, WebhookPages
from web.request_metrics import RequestMetrics
from web.server import WebServer
from web.shared_calendars import SharedCalendars
from web.shared_client import SharedClient
from web.stored_files import StoredFiles

logger = logging.getLogger("web")

_CANCELLING_SECONDS = 0.5
"""How long a stop waits for requests that are being answered."""


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
    stored = StoredFiles(partial(ArtifactStore, settings.artifacts_url), settings.minutekeeper_web_files)
    shared = SharedCalendars(partial(CalendarClient.opened, settings))
    feed = ChangeFeed(client.connected)
    open_webhooks = cache(partial(WebhookClient.from_settings, settings, client.connected))
    handlers = ApiHandlers(
        meetings=MeetingHandlers(client.connected, settings.wake_up),
        files=FileHandlers(client.connected, stored),
        calendars=CalendarHandlers(shared.connected),
        webhooks=WebhookHandlers(open_webhooks),
        events=EventHandlers(feed),
    )
    registry = CollectorRegistry()
    api = ApiServer(handlers, ApiKeyFile(Path(settings.minutekeeper_api_keys)))
    search = TranscriptSearch.from_settings(settings)
    tables = (
        SearchPages(search).routes(),
        _calendar_pages(settings, shared),
        _webhook_pages(open_webhooks, stored),
        _meeting_pages(settings, client, feed, stored, CalendarDecisions(shared.connected)),
    )
    server = WebServer(api, await _pages(settings, stored, *tables), RequestMetrics(registry))
    runner = web.AppRunner(server.application(), shutdown_timeout=_CANCELLING_SECONDS)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(shared.aclose)
        stack.push_async_callback(runner.cleanup)
        await runner.setup()
        site = web.TCPSite(runner, settings.minutekeeper_web_host, settings.minutekeeper_web_port)
        await site.start()
        serving = {"web": f"http://{settings.minutekeeper_web_host}:{runner.addresses[0][1]}"}
        if settings.minutekeeper_web_metrics_address:
            address = socket_address(settings.minutekeeper_web_metrics_address)
            metrics = await stack.enter_async_context(served_metrics(registry, *address, logger))
            serving["metrics"] = f"{metrics.name}/metrics"
        sys.stdout.write(json.dumps(serving) + "\n")
        sys.stdout.flush()
        tasks = (
            asyncio.create_task(close_idle_connections(runner, server.active), name="idle"),
            asyncio.create_task(feed.run(), name="changes"),
            asyncio.create_task(client.watch(), name="checks of Temporal"),
            asyncio.create_task(search.keep_up_to_date(), name="search index"),
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
    settings: Settings, client: SharedClient, feed: ChangeFeed, stored: StoredFiles, decisions: CalendarDecisions
) -> list[PageRoute]:
    board = BoardPage(BoardReader(feed, client.connected, stored.opened))
    meetings = MeetingListPage(client.connected)
    acts = MeetingActPages(client.connected, settings.wake_up)
    meeting = MeetingPages(client.connected, stored, decisions, settings.minutekeeper_temporal_ui_url)
    streams = LiveStreams(feed, {BOARD: board.live, MEETING: meeting.live})
    # The form for a new meeting comes before the pages of meetings, one of which could have its name.
    pages = (board, meetings, acts, meeting, MeetingReplay(client.connected, stored))
    return [*(route for each in pages for route in each.routes()), streams.route()]


def _calendar_pages(settings: Settings, shared: SharedCalendars) -> list[PageRoute]:
    connected = shared.connected
    pages = (
        CalendarPages(connected),
        CalendarEventPages(connected),
        CalendarPolicyPages(connected, settings.limits),
    )
    return [route for each in pages for route in each.routes()]


def _webhook_pages(client: OpenWebhooks, stored: StoredFiles) -> list[PageRoute]:
    # The form for a new endpoint comes before the pages of endpoints, because `new` could be the name of one.
    pages = (WebhookForms(client), WebhookPages(client, stored.opened), WebhookActPages(client))
    return [route for each in pages for route in each.routes()]


if __name__ == "__main__":
    run_and_exit(main)
