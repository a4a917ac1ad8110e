"""An account that may make few requests a second: what workers that come and go ask of it."""

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from tests.replay.copies import ROOT
from tests.replay.fleet import running_fleet

pytestmark = [pytest.mark.asyncio(loop_scope="function"), pytest.mark.xdist_group("system")]

_MEETINGS = 20
_DUE_IN = timedelta(seconds=12)


async def test_a_rolling_deploy_searches_for_no_bot_that_was_never_sent(tmp_path: Path) -> None:
    async with running_fleet(tmp_path, requests_per_second=20) as fleet:
        first = await fleet.worker(ROOT)
        meetings = [await fleet.book(_DUE_IN) for _ in range(_MEETINGS)]
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
        sends = Counter(each["body"]["meeting_url"] for each in requests if each["body"])
        assert not lists
        assert sorted(sends.values()) == [1] * _MEETINGS
        for meeting in meetings:
            (bot,) = await fleet.bots_of(meeting)
            assert bot["reserved"]
        await fleet.stop(third)
