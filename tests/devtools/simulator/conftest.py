from collections.abc import AsyncIterator

import pytest_asyncio

from tests.devtools.simulator.support import Receiver, Sim, running_receiver, running_sim


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with running_receiver() as receiver:
        yield receiver


@pytest_asyncio.fixture
async def sim(receiver: Receiver) -> AsyncIterator[Sim]:
    """A fast simulator that reports to the receiver, and whose reserved bots wait for `Sim.arrive`."""
    async with running_sim(account_webhook_url=receiver.url, reserved_lead=10**9) as sim:
        yield sim
