"""Reads what the board shows, once for all who look at it."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from temporalio.service import RPCError

from minutekeeper.calendars.messages import CalendarStatus
from minutekeeper.deliveries.endpoint import WebhookEndpoint
from minutekeeper.meetings.collection import DownloadProgress
from minutekeeper.meetings.descriptions import format_utc
from minutekeeper.meetings.ids import calendar_id_from_workflow_id
from minutekeeper.meetings.status import MeetingStatus
from minutekeeper.meetings.views import MeetingView
from minutekeeper.storage.delivery_records import EndpointFailures
from minutekeeper.storage.endpoints import EndpointStore
from minutekeeper.storage.errors import StoreError
from minutekeeper.storage.records import RecordStore
from minutekeeper.storage.store import ArtifactStore
from minutekeeper.temporal.queries import IS_CALENDAR, IS_RUNNING, all_of, quoted
from minutekeeper.temporal.search_attributes import CALENDAR_STATUS
from starter.errors import MeetingError
from starter.temporal_client import TemporalMeetingClient
from web.changes import ChangeFeed
from web.pages.board import Board, BoardSources, EndedMeeting, FailingEndpoint, board_of
from web.pages.booking_details import BookingDetails
from web.pages.ended_meetings import EndedMeetings

logger = logging.getLogger("web")

_FRESH_SECONDS = 1.0
_UNCHANGED_SECONDS = 5.0
"""How long a board is shown while no meeting changes and nothing is being fetched."""
_SURROUNDINGS_SECONDS = 30.0
"""How long calendars and endpoints are taken to be as they were."""
_FIRST_READ_SECONDS = 1.0
"""How long the first board waits for the records of the last days; a later one shows them."""
_MOST_DOWNLOADS = 10
_MOST_CALENDARS = 20


class BoardReading(NamedTuple):
    """The board, and what of it could not be read, in sentences. `is_live`: whether Temporal answers."""

    board: Board
    is_live: bool
    missing: tuple[str, ...]


class BoardReader:
    """Makes the board from the change feed and the records. It queries no workflow.

    Args:
        feed: Knows the meetings that run or are near.
        connected: Returns the client. Raises MeetingError.
        opened_store: Returns the artifact store. Raises StoreError.
    """

    def __init__(
        self,
        feed: ChangeFeed,
        connected: Callable[[], Awaitable[TemporalMeetingClient]],
        opened_store: Callable[[], Awaitable[ArtifactStore]],
    ) -> None:
        self._feed = feed
        self._connected = connected
        self._opened_store = opened_store
        self._ended = EndedMeetings(self._records)
        self._endpoints: EndpointStore | None = None
        self._number = -1
        self._reading: BoardReading | None = None
        self._read_at = self._surroundings_at = float("-inf")
        self._reading_ended: asyncio.Task[list[EndedMeeting]] | None = None
        self._last_ended: list[EndedMeeting] = []
        self._ended_problem = ""
        self._bookings = BookingDetails(connected)
        self._calendars: tuple[str, ...] = ()
        self._failing: tuple[FailingEndpoint, ...] = ()
        self._lock = asyncio.Lock()

    async def read(self) -> BoardReading:
        """The board as it was a moment ago; the same one as before while nothing changes."""
        async with self._lock:
            near = await self._feed.current()
            if self._reading is None or time.monotonic() - self._read_at >= self._lasts_seconds(self._reading):
                self._reading = await self._read(near)
                self._read_at = time.monotonic()
            return self._reading

    def _lasts_seconds(self, reading: BoardReading) -> float:
        is_same = self._feed.number == self._number and (self._feed.live_since is not None) == reading.is_live
        is_moving = any(each.percent is not None for each in reading.board.running) or reading.missing
        return _UNCHANGED_SECONDS if is_same and not is_moving else _FRESH_SECONDS

    async def _read(self, near: Mapping[str, MeetingView]) -> BoardReading:
        views = [each for each in near.values() if not each.status.is_final]
        if self._feed.live_since is not None:
            views = await self._bookings.added_to(views)
        changes = self._feed.since(self._number) if self._number >= 0 else []
        self._number = self._feed.number
        self._ended.note(changes)
        ended = await self._ended_now({each.workflow_id for each in views})
        missing = [self._ended_problem] if self._ended_problem else []
        progress: dict[str, DownloadProgress] = {}
        is_live = self._feed.live_since is not None
        try:
            # While Temporal is away, each try to connect would hold up the board for seconds.
            if is_live:
                client = await self._connected()
                progress = await _progress(client, views)
                await self._look_around(client)
        except (MeetingError, RPCError):
            missing.append("Calendars cannot be looked at, because Temporal does not answer.")
        except StoreError:
            missing.append("Webhook endpoints cannot be read, because the artifact store does not answer.")
        sources = BoardSources(views, ended, progress, self._calendars, self._failing)
        return BoardReading(board_of(sources, datetime.now(UTC)), is_live, tuple(missing))

    async def _ended_now(self, running: Collection[str]) -> list[EndedMeeting]:
        """Those that have ended; as they were last known while the records of many days are being read."""
        if self._reading_ended is None:
            self._reading_ended = asyncio.create_task(self._ended.all(running))
        patience = _FIRST_READ_SECONDS if not self._last_ended else _FRESH_SECONDS / 4
        done, _ = await asyncio.wait({self._reading_ended}, timeout=patience)
        if not done:
            self._ended_problem = "The records of the last days are being read; they appear here in a moment."
            return self._last_ended
        task, self._reading_ended, self._ended_problem = self._reading_ended, None, ""
        try:
            self._last_ended = task.result()
        except StoreError as error:
            logger.warning("The board lacks what has ended: %s", error)
            self._ended_problem = "What has ended is not up to date, because the artifact store does not answer."
        return self._last_ended

    async def _look_around(self, client: TemporalMeetingClient) -> None:
        if time.monotonic() - self._surroundings_at < _SURROUNDINGS_SECONDS:
            return
        query = all_of(IS_CALENDAR, IS_RUNNING, f"{CALENDAR_STATUS.name} = {quoted(CalendarStatus.ERROR.value)}")
        found = client.temporal.list_workflows(query, limit=_MOST_CALENDARS)
        self._calendars = tuple([calendar_id_from_workflow_id(each.id) async for each in found])
        failing = [(each, await self._trouble_of(each)) for each in await self._all_endpoints()]
        # No address of an endpoint, which may have a key of its receiver: the board is for all roles.
        self._failing = tuple(
            FailingEndpoint(each.endpoint_id, each.name or each.endpoint_id, why) for each, why in failing if why
        )
        self._surroundings_at = time.monotonic()

    async def _records(self) -> RecordStore:
        return RecordStore(await self._opened_store())

    async def _trouble_of(self, endpoint: WebhookEndpoint) -> str:
        """What is wrong with an endpoint, as a sentence; empty if nothing is."""
        if not endpoint.is_enabled:
            return f"It is told of nothing: {endpoint.disabled_why}."
        since = await EndpointFailures(await self._opened_store()).failing_since(endpoint.endpoint_id)
        return f"Every delivery has failed since {format_utc(since)}." if since else ""

    async def _all_endpoints(self) -> list[WebhookEndpoint]:
        if self._endpoints is None:
            self._endpoints = EndpointStore(await self._opened_store())
        return await self._endpoints.all()


async def _progress(client: TemporalMeetingClient, views: Collection[MeetingView]) -> dict[str, DownloadProgress]:
    """How far the downloads are: of some, because each of them is asked for by itself."""
    collecting = [each.workflow_id for each in views if each.status is MeetingStatus.COLLECTING][:_MOST_DOWNLOADS]
    found = await asyncio.gather(*map(client.progress, collecting), return_exceptions=True)
    return {
        workflow_id: known
        for workflow_id, known in zip(collecting, found, strict=True)
        if isinstance(known, DownloadProgress)
    }
