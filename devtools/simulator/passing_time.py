"""Lets simulated time pass for a bot, which a nudge can end early."""

import asyncio
from typing import Protocol

from devtools.simulator.common_settings import CommonSettings


class Waiting(Protocol):
    """A bot between two steps of its life. `elapsed` counts simulated seconds."""

    nudge: asyncio.Event
    elapsed: float

    @property
    def leaving(self) -> bool:
        """Asked to leave, but still there."""
        ...


async def pass_time(bot: Waiting, settings: CommonSettings, seconds: float | None) -> None:
    """Wait so many simulated seconds, or (None) for good; a nudge ends it early.

    A nudge for a bot that was asked to leave breaks time off; any other makes the rest of it pass at once.
    """
    loop = asyncio.get_running_loop()
    begun = loop.time()
    bot.nudge.clear()
    try:
        async with asyncio.timeout(None if seconds is None else settings.real(seconds)):
            await bot.nudge.wait()
    except TimeoutError:
        cut_short = False
    else:
        cut_short = seconds is None or bot.leaving
    bot.elapsed += (loop.time() - begun) * settings.speed if cut_short else seconds or 0
