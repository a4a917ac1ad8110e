from collections.abc import AsyncIterator

import pytest

from tests.providers.contract.bench import BENCHES, Bench


@pytest.fixture(params=sorted(BENCHES))
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    async with BENCHES[request.param]() as bench:
        yield bench
