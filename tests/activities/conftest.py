import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from activities import heartbeats
from minutekeeper.downloads.url_policy import UrlPolicy, create_checked_session
from minutekeeper.storage.store import ArtifactStore
from tests.activities.fetcher import Fetcher
from tests.activities.media_server import MediaServer
from tests.activities.recording_runner import RecordingRunner, desk_of
from tests.storage.s3_server import S3Server

LOOPBACK = UrlPolicy(hosts=("127.0.0.1:*",), private_addresses=True)


@pytest.fixture
async def media_server() -> AsyncIterator[MediaServer]:
    server = MediaServer()
    runner = web.ServerRunner(web.Server(server.handle, access_log=None), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield server
    server.closing.set()
    await runner.cleanup()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with create_checked_session(4, LOOPBACK) as session:
        yield session


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(f"file://{tmp_path}")


@pytest.fixture
async def desk(
    media_server: MediaServer, store: ArtifactStore, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[RecordingRunner]:
    """Heartbeats come fast, and no work may go on when the test is over."""
    monkeypatch.setattr(heartbeats, "_HEARTBEAT_SECONDS", 0.01)
    yield desk_of(media_server, store, session)
    others = asyncio.all_tasks() - {asyncio.current_task()}
    assert not [task for task in others if "with_heartbeats" in repr(task) or "_bring_home" in repr(task)]


@pytest.fixture
def fetcher(media_server: MediaServer, store: ArtifactStore, session: aiohttp.ClientSession) -> Fetcher:
    return Fetcher(media_server, store, session)


@pytest.fixture
async def bucket(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[S3Server]:
    server = S3Server()
    await server.start()
    for name, value in {
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "eu-central-1",
        "AWS_ENDPOINT_URL": server.url,
    }.items():
        monkeypatch.setenv(name, value)
    yield server
    await server.stop()
