from collections.abc import AsyncIterator

import pytest_asyncio

from tests.devtools.simulator.meetingbaas_v2.support import SvixReceiver, V2Sim, running_svix_receiver, running_v2


@pytest_asyncio.fixture
async def svix() -> AsyncIterator[SvixReceiver]:
    async with running_svix_receiver() as receiver:
        yield receiver


@pytest_asyncio.fixture
async def v2(svix: SvixReceiver) -> AsyncIterator[V2Sim]:
    """A fast simulator that reports to the receiver."""
    async with running_v2(account_webhook_url=svix.url) as sim:
        yield sim


@pytest_asyncio.fixture
async def slow() -> AsyncIterator[V2Sim]:
    """One at the pace of life, without an endpoint: bots go on when they are told to."""
    async with running_v2(speed=1) as sim:
        yield sim
