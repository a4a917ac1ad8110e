"""A worker takes workflows over while queries wait: each task runs at its own time, and queries are answered."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from temporalio import workflow
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner, Worker

from minutekeeper.temporal.query_retries import QueryRetries
from minutekeeper.temporal.worker_connection import plugin

pytestmark = pytest.mark.asyncio(loop_scope="session")

_OUTAGE = timedelta(seconds=2)


@workflow.defn
class Deciding:
    """Does one thing or another by how late a signal arrives, as a meeting does by its deadlines."""

    def __init__(self) -> None:
        self._is_called = False
        self._took = timedelta(days=-1)

    @workflow.run
    async def run(self) -> bool:
        began = workflow.now()
        await workflow.wait_condition(lambda: self._is_called)
        self._took = workflow.now() - began
        if is_late := self._took >= _OUTAGE:
            workflow.upsert_memo({"late": True})
        await workflow.sleep(timedelta(seconds=0.01))
        return is_late

    @workflow.signal
    def call(self) -> None:
        self._is_called = True

    @workflow.query
    def took(self) -> timedelta:
        return self._took


@asynccontextmanager
async def working(client: Client, queue: str) -> AsyncIterator[None]:
    async with Worker(client, task_queue=queue, workflows=[Deciding], workflow_runner=UnsandboxedWorkflowRunner()):
        yield


async def test_a_query_that_waited_does_not_run_what_has_happened_since(env: WorkflowEnvironment) -> None:
    client = Client(**env.client.config() | {"plugins": [plugin()], "interceptors": [QueryRetries()]})
    queue = f"takeovers-{uuid.uuid4()}"
    async with working(client, queue):
        handles = [
            await client.start_workflow(Deciding.run, id=f"deciding-{number}-{queue}", task_queue=queue)
            for number in range(12)
        ]
        for handle in handles:
            assert await handle.query(Deciding.took) < timedelta()
    patience = timedelta(seconds=60)
    queries = [asyncio.create_task(handle.query(Deciding.took, rpc_timeout=patience)) for handle in handles]
    await asyncio.sleep(_OUTAGE.total_seconds())
    for handle in handles:
        await handle.signal(Deciding.call)
    async with working(client, queue):
        answers = await asyncio.gather(*queries)
        assert all(answer < timedelta() or answer >= _OUTAGE for answer in answers)
        assert all(await asyncio.gather(*(handle.result() for handle in handles)))
    replayer = Replayer(workflows=[Deciding], plugins=[plugin()], workflow_runner=UnsandboxedWorkflowRunner())
    for handle in handles:
        await replayer.replay_workflow(await handle.fetch_history())
