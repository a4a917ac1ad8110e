from collections.abc import AsyncIterator

import pytest_asyncio
from temporalio.client import Client

from minutekeeper.storage.store import ArtifactStore
from tests.bridge.connect.scenario import Stage, new_stage
from tests.devtools.simulator.support import Sim, running_sim


@pytest_asyncio.fixture
async def sim() -> AsyncIterator[Sim]:
    async with running_sim() as running:
        yield running


@pytest_asyncio.fixture
async def stage(sim: Sim, client: Client, store: ArtifactStore) -> AsyncIterator[Stage]:
    async with new_stage(sim, client, store) as running:
        yield running
