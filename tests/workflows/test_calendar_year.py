"""Some weeks of a busy calendar; `make year` lives through a whole year."""

from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from tests.workflows.year.verdict import live_through

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.no_cover]


async def test_the_bots_of_some_weeks_are_those_that_the_policy_asks_for(
    env: WorkflowEnvironment, tmp_path: Path
) -> None:
    verdict = await live_through(env, tmp_path, seed=5, events=16, span=timedelta(weeks=2))
    assert verdict.is_good, "\n".join(verdict.tales)
    assert verdict.counts["bots that stayed"] > 2
    assert verdict.longest_run < 10_000
