import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from minutekeeper.storage.store import ArtifactStore
from minutekeeper.temporal import search_attributes
from minutekeeper.temporal.worker_connection import plugin
from tests.bridge.support import Bridge, running_bridge, temporal_binary


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def temporal_address() -> AsyncIterator[str]:
    """A real Temporal server. Clients belong to an event loop, so each test makes its own."""
    async with await WorkflowEnvironment.start_local(
        dev_server_existing_path=temporal_binary(), search_attributes=list(search_attributes.ALL_KEYS)
    ) as environment:
        yield environment.client.service_client.config.target_host


@pytest_asyncio.fixture
async def client(temporal_address: str) -> Client:
    return await Client.connect(temporal_address, plugins=[plugin()])


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore((tmp_path / "artifacts").as_uri())


@pytest_asyncio.fixture
async def bridge(client: Client, store: ArtifactStore) -> AsyncIterator[Bridge]:
    async with running_bridge(client, store) as running:
        yield running


@pytest.fixture
def workflow_id() -> str:
    return f"meeting-{uuid.uuid4().hex[:12]}"
