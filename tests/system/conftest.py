from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.system.stack import RunningStack, running_stack

SHORT_DEADLINES = {
    f"MINUTEKEEPER_DEADLINE_{phase}": "2"
    for phase in (
        "FIRST_WEBHOOK",
        "JOINING",
        "WAITING_ROOM",
        "IN_CALL",
        "ENDED",
        "GRACE",
        "REMOVED_BOT",
        "TRANSCRIPT",
        "RETRY",
    )
}


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningStack]:
    """One stack for all tests that only use it; those that break it start their own."""
    async with running_stack(tmp_path_factory.mktemp("stack"), **SHORT_DEADLINES) as running:
        yield running
