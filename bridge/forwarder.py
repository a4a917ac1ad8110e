"""Forwards a delivery to its workflow: finds the meeting, stores the raw body, sends the signal."""

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
"""Timeout of one call while a sender waits, which should get its answer within 2 seconds."""

_BACKGROUND_TIMEOUT = timedelta(seconds=3)
"""Timeout of one call in the background."""

_BACKOFF_SECONDS = 2.0
"""How long Temporal is not called while senders wait, after it did not answer several times."""

_MAX_UNANSWERED_CALLS = 3
"""Unanswered temporal in a row that count as an outage, because a single one can be slow by chance."""


@dataclass(frozen=True)
class ForwardResult:
    """The outcome of a delivery, with the workflow that was found for it; `detail` is Temporal's own text."""

    outcome: DeliveryOutcome
    delivery: WebhookDelivery
    detail: str = ""


class WebhookForwarder:
    def __init__(
        self, temporal: TemporalGateway, bots: BotSearch, store: ArtifactStore, adopter: BotAdopter
    ) -> None:
        self._temporal = temporal
        self._bots = bots
        self._store = store
        self._adopter = adopter
        self._backoff_until = 0.0
        self._unanswered_calls = 0

    async def forward(self, delivery: WebhookDelivery, *, ask_provider: bool = False) -> ForwardResult:
        """Forwards a delivery; tries once.

        Args:
            delivery: What is forwarded.
            ask_provider: Whether the provider is asked for the owner of an unknown bot, as for deliveries from the
                inbox. Calls then have a longer timeout.

        Raises:
            StoreError: If the raw body could not be stored; nothing was sent then.
        """
        clock = asyncio.get_running_loop().time
        if not ask_provider and clock() < self._backoff_until:
            return ForwardResult(DeliveryOutcome.TEMPORAL_DOWN, delivery, "Temporal did not answer a moment ago")
        limit = _BACKGROUND_TIMEOUT if ask_provider else _INLINE_TIMEOUT
        try:
            if not delivery.workflow_id:
                placed = await self._resolve_workflow(delivery, limit, ask=ask_provider)
                if placed is None:
                    return ForwardResult(DeliveryOutcome.UNKNOWN_BOT, delivery)
                delivery = placed
            await self._send(delivery, limit)
        except ProviderError as error:
            return ForwardResult(DeliveryOutcome.OWNER_UNKNOWN, delivery, str(error))
        except TemporalCallError as error:
            self._unanswered_calls = (
                self._unanswered_calls + 1 if error.outcome is DeliveryOutcome.TEMPORAL_DOWN else 0
            )
            if self._unanswered_calls >= _MAX_UNANSWERED_CALLS:
                self._backoff_until = clock() + _BACKOFF_SECONDS
            return ForwardResult(error.outcome, delivery, str(error))
        self._unanswered_calls = 0
        self._backoff_until = 0.0
        return ForwardResult(DeliveryOutcome.DELIVERED, delivery)

    async def _resolve_workflow(
        self, delivery: WebhookDelivery, limit: timedelta, *, ask: bool
    ) -> WebhookDelivery | None:
        workflow_id = await self._bots.find_workflow_for_bot(delivery.provider, delivery.bot_id, limit)
        if workflow_id is not None:
            return delivery.addressed_to(workflow_id)
        return await self._adopter.resolve(delivery, limit) if ask else None

    async def _send(self, delivery: WebhookDelivery, limit: timedelta) -> None:
        if delivery.body is not None:
            if delivery.meeting_to_create is None:
                # Checked first, so that a delivery for a meeting that never existed leaves nothing in the store.
                await self._temporal.check_exists(delivery.workflow_id, limit)
            await self._store.put(delivery.body_path, delivery.body)
            delivery = delivery.with_stored_body()
        if delivery.meeting_to_create is None:
            await self._temporal.signal(delivery, limit)
        else:
            await self._temporal.start_meeting(delivery, delivery.meeting_to_create, limit)
