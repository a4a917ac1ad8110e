"""Temporal answers, but has no time: that is no refusal, and nothing is lost."""

import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from bridge.delivery import DeliveryOutcome
from bridge.inbox import Inbox, InboxFolder
from minutekeeper.storage.store import ArtifactStore
from minutekeeper.temporal.worker_connection import plugin
from tests.bridge.support import codes, eventually, running_bridge, start_recorder, status, temporal_binary

_CALLS_A_SECOND = 10
_DELIVERIES = 25


@pytest_asyncio.fixture
async def busy() -> AsyncIterator[Client]:
    """A server that takes so few calls that most have to come again: RESOURCE_EXHAUSTED, as for a busy workflow."""
    limit = ["--dynamic-config-value", f"frontend.namespaceRPS={_CALLS_A_SECOND}"]
    async with await WorkflowEnvironment.start_local(
        dev_server_existing_path=temporal_binary(), dev_server_extra_args=limit
    ) as environment:
        yield await Client.connect(environment.client.service_client.config.target_host, plugins=[plugin()])


async def test_what_a_busy_server_does_not_take_waits_and_arrives_once(
    busy: Client, store: ArtifactStore, workflow_id: str
) -> None:
    await start_recorder(busy, workflow_id)
    async with running_bridge(busy, store) as bridge:
        expected = [f"code_{number:02}" for number in range(_DELIVERIES)]
        answers = await asyncio.gather(*(bridge.to_bot(workflow_id, status(code)) for code in expected))
        assert {answer.status for answer in answers} == {200}
        assert DeliveryOutcome.RETRY_LATER in {answer.json["outcome"] for answer in answers}

        async def is_worked_off() -> bool:
            return not await Inbox(store).paths(InboxFolder.WAITING)

        await eventually(is_worked_off, seconds=60)
    assert sorted(await codes(busy, workflow_id)) == expected
