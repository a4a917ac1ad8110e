"""From the command line to the exit status: what runs ends cleanly at a signal, and errors are sentences."""

import asyncio
import signal
import sys
from collections.abc import Coroutine
from typing import Any

from embedded.errors import ServiceError, UsageError
from runtime.exits import INTERRUPTED

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run_to_exit_status(work: Coroutine[Any, Any, int], *, when_stopped: int) -> int:
    """Runs to the end and returns the exit status.

    That is what the work returns, `when_stopped` if a signal asked it to stop, 130 if that was Ctrl-C, 1 if a
    service failed, and 2 if something was asked for that cannot be.
    """
    received: list[signal.Signals] = []
    try:
        return asyncio.run(_cancelled_by_signal(work, received))
    except asyncio.CancelledError:
        if signal.SIGINT not in received:
            return when_stopped
        sys.stderr.write("Interrupted.\n")
        return INTERRUPTED
    except ServiceError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except UsageError as error:
        sys.stderr.write(f"{error}\n")
        return 2


async def _cancelled_by_signal(work: Coroutine[Any, Any, int], received: list[signal.Signals]) -> int:
    loop = asyncio.get_running_loop()
    task = loop.create_task(work)

    def stop(number: signal.Signals) -> None:
        received.append(number)
        # Once: a second Ctrl-C must not interrupt the stopping.
        for each in _STOP_SIGNALS:
            loop.add_signal_handler(each, lambda: None)
        task.cancel()

    for each in _STOP_SIGNALS:
        loop.add_signal_handler(each, stop, each)
    return await task
