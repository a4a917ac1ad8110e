"""Runs long work of an activity with heartbeats, and stops it when the worker shuts down."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any, TypeVar

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

_Result = TypeVar("_Result")

_HEARTBEAT_SECONDS = 2.0


async def with_heartbeats(work: Coroutine[Any, Any, _Result], details: Callable[[], object]) -> _Result:
    """Runs `work` to its end and sends `details()` as heartbeat every two seconds.

    Shorter work sends no heartbeat, because each one is billed. Work that can hang needs timeouts of its own. If
    this worker shuts down first, or the activity is cancelled, the work is cancelled; a shutdown raises
    ApplicationError of the type `HandedBack`, so that another worker retries at once.
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
