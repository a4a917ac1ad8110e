"""Hands a delivery to its workflow: finds the meeting, keeps the raw body, signals."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from bridge.bot_adoption import BotAdopter
from bridge.bot_search import BotSearch
from bridge.delivery import DeliveryOutcome, WebhookDelivery
from bridge.temporal_gateway import TemporalCallError, TemporalGateway
from minutekeeper.providers.base import ProviderError
from minutekeeper.storage.store import ArtifactStore

_INLINE_TIMEOUT = timedelta(seconds=1)
"""How long one call may take while a sender waits, who should hear from us within 2 seconds."""

_BACKGROUND_TIMEOUT = timedelta(seconds=3)
"""The same when nobody waits."""

_BACKOFF_SECONDS = 2.0
"""How long senders are not made to wait for a Temporal that kept silent."""

_SILENT_CALLS = 3
"""So many in a row are no chance; one that is slow or was cut says nothing of the next."""


@dataclass(frozen=True)
class ForwardResult:
    """What became of a delivery, with the address that was found for it; `detail` is Temporal's own text."""

    outcome: DeliveryOutcome
    delivery: WebhookDelivery
    detail: str = ""


class WebhookForwarder:
    def __init__(self, calls: TemporalGateway, bots: BotSearch, store: ArtifactStore, adopter: BotAdopter) -> None:
        self._calls = calls
        self._bots = bots
        self._store = store
        self._adopter = adopter
        self._rests_until = 0.0
        self._silent_calls = 0

    async def forward(self, delivery: WebhookDelivery, *, patiently: bool = False) -> ForwardResult:
        """Tries once. Raises StoreError if the raw body could not be kept; nothing was sent then.

        Only `patiently` is the provider asked whose an unknown bot is.
        """
        clock = asyncio.get_running_loop().time
        if not patiently and clock() < self._rests_until:
            return ForwardResult(DeliveryOutcome.TEMPORAL_DOWN, delivery, "it did not answer a moment ago")
        limit = _BACKGROUND_TIMEOUT if patiently else _INLINE_TIMEOUT
        try:
            if not delivery.workflow_id:
                placed = await self._resolve_workflow(delivery, limit, ask=patiently)
                if placed is None:
                    return ForwardResult(DeliveryOutcome.UNKNOWN_BOT, delivery)
                delivery = placed
            await self._send(delivery, limit)
        except ProviderError as error:
            return ForwardResult(DeliveryOutcome.OWNER_UNKNOWN, delivery, str(error))
        except TemporalCallError as error:
            self._silent_calls = self._silent_calls + 1 if error.outcome is DeliveryOutcome.TEMPORAL_DOWN else 0
            if self._silent_calls >= _SILENT_CALLS:
                self._rests_until = clock() + _BACKOFF_SECONDS
            return ForwardResult(error.outcome, delivery, str(error))
        self._silent_calls = 0
        self._rests_until = 0.0
        return ForwardResult(DeliveryOutcome.DELIVERED, delivery)

    async def _resolve_workflow(
        self, delivery: WebhookDelivery, limit: timedelta, *, ask: bool
    ) -> WebhookDelivery | None:
        workflow_id = await self._bots.find_workflow_for_bot(delivery.bot_id, limit)
        if workflow_id is not None:
            return delivery.addressed_to(workflow_id)
        return await self._adopter.resolve(delivery, limit) if ask else None

    async def _send(self, delivery: WebhookDelivery, limit: timedelta) -> None:
        if delivery.body is not None:
            if delivery.meeting_to_create is None:
                # Asked first, so that a delivery for a meeting that never was leaves nothing in the store.
                await self._calls.check_exists(delivery.workflow_id, limit)
            await self._store.put(delivery.body_path, delivery.body)
            delivery = delivery.with_stored_body()
        if delivery.meeting_to_create is None:
            await self._calls.signal(delivery, limit)
        else:
            await self._calls.start_meeting(delivery, delivery.meeting_to_create, limit)
