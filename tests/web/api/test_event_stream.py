"""Changes as server-sent events: to every reader, again after a break, and no longer than a key is valid."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import pytest
import pytest_asyncio
from temporalio.testing import WorkflowEnvironment

from minutekeeper.meetings.status import MeetingStatus
from starter.temporal_client import TemporalMeetingClient
from tests.starter.fakes import Scene
from tests.starter.support import cli, play, target_of
from tests.web.api.test_meetings import MEETINGS, booking
from tests.web.conftest import Api, running_api

pytestmark = pytest.mark.asyncio(loop_scope="session")

EVENTS = "/api/v1/events"


class Event(NamedTuple):
    name: str
    id: str
    data: Any


class Stream:
    """Reads the events of an answer."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self.answer = answer

    async def next(self) -> Event | None:
        """The next event; None if the stream has ended."""
        fields: dict[str, str] = {}
        async with asyncio.timeout(30):
            while line := (await self.answer.content.readline()).decode():
                name, _, value = line.rstrip("\r\n").partition(": ")
                if name:
                    fields[name] = value
                elif "data" in fields:
                    return Event(fields["event"], fields["id"], json.loads(fields["data"]))
        return None

    async def of(self, meeting: str, status: str) -> Event:
        while True:
            event = await self.next()
            assert event is not None
            if event.name == "meeting" and (event.data["workflow_id"], event.data["status"]) == (meeting, status):
                return event


@asynccontextmanager
async def stream(api: Api, last: str = "", key: str = "") -> AsyncIterator[Stream]:
    headers = {"Authorization": f"Bearer {key or api.keys['read']}"} | ({"Last-Event-ID": last} if last else {})
    async with api.http.get(f"{api.url}{EVENTS}", headers=headers) as answer:
        assert (answer.status, answer.content_type) == (200, "text/event-stream")
        yield Stream(answer)


async def test_readers_are_told_of_changes_and_go_on_where_they_stopped(
    api: Api, environment: WorkflowEnvironment
) -> None:
    client = TemporalMeetingClient(environment.client)
    async with stream(api) as one, stream(api) as other:
        begun = await one.next()
        assert begun is not None
        assert begun.name == "live"
        assert begun.data["live_since"]
        _, _, booked = await api.ask("POST", MEETINGS, booking(0.1, title="Streamed"))
        first, second = [await each.of(booked["workflow_id"], "scheduled") for each in (one, other)]
        assert first == second
        assert first.data["title"] == "Streamed"
    async with stream(api, first.id) as again:
        live = await again.next()
        assert live is not None
        assert live.name == "live"
        await play(client, booked["workflow_id"], Scene(status=MeetingStatus.RECORDING, text="It records."))
        await again.of(booked["workflow_id"], "recording")
    async with stream(api, begun.id) as from_the_beginning:
        assert await from_the_beginning.of(booked["workflow_id"], "scheduled") == first
        await from_the_beginning.of(booked["workflow_id"], "recording")


@pytest.mark.parametrize("last", ["0badcafe0bad-3", "nonsense", "-", "9" * 5000])
async def test_a_reader_whose_place_is_not_known_is_told_to_read_again(api: Api, last: str) -> None:
    async with stream(api, last) as its:
        event = await its.next()
        assert event is not None
        assert event.name == "reset"
        assert "Read the meetings again" in event.data["detail"]


async def test_the_scope_read_is_needed_and_the_key_has_to_stay_valid(api: Api) -> None:
    status, _, problem = await api.ask("GET", EVENTS, scope="book")
    assert (status, problem["code"]) == (403, "scope_missing")


@pytest_asyncio.fixture(loop_scope="session")
async def settings(
    environment: WorkflowEnvironment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    found = {
        "TEMPORAL_ADDRESS": target_of(environment.client),
        "ARTIFACTS_URL": (tmp_path / "store").as_uri(),
        "MINUTEKEEPER_API_KEYS": str(tmp_path / "keys.json"),
    }
    monkeypatch.setenv("MINUTEKEEPER_API_KEYS", found["MINUTEKEEPER_API_KEYS"])
    return found


async def test_streams_end_with_their_key_and_with_the_process(settings: dict[str, str], tmp_path: Path) -> None:
    async with running_api(tmp_path, settings) as api:
        made = await cli("key", "new", "soon-gone", "--scopes", "read", "--json")
        async with stream(api) as stays, stream(api, key=made.json["key"]) as goes:
            for each in (stays, goes):
                assert await each.next() is not None
            assert (await cli("key", "revoke", "soon-gone")).code == 0
            assert await goes.next() is None
            ending = asyncio.create_task(stays.next())
            api.process.terminate()
            assert await ending is None, "the stream does not end as HTTP wants it"
            assert await asyncio.wait_for(api.process.wait(), 20) == 0


async def test_there_are_only_so_many_streams_and_a_place_becomes_free_again(
    settings: dict[str, str], tmp_path: Path
) -> None:
    async with running_api(tmp_path, settings) as api:
        keys = [(await cli("key", "new", f"many-{n}", "--scopes", "read", "--json")).json["key"] for n in range(5)]
        opened = [stream(api, key=key) for key in keys for _ in range(40)]
        await asyncio.gather(*(each.__aenter__() for each in opened))
        status, headers, problem = await api.ask("GET", EVENTS, scope="read")
        assert (status, problem["code"], headers["Retry-After"]) == (429, "too_many_streams", "30")
        for each in opened:
            await each.__aexit__(None, None, None)
        async with asyncio.timeout(20):
            while (await head(api)) == 429:  # noqa: ASYNC110 - only asking tells
                await asyncio.sleep(0.2)


async def head(api: Api) -> int:
    headers = {"Authorization": f"Bearer {api.keys['read']}"}
    async with api.http.get(f"{api.url}{EVENTS}", headers=headers) as answer:
        return answer.status
