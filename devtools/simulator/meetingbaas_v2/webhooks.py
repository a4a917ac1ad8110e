"""Delivers webhooks as Svix does, signed and to all endpoints of the team, and callbacks to one bot's address."""

import asyncio
import random
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self
from uuid import UUID, uuid4

import aiohttp
from standardwebhooks import Webhook

from devtools.simulator.meetingbaas_v2.bots import ScheduledBot
from devtools.simulator.meetingbaas_v2.models import CallbackConfig
from devtools.simulator.meetingbaas_v2.settings import MeetingBaasV2Settings
from devtools.simulator.state import BotLife, DeliveryRecord, Ledger, now
from devtools.simulator.webhooks import Attempt, Courier, Delivery

_TOO_MANY, _SERVER_ERROR = 429, 500


@dataclass
class Endpoint:
    """One of the team's endpoints. Until a rotation is over it is signed for with the `previous` secret, too."""

    url: str
    secret: str
    id: UUID = field(default_factory=uuid4)
    previous: str | None = None
    disabled: bool = False
    failing_since: datetime | None = None

    def sign(self, message_id: str, at: datetime, payload: str) -> str:
        """The value of `svix-signature`."""
        secrets = [self.secret, *([self.previous] if self.previous else [])]
        return " ".join(Webhook(secret).sign(message_id, at, payload) for secret in secrets)


def new_message_id() -> str:
    return f"msg_{uuid4().hex}"


@dataclass(frozen=True)
class V2Delivery(Delivery):
    """A webhook for an endpoint, or a callback. `message_id` is the same on every repeat."""

    endpoint: Endpoint | None = None
    callback: CallbackConfig | None = None
    message_id: str = field(default_factory=new_message_id)

    @property
    def bot_id(self) -> str:
        """Of which bot it tells, also of one that was never made; empty if of none."""
        return str(self.source.uuid) if isinstance(self.source, BotLife | ScheduledBot) else ""

    @property
    def named(self) -> tuple[str, str]:
        identifier = str(self.about or self.source.uuid)
        return (identifier, "") if self.bot_id else ("", identifier)

    def of_stranger(self) -> Self:
        return replace(super().of_stranger(), message_id=new_message_id())


class V2Sender:
    """Repeats what was not acknowledged, each kind on a schedule of its own."""

    def __init__(self, session: aiohttp.ClientSession, settings: MeetingBaasV2Settings, ledger: Ledger) -> None:
        self._settings = settings
        self._courier = Courier(session, ledger)
        self._chance = random.Random(settings.fault_seed)  # noqa: S311 - spreads pauses

    async def send(self, delivery: V2Delivery) -> None:
        """Deliver with all repeats; to an endpoint that is switched off not at all."""
        delays = self._settings.callback_retry_delays if delivery.callback else self._settings.webhook_retry_delays
        is_ordered = self._settings.statuses_in_order and not delivery.callback
        async with delivery.source.sending if is_ordered else nullcontext():
            pause = await self._try(delivery, 1, delays)
        number = 1
        while pause is not None:
            await asyncio.sleep(self._settings.real(pause))
            number += 1
            pause = await self._try(delivery, number, delays)

    async def attempt(self, delivery: V2Delivery, number: int = 1) -> DeliveryRecord:
        """Deliver once."""
        if delivery.callback:
            secret = delivery.callback.secret
            headers = {"x-mb-secret": secret} if secret else {}
            how = Attempt(number, self._settings.webhook_timeout, headers, delivery.callback.method)
            return await self._courier.carry(delivery, how)
        at = now()
        headers = {"svix-id": delivery.message_id, "svix-timestamp": str(int(at.timestamp()))}
        if delivery.endpoint:
            headers["svix-signature"] = delivery.endpoint.sign(delivery.message_id, at, delivery.payload.decode())
        how = Attempt(number, self._settings.webhook_timeout, headers, message_id=delivery.message_id)
        return await self._courier.carry(delivery, how)

    async def _try(self, delivery: V2Delivery, number: int, delays: Sequence[float]) -> float | None:
        """Deliver for the `number`-th time; the simulated seconds until the next, None if there is no next."""
        endpoint = delivery.endpoint
        if endpoint and endpoint.disabled:
            return None
        record = await self.attempt(delivery, number)
        if endpoint:
            self._note(endpoint, record)
        is_last = number > len(delays)
        if record.acknowledged or is_last:
            return None
        delay = delays[number - 1]
        if delivery.callback:
            return None if record.status is not None and record.status < _SERVER_ERROR else delay
        jitter = self._settings.webhook_jitter
        delay *= self._chance.uniform(1 - jitter, 1 + jitter)
        is_overloaded = record.status == _TOO_MANY or record.timed_out
        return max(delay, self._settings.overload_pause) if is_overloaded else delay

    def _note(self, endpoint: Endpoint, record: DeliveryRecord) -> None:
        """Switch off an endpoint that has failed for too long; one success starts the time anew."""
        if record.acknowledged:
            endpoint.failing_since = None
            return
        endpoint.failing_since = endpoint.failing_since or record.at
        failing = (now() - endpoint.failing_since).total_seconds()
        endpoint.disabled = failing >= self._settings.real(self._settings.disable_after)
