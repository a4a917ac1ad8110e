"""What a bot brought home, as its stored delivery or the provider says it."""

import asyncio

from temporalio import activity

from artifacts.errors import NotStoredError
from artifacts.store import ArtifactStore
from meetings.collection import CollectOrder
from providers.base import Collected, Provider


class Delivered:
    """What is known of a bot, read once for all that one attempt needs of it: a transcript takes long to read."""

    def __init__(self, provider: Provider, store: ArtifactStore, order: CollectOrder) -> None:
        self._provider = provider
        self._store = store
        self._order = order
        self._reading: asyncio.Task[Collected] | None = None

    async def read(self) -> Collected:
        """From the delivery that was stored, as long as it is there. Raises ProviderError and StoreError."""
        if self._reading is None:
            self._reading = asyncio.create_task(self._read())
        return await self._reading

    async def _read(self) -> Collected:
        body = None
        if self._order.body:
            try:
                body = await self._store.get(self._order.body)
            except NotStoredError:
                activity.logger.warning("the stored delivery %s is gone: asking the provider", self._order.body)
        return await self._provider.collect(self._order.bot_id, body)
