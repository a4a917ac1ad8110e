"""What the board costs while nothing happens, and what it tells of endpoints and of a store that is away."""

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer, make_mocked_request
from markupsafe import Markup
from multidict import MultiDict
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment
from yarl import URL

from minutekeeper.deliveries.endpoint import WebhookEndpoint
from minutekeeper.meetings.status import MeetingStatus
from minutekeeper.storage.delivery_records import EndpointFailures
from minutekeeper.storage.endpoints import EndpointStore
from minutekeeper.storage.errors import StoreError
from minutekeeper.storage.records import RecordStore
from minutekeeper.storage.store import ArtifactStore
from minutekeeper.temporal.worker_connection import plugin
from starter.errors import TemporalUnreachableError
from starter.temporal_client import TemporalMeetingClient
from tests.starter.support import an_outcome, target_of
from tests.web.counted_calls import Counted
from tests.web.pages.board_scenes import an_ended_record
from tests.web.pages.played_meetings import booked
from web import changes
from web.access.roles import Role
from web.access.visitor import Visitor
from web.changes import ChangeFeed
from web.pages import board_reader, live
from web.pages.board_page import BOARD, BoardPage
from web.pages.board_reader import BoardReader
from web.pages.live import LivePage, LiveStreams
from web.pages.route import PageRequest

pytestmark = pytest.mark.asyncio(loop_scope="session")

_BOARDS = 50


def _page_request(request: web.Request) -> PageRequest:
    return PageRequest(request, Visitor(name="a", role=Role.LOOK), MultiDict(), "")


class Reading:
    """A board of this process, over a connection that counts."""

    def __init__(self, client: Client, counted: Counted, store: ArtifactStore) -> None:
        self.counted = counted
        self.store = store
        self.is_store_away = self.is_temporal_away = False
        self._meetings = TemporalMeetingClient(client, lambda: None)
        self.feed = ChangeFeed(self._connected)
        self.reader = BoardReader(self.feed, self._connected, self._opened)

    async def _connected(self) -> TemporalMeetingClient:
        if self.is_temporal_away:
            raise TemporalUnreachableError("away")
        return self._meetings

    async def _opened(self) -> ArtifactStore:
        if self.is_store_away:
            raise StoreError("away")
        return self.store


@pytest_asyncio.fixture(loop_scope="session")
async def reading(environment: WorkflowEnvironment, tmp_path: Path) -> AsyncIterator[Reading]:
    counted = Counted()
    client = await Client.connect(target_of(environment.client), plugins=[plugin()], interceptors=[counted])
    reading = Reading(client, counted, ArtifactStore(tmp_path.as_uri()))
    running = asyncio.create_task(reading.feed.run())
    yield reading
    running.cancel()


async def test_fifty_boards_cost_no_query_until_something_happens_and_then_one(
    environment: WorkflowEnvironment, reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "_TICK_SECONDS", 0.2)
    meeting = await booked(environment, 45)
    await meeting.play(status=MeetingStatus.JOINING, leaves_attribute=True)
    streams = LiveStreams(reading.feed, {BOARD: BoardPage(reading.reader).live})
    async with (
        served(streams) as url,
        aiohttp.ClientSession() as http,
        contextlib.AsyncExitStack() as stack,
    ):
        opened = [await stack.enter_async_context(http.get(url)) for _ in range(_BOARDS)]
        for each in opened:
            await _told(each, meeting.title, "Joining")
        before = Counter(reading.counted.queries)
        beats = [await _next(each) for each in opened for _ in range(2)]
        assert beats == [{}] * len(beats), "nothing has changed"
        assert reading.counted.queries == before
        await meeting.play(status=MeetingStatus.RECORDING, text="The bot is recording.")
        for each in opened:
            await _told(each, meeting.title, "Recording")
        assert reading.counted.queries - before == {meeting.workflow_id: 1}
    await meeting.play(outcome=an_outcome(meeting.workflow_id, MeetingStatus.CANCELLED))


async def test_a_page_that_cannot_be_read_ends_its_stream_and_leaves_no_error(
    reading: Reading, caplog: pytest.LogCaptureFixture
) -> None:
    async def away() -> dict[str, Markup]:
        raise StoreError("away")

    streams = LiveStreams(reading.feed, {BOARD: lambda _, __: LivePage(away, lambda _: True)})
    async with served(streams) as url, aiohttp.ClientSession() as http, http.get(url) as response:
        assert response.status == 200
        assert await response.read() == b""
    assert not [each for each in caplog.records if each.levelname == "ERROR"]


async def test_endpoints_that_fail_or_are_disabled_need_a_hand(reading: Reading) -> None:
    endpoints, now = EndpointStore(reading.store), datetime.now(UTC)
    for name, why in (("held", "an admin disabled it"), ("broken", ""), ("good", "")):
        url = f"https://{name}.example/?key=of-the-receiver"
        await endpoints.put(WebhookEndpoint(endpoint_id=name, url=url, created_at=now, disabled_why=why))
    await EndpointFailures(reading.store).note_failure("broken", now)
    board = (await reading.reader.read()).board
    chores = board.chores
    told = {each.name: each.what for each in chores if each.path == "/webhooks"}
    assert set(told) == {"held", "broken"}
    assert told["held"] == "It is told of nothing: an admin disabled it."
    assert told["broken"].startswith("Every delivery has failed since 20")
    assert "of-the-receiver" not in repr(board)


async def test_a_store_that_is_away_is_told_beside_what_is_known(
    environment: WorkflowEnvironment, reading: Reading
) -> None:
    meeting = await booked(environment, 35)
    reading.is_store_away = True
    found = await reading.reader.read()
    assert found.is_live
    assert meeting.workflow_id in {each.meeting.workflow_id for each in found.board.coming}
    assert found.missing == (
        "What has ended is not up to date, because the artifact store does not answer.",
        "Webhook endpoints cannot be read, because the artifact store does not answer.",
    )
    await meeting.play(outcome=an_outcome(meeting.workflow_id, MeetingStatus.CANCELLED))


async def test_while_temporal_is_away_the_board_shows_what_was_known_and_what_has_ended(
    environment: WorkflowEnvironment, reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board_reader, "_UNCHANGED_SECONDS", 0)
    monkeypatch.setattr(board_reader, "_FRESH_SECONDS", 0)
    monkeypatch.setattr(changes, "_BETWEEN_LOOKS_SECONDS", 0)
    meeting = await booked(environment, 38)
    await RecordStore(reading.store).write(an_ended_record("kept", now=datetime.now(UTC)))
    assert (await reading.reader.read()).is_live
    reading.is_temporal_away = True
    found = await reading.reader.read()
    assert (found.is_live, found.missing) == (False, ())
    assert meeting.workflow_id in {each.meeting.workflow_id for each in found.board.coming}
    assert [each.meeting_id for each in found.board.done] == ["kept"]
    page = await BoardPage(reading.reader).live(_page_request(make_mocked_request("GET", "/")), "").fragments()
    assert "Temporal does not answer." in page["state"]
    await meeting.play(outcome=an_outcome(meeting.workflow_id, MeetingStatus.CANCELLED))


@contextlib.asynccontextmanager
async def served(streams: LiveStreams) -> AsyncIterator[URL]:
    """The address of the stream of a board."""

    async def stream(request: web.Request) -> web.StreamResponse:
        return await streams.stream(_page_request(request))

    app = web.Application()
    app.router.add_get("/live", stream)
    async with TestServer(app) as server:
        yield server.make_url("/live").with_query(page=BOARD)


async def _next(response: aiohttp.ClientResponse) -> dict[str, str]:
    """The fragments of the next message."""
    async with asyncio.timeout(20):
        async for line in response.content:
            if line.startswith(b"data: "):
                fragments: dict[str, str] = json.loads(line.removeprefix(b"data: "))
                return fragments
    raise AssertionError("the stream has ended")


async def _told(response: aiohttp.ClientResponse, title: str, word: str) -> None:
    """Returns once a message has told that the meeting is so."""
    while True:
        running = (await _next(response)).get("running", "")
        if title in running and word in running.partition(title)[2].partition("</li>")[0]:
            return
