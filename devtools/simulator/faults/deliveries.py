"""Lets faults strike deliveries, between those who have something to say and the sender."""

import asyncio
from contextlib import suppress
from urllib.parse import urlsplit
from uuid import uuid4

from devtools.simulator.faults.control_models import AfterEnd, Delay, Double, FaultOrder, Lose, Swap, UnknownBot
from devtools.simulator.faults.fault_registry import FaultRegistry
from devtools.simulator.faults.targets import Target
from devtools.simulator.settings import SimulatorSettings
from devtools.simulator.state import Bot
from devtools.simulator.webhooks import Delivery, WebhookSender

_ENDS = frozenset({"complete", "failed"})


class Outbox:
    """Takes every delivery; hands the sender what the faults leave of it."""

    def __init__(self, sender: WebhookSender, faults: FaultRegistry, settings: SimulatorSettings) -> None:
        self._sender = sender
        self._faults = faults
        self._settings = settings

    async def send(self, delivery: Delivery) -> None:
        """Deliver with all repeats; returns when there is nothing left to do."""
        source = delivery.source
        overtaken, source.held = source.held, []
        fault = self._inject(delivery)
        await self._hold_back(delivery, fault)
        await asyncio.gather(*(self._sender.send(delivery) for _ in range(_copies(fault))))
        for held in overtaken:
            held.set()
        if delivery.event in _ENDS:
            source.end_told.set()
        if isinstance(fault, AfterEnd):
            await source.end_told.wait()
            await self._sender.send(delivery)
        if isinstance(fault, UnknownBot):
            await self._sender.send(_of_a_stranger(delivery))

    def _inject(self, delivery: Delivery) -> FaultOrder | None:
        if self._faults.idle:
            return None
        source = delivery.source
        target = Target(
            scope="delivery",
            method="POST",
            path=_path(delivery.url),
            meeting_url=source.meeting_url,
            bot_id=str(source.uuid) if isinstance(source, Bot) else "",
            turn=source.turn,
            event=delivery.event or "",
            code=delivery.code or "",
        )
        injection = self._faults.inject(target)
        return injection.fault if injection else None

    async def _hold_back(self, delivery: Delivery, fault: FaultOrder | None) -> None:
        if isinstance(fault, Delay):
            await asyncio.sleep(self._settings.real(fault.delay))
        if isinstance(fault, Swap):
            overtaken = asyncio.Event()
            delivery.source.held.append(overtaken)
            with suppress(TimeoutError):
                async with asyncio.timeout(self._settings.real(fault.at_most)):
                    await overtaken.wait()


def _path(url: str) -> str:
    """The path of a URL that nobody has looked at yet; empty if it is none."""
    try:
        return urlsplit(url).path
    except ValueError:
        return ""


def _copies(fault: FaultOrder | None) -> int:
    match fault:
        case Lose():
            return 0
        case Double():
            return 2
    return 1


def _of_a_stranger(delivery: Delivery) -> Delivery:
    stranger = uuid4()
    name = "bot_id" if isinstance(delivery.source, Bot) else "calendar_id"
    data = delivery.body["data"] | {name: str(stranger)}
    return Delivery(delivery.source, delivery.url, delivery.body | {"data": data}, about=stranger)
