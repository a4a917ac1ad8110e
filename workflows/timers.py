"""The time of a workflow, waits that end at an instant, and the timer by which a bot session notices silence."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from temporalio import workflow

_MAX_EARLY = timedelta(minutes=15)
"""A timer that fires so early is replaced: firing in vain costs events and a task, replacing it two events."""


class WorkflowClock:
    """The time of one workflow, which never lies before an instant that was waited for.

    So what was due at that instant is due once its timer has fired, however times are rounded.
    """

    def __init__(self) -> None:
        self._reached: datetime | None = None

    def now(self) -> datetime:
        """The present time (UTC)."""
        now = workflow.now()
        return now if self._reached is None else max(now, self._reached)

    def reach(self, instant: datetime) -> None:
        """Notes that a timer for this instant (UTC) has fired."""
        self._reached = max(self.now(), instant)

    async def wait_until(self, condition: Callable[[], bool], instant: datetime, summary: str) -> bool:
        """Whether the condition came true before the instant (UTC). `summary` is what people see on the timer."""
        seconds = (instant - self.now()).total_seconds()
        if seconds > 0:
            try:
                await workflow.wait_condition(condition, timeout=seconds, timeout_summary=summary)
            except TimeoutError:
                self.reach(instant)
        return condition()


class DeadlineTimer:
    """A timer that is kept as long as it fires soon enough, because every timer is billed.

    Nothing comes of one that is left running when its workflow ends, while each that is cancelled costs an event.
    """

    def __init__(self, clock: WorkflowClock) -> None:
        self._clock = clock
        self._timer: asyncio.Task[None] | None = None
        self._fires_at: datetime | None = None

    @property
    def is_running(self) -> bool:
        return self._timer is not None and not self._timer.done()

    def set(self, instant: datetime, summary: str, *, tolerance: timedelta = timedelta()) -> None:
        """Has the timer fire at an instant (UTC), at most `tolerance` later, or some minutes before."""
        running_until = self._fires_at if self.is_running else None
        if running_until is not None and instant - _MAX_EARLY <= running_until <= instant + tolerance:
            return
        self.cancel()
        self._timer = asyncio.create_task(self._fire(instant, summary))
        self._fires_at = instant

    def cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def _fire(self, instant: datetime, summary: str) -> None:
        seconds = max((instant - self._clock.now()).total_seconds(), 0.0)
        await workflow.sleep(seconds, summary=summary)
        self._clock.reach(instant)
