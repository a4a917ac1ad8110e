from collections.abc import AsyncIterator

import pytest

from minutekeeper.providers.recall.provider import RecallProvider
from tests.providers.recall.support import KEY, WEBHOOK_SECRET, open_provider
from tests.providers.response_server import ToldServer


@pytest.fixture
def api_key() -> str:
    return KEY


@pytest.fixture
async def recall(server: ToldServer) -> AsyncIterator[RecallProvider]:
    provider = open_provider(server.url, webhook_secret=WEBHOOK_SECRET)
    yield provider
    await provider.aclose()
