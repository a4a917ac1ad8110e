from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.system.stack import RunningStack, running_stack


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningStack]:
    """One stack for all tests that only use it; those that break it start their own."""
    async with running_stack(tmp_path_factory.mktemp("stack")) as running:
        yield running
