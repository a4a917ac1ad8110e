"""Lets faults strike deliveries, between those who have something to say and the sender."""

import asyncio
from contextlib import suppress
from typing import Generic, Protocol, Self, TypeVar
from urllib.parse import urlsplit

from devtools.simulator.common_settings import CommonSettings
from devtools.simulator.faults.control_models import AfterEnd, Delay, Double, Lose, Order, Swap, UnknownBot
from devtools.simulator.faults.fault_registry import FaultRegistry
from devtools.simulator.faults.targets import Target
from devtools.simulator.state import WebhookSource


class FaultyDelivery(Protocol):
    """A webhook that faults may strike, in the words of its provider."""

    @property
    def source(self) -> WebhookSource: ...

    @property
    def url(self) -> str: ...

    @property
    def event(self) -> str | None: ...

    @property
    def code(self) -> str | None: ...

    @property
    def bot_id(self) -> str:
        """Of which bot it tells; empty if of none."""
        ...

    @property
    def is_end(self) -> bool:
        """Whether it is the last that its bot has to say."""
        ...

    def of_stranger(self) -> Self:
        """The same about a bot, or calendar, that does not exist."""
        ...


D = TypeVar("D", bound=FaultyDelivery)
D_contra = TypeVar("D_contra", bound=FaultyDelivery, contravariant=True)


class Sender(Protocol[D_contra]):
    """Sends a webhook with all its repeats."""

    async def send(self, delivery: D_contra) -> None: ...


class Outbox(Generic[D]):
    """Takes every delivery; hands the sender what the faults leave of it."""

    def __init__(self, sender: Sender[D], faults: FaultRegistry, settings: CommonSettings) -> None:
        self._sender = sender
        self._faults = faults
        self._settings = settings

    async def send(self, delivery: D) -> None:
        """Deliver with all repeats; returns when there is nothing left to do."""
        source = delivery.source
        overtaken, source.held = source.held, []
        fault = self._inject(delivery)
        await self._hold_back(delivery, fault)
        await asyncio.gather(*(self._sender.send(delivery) for _ in range(_copies(fault))))
        for held in overtaken:
            held.set()
        if delivery.is_end:
            source.end_told.set()
        if isinstance(fault, AfterEnd):
            await source.end_told.wait()
            await self._sender.send(delivery)
        if isinstance(fault, UnknownBot):
            await self._sender.send(delivery.of_stranger())

    def _inject(self, delivery: D) -> Order | None:
        if self._faults.idle:
            return None
        source = delivery.source
        target = Target(
            scope="delivery",
            method="POST",
            path=_path(delivery.url),
            meeting_url=source.meeting_url,
            bot_id=delivery.bot_id,
            turn=source.turn,
            event=delivery.event or "",
            code=delivery.code or "",
        )
        injection = self._faults.inject(target)
        return injection.fault if injection else None

    async def _hold_back(self, delivery: D, fault: Order | None) -> None:
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


def _copies(fault: Order | None) -> int:
    match fault:
        case Lose():
            return 0
        case Double():
            return 2
    return 1
