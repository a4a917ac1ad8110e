"""Delivers webhooks the way the service's two senders do."""

import asyncio
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol, Self
from uuid import UUID, uuid4

import aiohttp

from devtools.simulator.settings import SimulatorSettings
from devtools.simulator.state import BotLife, DeliveryRecord, Ledger, WebhookSource, now

STATUS_CHANGE = "bot.status_change"
_ENDS = frozenset({"complete", "failed", "bot.completed", "bot.failed"})


@dataclass(frozen=True)
class Delivery:
    """A webhook due to `url`; the ledger names its source, or whom it is `about`, whatever the body says."""

    source: WebhookSource
    url: str
    body: Any
    about: UUID | None = None

    @cached_property
    def payload(self) -> bytes:
        """The body as it is sent, the same each time."""
        return json.dumps(self.body).encode()

    @property
    def is_status(self) -> bool:
        return self.event == STATUS_CHANGE

    @property
    def event(self) -> str | None:
        event = self.body.get("event") if isinstance(self.body, dict) else None
        return event if isinstance(event, str) else None

    @property
    def code(self) -> str | None:
        """The status code of a status event, else the event itself."""
        code = self._status.get("code")
        return self.event if code is None else str(code)

    @property
    def created_at(self) -> str | None:
        """When the status came about, in its own words."""
        created_at = self._status.get("created_at")
        return None if created_at is None else str(created_at)

    @property
    def bot_id(self) -> str:
        """Of which bot it tells; empty if of none."""
        return str(self.source.uuid) if isinstance(self.source, BotLife) else ""

    @property
    def named(self) -> tuple[str, str]:
        """Of which bot and of which calendar the ledger says that it tells."""
        identifier = str(self.about or self.source.uuid)
        return (identifier, "") if isinstance(self.source, BotLife) else ("", identifier)

    @property
    def is_end(self) -> bool:
        return self.event in _ENDS

    def of_stranger(self) -> Self:
        """The same about a bot, or calendar, that does not exist."""
        stranger = uuid4()
        data = self.body["data"] | {"bot_id" if self.bot_id else "calendar_id": str(stranger)}
        return replace(self, body=self.body | {"data": data}, about=stranger)

    @property
    def _status(self) -> dict[str, Any]:
        try:
            status = self.body["data"]["status"]
        except (KeyError, TypeError):
            return {}
        return status if isinstance(status, dict) else {}


@dataclass(frozen=True)
class Attempt:
    """How a delivery is tried for the `number`-th time, with `patience` in real seconds."""

    number: int
    patience: float
    headers: Mapping[str, str]
    method: str = "POST"
    message_id: str = ""


class Carried(Protocol):
    """A delivery of any provider; `named` is of which bot and of which calendar it tells."""

    @property
    def url(self) -> str: ...

    @property
    def payload(self) -> bytes: ...

    @property
    def named(self) -> tuple[str, str]: ...

    @property
    def event(self) -> str | None: ...

    @property
    def code(self) -> str | None: ...

    @property
    def created_at(self) -> str | None: ...


class Courier:
    """Carries single deliveries over HTTP, and notes in the ledger what came of each."""

    def __init__(self, session: aiohttp.ClientSession, ledger: Ledger) -> None:
        self._session = session
        self._ledger = ledger

    async def carry(self, delivery: Carried, attempt: Attempt) -> DeliveryRecord:
        """Deliver once. Any 2xx acknowledges."""
        at, status, error, is_late = now(), None, None, False
        try:
            async with self._session.request(
                attempt.method,
                delivery.url,
                data=delivery.payload,
                headers={"Content-Type": "application/json", **attempt.headers},
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=attempt.patience),
            ) as response:
                status = response.status
        except (aiohttp.ClientError, TimeoutError, ValueError) as failure:
            error, is_late = f"{type(failure).__name__}: {failure}", isinstance(failure, TimeoutError)
        bot_id, calendar_id = delivery.named
        record = DeliveryRecord(
            delivery_id=str(uuid4()),
            message_id=attempt.message_id,
            bot_id=bot_id,
            calendar_id=calendar_id,
            event=delivery.event,
            code=delivery.code,
            created_at=delivery.created_at,
            url=delivery.url,
            sha256=hashlib.sha256(delivery.payload).hexdigest(),
            attempt=attempt.number,
            at=at,
            status=status,
            error=error,
            timed_out=is_late,
        )
        self._ledger.deliveries.append(record)
        return record


class WebhookSender:
    """Status events come from the bot and are soon dropped; final events come from the API and are repeated."""

    def __init__(self, session: aiohttp.ClientSession, settings: SimulatorSettings, ledger: Ledger) -> None:
        self._settings = settings
        self._courier = Courier(session, ledger)

    async def send(self, delivery: Delivery) -> None:
        """Deliver, with all repeats; the statuses of a bot one after the other if the settings say so."""
        settings = self._settings
        if not delivery.is_status:
            await self._repeat(delivery, settings.final_retry_delays)
        elif not settings.statuses_in_order:
            await self._repeat(delivery, settings.status_retry_delays)
        else:
            async with delivery.source.sending:
                await self._repeat(delivery, settings.status_retry_delays)

    async def attempt(self, delivery: Delivery, number: int = 1) -> DeliveryRecord:
        """Deliver once, and note in the ledger what came of it. Any 2xx acknowledges."""
        settings = self._settings
        headers = {"x-meeting-baas-api-key": settings.api_key}
        timeout = settings.final_timeout
        if delivery.is_status:
            headers["User-Agent"] = "meetingbaas/1.0"
            timeout = settings.status_timeout
        return await self._courier.carry(delivery, Attempt(number, timeout, headers))

    async def _repeat(self, delivery: Delivery, delays: tuple[float, ...]) -> None:
        for number, delay in enumerate((*delays, None), 1):
            record = await self.attempt(delivery, number)
            if record.acknowledged or delay is None:
                return
            await asyncio.sleep(self._settings.real(delay))
