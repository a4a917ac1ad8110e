from collections.abc import AsyncIterator

import pytest

from minutekeeper.providers.meetingbaas_v2.client import MeetingBaasV2Client
from minutekeeper.providers.meetingbaas_v2.provider import MeetingBaasV2Provider
from tests.providers.conftest import KEY, SECRET
from tests.providers.meetingbaas_v2.bodies import WEBHOOK_SECRET
from tests.providers.response_server import ToldServer


@pytest.fixture
async def v2_client(server: ToldServer) -> AsyncIterator[MeetingBaasV2Client]:
    client = MeetingBaasV2Client(server.url, KEY, send_timeout=5)
    yield client
    await client.aclose()


@pytest.fixture
def v2(v2_client: MeetingBaasV2Client) -> MeetingBaasV2Provider:
    return MeetingBaasV2Provider(v2_client, webhook_secrets=[WEBHOOK_SECRET], signing_secrets=[SECRET, "before"])
