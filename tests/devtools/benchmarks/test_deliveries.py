from collections import Counter

import pytest
from temporalio.testing import WorkflowEnvironment

from devtools.benchmarks.deliveries import all_arrived
from tests.bridge.support import start_recorder, temporal_binary


async def test_what_was_accepted_has_to_be_found_in_the_histories(monkeypatch: pytest.MonkeyPatch) -> None:
    async with await WorkflowEnvironment.start_local(dev_server_existing_path=temporal_binary()) as environment:
        for name, count in (("one", 1), ("two", 2)):
            handle = await start_recorder(environment.client, name)
            for _ in range(count):
                await handle.signal("bot_event")
        await all_arrived(environment.client, Counter(one=1, two=2))
        monkeypatch.setattr("devtools.benchmarks.deliveries._PATIENCE_SECONDS", 0.0)
        for lost_or_doubled in (Counter(one=2), Counter(two=1)):
            with pytest.raises(TimeoutError, match="1 workflows"):
                await all_arrived(environment.client, lost_or_doubled)
