"""Long work of an activity that others must see alive, and that must not hold up a worker's shutdown."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any, TypeVar

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

_Result = TypeVar("_Result")

_HEARTBEAT_SECONDS = 2.0


async def with_heartbeats(work: Coroutine[Any, Any, _Result], details: Callable[[], object]) -> _Result:
    """Runs work to its end, with a heartbeat of `details()` every two seconds whatever the work waits for.

    Work that takes less than that sends none, for each one is billed. Work that can hang needs time limits of its
    own. Raises ApplicationError of the type `HandedBack`, to be retried elsewhere at once, if this worker shuts
    down before the end; the work is cancelled then, as it is when the activity itself is.
    """
    task = asyncio.create_task(work)
    shutdown = asyncio.create_task(activity.wait_for_worker_shutdown())
    try:
        while not task.done():
            await asyncio.wait({task, shutdown}, timeout=_HEARTBEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                activity.heartbeat(details())
            if shutdown.done() and not task.done():
                raise ApplicationError(
                    "this worker shuts down; another one goes on",
                    type="HandedBack",
                    next_retry_delay=timedelta(milliseconds=10),
                    category=ApplicationErrorCategory.BENIGN,
                )
        return task.result()
    finally:
        task.cancel()
        shutdown.cancel()
        await asyncio.gather(task, shutdown, return_exceptions=True)
