"""What a bot brought home, as its stored delivery or the provider says it."""

from temporalio import activity

from artifacts.errors import NotStoredError
from artifacts.store import ArtifactStore
from meetings.collection import CollectOrder
from providers.base import Collected, Provider


async def collected(provider: Provider, store: ArtifactStore, order: CollectOrder) -> Collected:
    """From the delivery that was stored, as long as it is there. Raises ProviderError and StoreError."""
    body = None
    if order.body:
        try:
            body = await store.get(order.body)
        except NotStoredError:
            activity.logger.warning("the stored delivery %s is gone: asking the provider", order.body)
    return await provider.collect(order.bot_id, body)
