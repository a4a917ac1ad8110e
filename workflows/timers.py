"""Waits that end at an instant, and the one timer by which a bot session notices silence."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from temporalio import workflow

_MAX_EARLY = timedelta(minutes=15)
"""A timer that fires so early is replaced: firing in vain costs events and a task, replacing it two events."""


async def wait_until(condition: Callable[[], bool], instant: datetime, summary: str) -> bool:
    """Whether the condition came true before the instant (UTC). `summary` is what people see on the timer."""
    seconds = (instant - workflow.now()).total_seconds()
    if seconds > 0:
        try:
            await workflow.wait_condition(condition, timeout=seconds, timeout_summary=summary)
        except TimeoutError:
            return condition()
    return condition()


class DeadlineTimer:
    """A timer that is kept as long as it fires soon enough, because every timer is billed.

    Nothing comes of one that is left running when its workflow ends, while each that is cancelled costs an event.
    """

    def __init__(self) -> None:
        self._timer: asyncio.Task[None] | None = None
        self._fires_at: datetime | None = None

    @property
    def is_running(self) -> bool:
        return self._timer is not None and not self._timer.done()

    def set(self, instant: datetime, summary: str, *, tolerance: timedelta = timedelta()) -> None:
        """Has the timer fire by an instant (UTC), or at most `tolerance` later; perhaps before that, too."""
        running_until = self._fires_at if self.is_running else None
        if running_until is not None and instant - _MAX_EARLY <= running_until <= instant + tolerance:
            return
        self.cancel()
        seconds = max((instant - workflow.now()).total_seconds(), 0.0)
        self._timer = asyncio.create_task(workflow.sleep(seconds, summary=summary))
        self._fires_at = instant

    def cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
