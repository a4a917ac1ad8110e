"""Waiting for something to happen, but not beyond an instant."""

from collections.abc import Callable
from datetime import datetime, timedelta

from temporalio import workflow


async def wait_until(condition: Callable[[], bool], instant: datetime, summary: str) -> bool:
    """Whether the condition came true before the instant (UTC). `summary` is what people see on the timer."""
    seconds = (instant - workflow.now()).total_seconds()
    if seconds > 0:
        try:
            await workflow.wait_condition(condition, timeout=seconds, timeout_summary=summary)
        except TimeoutError:
            return condition()
    return condition()


async def wait(condition: Callable[[], bool], seconds: float, summary: str) -> bool:
    """Whether the condition came true within so many seconds."""
    return await wait_until(condition, workflow.now() + timedelta(seconds=seconds), summary)
