from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from minutekeeper.providers.meetingbaas.calendars import MeetingBaasCalendars
from minutekeeper.providers.meetingbaas.client import MeetingBaasClient
from minutekeeper.providers.meetingbaas.provider import MeetingBaasProvider
from minutekeeper.providers.meetingbaas.request_models import SpeechToText
from tests.providers.response_server import ToldServer

KEY = "mb-key-0123456789abcdef"
SECRET = "a-secret-of-the-tests-with-enough-letters"


@pytest.fixture
def api_key() -> str:
    return KEY


@pytest.fixture
async def server() -> AsyncIterator[ToldServer]:
    told = ToldServer()
    runner = web.ServerRunner(web.Server(told.handle), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=512)
    await site.start()
    told.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield told
    told.closing.set()
    await runner.cleanup()


@pytest.fixture
async def client(server: ToldServer, api_key: str) -> AsyncIterator[MeetingBaasClient]:
    client = MeetingBaasClient(server.url, api_key, send_timeout=5)
    yield client
    await client.aclose()


@pytest.fixture
async def calendars(server: ToldServer, api_key: str) -> AsyncIterator[MeetingBaasCalendars]:
    transcriber = SpeechToText(provider="Gladia", api_key="k-1")
    calendars = MeetingBaasCalendars(server.url, api_key, speech_to_text=transcriber, signing_secrets=[SECRET])
    yield calendars
    await calendars.aclose()


@pytest.fixture
def provider(client: MeetingBaasClient, api_key: str) -> MeetingBaasProvider:
    return MeetingBaasProvider(client, webhook_keys=[api_key, "the-key-before"], signing_secrets=[SECRET])
