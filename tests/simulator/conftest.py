from collections.abc import AsyncIterator

import pytest_asyncio

from tests.simulator.support import Receiver, Sim, running_receiver, running_sim


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with running_receiver() as receiver:
        yield receiver


@pytest_asyncio.fixture
async def sim(receiver: Receiver) -> AsyncIterator[Sim]:
    """A fast simulator whose account sends its webhooks to the receiver."""
    async with running_sim(account_webhook_url=receiver.url) as sim:
        yield sim
