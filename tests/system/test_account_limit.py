"""An account that may make few requests a second: what workers that come and go ask of it."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.replay.copies import ROOT
from tests.replay.worker_fleet import running_fleet

pytestmark = pytest.mark.asyncio(loop_scope="function")

_MEETINGS = 40
_DUE_IN = timedelta(seconds=25)


async def test_a_rush_during_a_rolling_deploy_keeps_to_the_limit_and_searches_for_nothing(tmp_path: Path) -> None:
    async with running_fleet(tmp_path, requests_per_second=20) as fleet:
        first = await fleet.worker(ROOT)
        start_time = (datetime.now(UTC) + timedelta(minutes=4) + _DUE_IN).replace(microsecond=0)
        meetings = [await fleet.book_for(start_time) for _ in range(_MEETINGS)]
        for meeting in meetings:
            await fleet.until_history(meeting, "activity_task_scheduled")
        second = await fleet.worker(ROOT)
        await fleet.stop(first)
        third = await fleet.worker(ROOT)
        await fleet.stop(second)
        for meeting in meetings:
            await fleet.until_history(meeting, "activity_task_completed")
        requests = (await fleet.ledger())["requests"]
        lists = [each for each in requests if each["path"].endswith("bots_with_metadata")]
        sent = Counter(each["body"]["meeting_url"] for each in requests if each["body"] and each["status"] == 200)
        assert not lists
        assert sorted(sent.values()) == [1] * _MEETINGS
        assert sum(each["status"] == 429 for each in requests) <= _MEETINGS / 4, "without a pace it is half of them"
        for meeting in meetings:
            (bot,) = await fleet.bots_of(meeting)
            assert bot["reserved"]
        await fleet.stop(third)
