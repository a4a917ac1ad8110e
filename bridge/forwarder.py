"""Hands a delivery to its workflow: finds the meeting, keeps the raw body, signals."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from bridge.bot_adoption import Adopter
from bridge.bot_search import BotSearch
from bridge.delivery import Delivery, Outcome
from bridge.temporal_gateway import CallError, TemporalCalls
from minutekeeper.providers.base import ProviderError
from minutekeeper.storage.store import ArtifactStore

_PROMPT = timedelta(seconds=1)
"""How long one call may take while a sender waits, who should hear from us within 2 seconds."""

_PATIENT = timedelta(seconds=3)
"""The same when nobody waits."""

_REST_SECONDS = 2.0
"""How long senders are not made to wait for a Temporal that kept silent."""

_SILENT_CALLS = 3
"""So many in a row are no chance; one that is slow or was cut says nothing of the next."""


@dataclass(frozen=True)
class Handover:
    """What became of a delivery, with the address that was found for it; `why` is Temporal's own text."""

    outcome: Outcome
    delivery: Delivery
    why: str = ""


class Courier:
    def __init__(self, calls: TemporalCalls, bots: BotSearch, store: ArtifactStore, adopter: Adopter) -> None:
        self._calls = calls
        self._bots = bots
        self._store = store
        self._adopter = adopter
        self._rests_until = 0.0
        self._silent_calls = 0

    async def hand_over(self, delivery: Delivery, *, patiently: bool = False) -> Handover:
        """Tries once. Raises StoreError if the raw body could not be kept; nothing was sent then.

        Only `patiently` is the provider asked whose an unknown bot is.
        """
        clock = asyncio.get_running_loop().time
        if not patiently and clock() < self._rests_until:
            return Handover(Outcome.AWAY, delivery, "it did not answer a moment ago")
        limit = _PATIENT if patiently else _PROMPT
        try:
            if not delivery.workflow_id:
                placed = await self._place(delivery, limit, ask=patiently)
                if placed is None:
                    return Handover(Outcome.UNCLAIMED, delivery)
                delivery = placed
            await self._send(delivery, limit)
        except ProviderError as error:
            return Handover(Outcome.UNTOLD, delivery, str(error))
        except CallError as error:
            self._silent_calls = self._silent_calls + 1 if error.outcome is Outcome.AWAY else 0
            if self._silent_calls >= _SILENT_CALLS:
                self._rests_until = clock() + _REST_SECONDS
            return Handover(error.outcome, delivery, str(error))
        self._silent_calls = 0
        self._rests_until = 0.0
        return Handover(Outcome.DELIVERED, delivery)

    async def _place(self, delivery: Delivery, limit: timedelta, *, ask: bool) -> Delivery | None:
        workflow_id = await self._bots.workflow_of(delivery.bot_id, limit)
        if workflow_id is not None:
            return delivery.to(workflow_id)
        return await self._adopter.place(delivery, limit) if ask else None

    async def _send(self, delivery: Delivery, limit: timedelta) -> None:
        if delivery.body is not None:
            if delivery.founds is None:
                # Asked first, so that a delivery for a meeting that never was leaves nothing in the store.
                await self._calls.check_exists(delivery.workflow_id, limit)
            await self._store.put(delivery.body_path, delivery.body)
            delivery = delivery.with_body_kept()
        if delivery.founds is None:
            await self._calls.signal(delivery, limit)
        else:
            await self._calls.found(delivery, delivery.founds, limit)
