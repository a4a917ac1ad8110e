"""Waiting for an exact instant."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

SleepUntil = Callable[[datetime], Awaitable[None]]


async def sleep_until(instant: datetime) -> None:
    """Returns at an instant (UTC), not before: the event loop's clock and the wall clock may drift apart."""
    while (seconds := (instant - datetime.now(UTC)).total_seconds()) > 0:  # noqa: ASYNC110 - for time itself
        await asyncio.sleep(seconds)
