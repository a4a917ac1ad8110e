"""A worker that is killed between sending an event and the answer: the event comes again under the same id."""

import asyncio
import signal
import sys
import uuid
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from minutekeeper.deliveries.delivery import DeliveryEnd
from minutekeeper.storage.endpoints import EndpointStore
from minutekeeper.storage.store import ArtifactStore
from tests.deliveries.examples import an_endpoint, an_event
from tests.deliveries.receiver import Receiver, hang, status
from tests.workflows.conftest import with_plugin
from tests.workflows.delivering import Deliveries, delivering

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.no_cover]


@pytest.mark.timeout(90)
async def test_an_event_whose_worker_is_killed_comes_again_under_its_id(
    env: WorkflowEnvironment, tmp_path: Path
) -> None:
    store, client = ArtifactStore(tmp_path.as_uri()), with_plugin(env.client)
    address = env.client.service_client.config.target_host
    program = [sys.executable, "-m", "tests.workflows.delivering_elsewhere", address, tmp_path.as_uri()]
    worker = await asyncio.create_subprocess_exec(*program)
    async with Receiver([hang, status(200)]).listening() as receiver:
        endpoint = await EndpointStore(store).put(an_endpoint(url=receiver.url))
        sent = await Deliveries(env, client, store, endpoint).start(an_event(uuid.uuid4().hex))
        await receiver.until(1, seconds=40)
        worker.send_signal(signal.SIGKILL)
        await worker.wait()
        async with delivering(client, store):
            assert await sent.handle.result() is DeliveryEnd.DELIVERED
        first, second = receiver.received
    assert (first.event_id, first.body) == (second.event_id, second.body)
    assert second.verified(Deliveries(env, client, store, endpoint).secret)
    assert [each.status_code for each in (await sent.record()).attempts] == [200]
