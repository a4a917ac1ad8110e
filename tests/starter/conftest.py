import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio.testing import WorkflowEnvironment

from minutekeeper.temporal.search_attributes import ALL_KEYS
from starter.temporal_client import TemporalMeetingClient
from tests.devtools.simulator.support import KEY, Sim, running_sim
from tests.starter.calendar_support import CalendarTestBench
from tests.starter.support import QUIET, SECRET, connect, fake_worker, target_of, temporal_server


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def environment() -> AsyncIterator[WorkflowEnvironment]:
    """Temporal with a worker in one namespace and none in the other."""
    async with (
        temporal_server(list(ALL_KEYS), "--namespace", QUIET) as environment,
        fake_worker(environment.client),
    ):
        yield environment


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def client(environment: WorkflowEnvironment) -> TemporalMeetingClient:
    return TemporalMeetingClient(environment.client)


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def quiet_client(environment: WorkflowEnvironment) -> TemporalMeetingClient:
    return TemporalMeetingClient(await connect(environment.client, QUIET))


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """Settings of this test alone: none but a store of its own."""
    for name in list(os.environ):
        if name.startswith(("MEETINGBAAS_", "BRIDGE_", "MINUTEKEEPER_", "TEMPORAL_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("TEMPORAL_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("ARTIFACTS_URL", (tmp_path / "store").as_uri())
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    return monkeypatch


@pytest.fixture
def at_temporal(environment: WorkflowEnvironment, settings: pytest.MonkeyPatch) -> None:
    """The command finds the tests' Temporal."""
    settings.setenv("TEMPORAL_ADDRESS", target_of(environment.client))


@pytest.fixture
def without_worker(at_temporal: None, settings: pytest.MonkeyPatch) -> None:  # noqa: ARG001 - on top of the other
    settings.setenv("TEMPORAL_NAMESPACE", QUIET)
    settings.setattr("starter.temporal_client._QUERY_TIMEOUT", timedelta(seconds=1))
    settings.setattr("starter.temporal_client._UPDATE_TIMEOUT", timedelta(seconds=1))


@pytest_asyncio.fixture(loop_scope="session")
async def sim(settings: pytest.MonkeyPatch) -> AsyncIterator[Sim]:
    async with running_sim(reserved_lead=10**9) as sim:
        settings.setenv("MEETINGBAAS_BASE_URL", sim.url)
        settings.setenv("MEETINGBAAS_API_KEY", KEY)
        settings.setenv("BRIDGE_SECRET", SECRET)
        yield sim


@pytest.fixture
def desk(sim: Sim) -> CalendarTestBench:
    return CalendarTestBench(sim)
