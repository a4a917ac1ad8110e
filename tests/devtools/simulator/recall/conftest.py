from collections.abc import AsyncIterator

import pytest_asyncio

from tests.devtools.simulator.recall.support import Recall, running
from tests.devtools.simulator.support import Receiver, running_receiver


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with running_receiver() as receiver:
        yield receiver


@pytest_asyncio.fixture
async def recall(receiver: Receiver) -> AsyncIterator[Recall]:
    """A fast Recall.ai that reports to the receiver."""
    async with running(webhook_url=receiver.url) as recall:
        yield recall
