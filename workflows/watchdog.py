"""One timer that watches over what ought to happen."""

import asyncio
from datetime import datetime, timedelta

from temporalio import workflow

_IN_VAIN = timedelta(minutes=15)
"""A timer that strikes so early is moved: striking in vain costs events and a task, moving it two events."""


class Watchdog:
    """Every timer is billed, so one that runs is kept as long as it strikes soon enough.

    Nothing comes of one that is left running when its workflow ends, while each that is stopped costs an event.
    """

    def __init__(self) -> None:
        self._timer: asyncio.Task[None] | None = None
        self._strikes_at: datetime | None = None

    @property
    def is_running(self) -> bool:
        return self._timer is not None and not self._timer.done()

    def watch(self, instant: datetime, summary: str, *, late: timedelta = timedelta()) -> None:
        """Has the timer strike by an instant (UTC), or at most so much later; perhaps before that too."""
        running_until = self._strikes_at if self.is_running else None
        if running_until is not None and instant - _IN_VAIN <= running_until <= instant + late:
            return
        self.stop()
        seconds = max((instant - workflow.now()).total_seconds(), 0.0)
        self._timer = asyncio.create_task(workflow.sleep(seconds, summary=summary))
        self._strikes_at = instant

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
