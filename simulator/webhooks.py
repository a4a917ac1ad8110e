"""Delivers webhooks the way the service's two senders do."""

import asyncio
from dataclasses import dataclass
from typing import Any

import aiohttp

from simulator.settings import SimulatorSettings
from simulator.state import Bot, DeliveryRecord, Ledger, now


@dataclass(frozen=True)
class Delivery:
    """A webhook due to `url`; the bot is named for the ledger, whatever the body says."""

    bot: Bot
    url: str
    body: Any

    @property
    def event(self) -> str | None:
        event = self.body.get("event") if isinstance(self.body, dict) else None
        return event if isinstance(event, str) else None

    @property
    def code(self) -> str | None:
        """The status code of a status event, else the event itself."""
        try:
            return str(self.body["data"]["status"]["code"])
        except (KeyError, TypeError):
            return self.event


class WebhookSender:
    """Status events come from the bot and are soon dropped; final events come from the API and are repeated."""

    def __init__(self, session: aiohttp.ClientSession, settings: SimulatorSettings, ledger: Ledger) -> None:
        self._session = session
        self._settings = settings
        self._ledger = ledger

    async def send_status(self, delivery: Delivery) -> None:
        if not self._settings.statuses_in_order:
            await self._repeat(delivery, self._settings.status_retry_delays)
            return
        async with delivery.bot.sending:
            await self._repeat(delivery, self._settings.status_retry_delays)

    async def send_final(self, delivery: Delivery) -> None:
        await self._repeat(delivery, self._settings.final_retry_delays)

    async def attempt(self, delivery: Delivery, number: int = 1) -> DeliveryRecord:
        """Deliver once, and note in the ledger what came of it. Any 2xx acknowledges."""
        settings = self._settings
        headers = {"x-meeting-baas-api-key": settings.api_key}
        timeout = settings.final_timeout
        if delivery.event == "bot.status_change":
            headers["User-Agent"] = "meetingbaas/1.0"
            timeout = settings.status_timeout
        at, status, error = now(), None, None
        try:
            async with self._session.post(
                delivery.url,
                json=delivery.body,
                headers=headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=timeout),
            ) as response:
                status = response.status
        except (aiohttp.ClientError, TimeoutError, ValueError) as failure:
            error = f"{type(failure).__name__}: {failure}"
        record = DeliveryRecord(
            bot_id=str(delivery.bot.uuid),
            event=delivery.event,
            code=delivery.code,
            url=delivery.url,
            attempt=number,
            at=at,
            status=status,
            error=error,
        )
        self._ledger.deliveries.append(record)
        return record

    async def _repeat(self, delivery: Delivery, delays: tuple[float, ...]) -> None:
        for number, delay in enumerate((*delays, None), 1):
            record = await self.attempt(delivery, number)
            if record.acknowledged or delay is None:
                return
            await asyncio.sleep(self._settings.real(delay))
