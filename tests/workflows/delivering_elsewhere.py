"""A program: a worker of deliveries that is killed. Usage: TEMPORAL_ADDRESS STORE."""

import asyncio
import sys

from temporalio.client import Client

from minutekeeper.storage.store import ArtifactStore
from minutekeeper.temporal.worker_connection import plugin
from tests.workflows.delivering import delivering


async def work(address: str, store: str) -> None:
    """Works until it is killed."""
    client = await Client.connect(address, plugins=[plugin()])
    async with delivering(client, ArtifactStore(store)):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1], sys.argv[2]))
