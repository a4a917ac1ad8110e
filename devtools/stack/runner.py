"""Runs the stack until a signal arrives, and says where everything is."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Coroutine
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from devtools.stack.errors import ServiceError, UsageError
from devtools.stack.simulated_accounts import DEFAULT_SIMULATED
from devtools.stack.stack import Stack, StackOptions, running_stack
from minutekeeper.process import INTERRUPTED
from starter.output import print_line

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


async def serve(options: StackOptions, *, as_json: bool) -> int:
    """Runs the stack for as long as it stays up."""
    async with running_stack(options, partial(print_line, stderr=True)) as stack:
        if as_json:
            addresses = {
                name: at
                for name, at in asdict(stack.addresses).items()
                if name not in {"temporal_http", "provider"}
            }
            sys.stdout.write(f"{json.dumps(addresses)}\n")
            sys.stdout.flush()
        else:
            introduce(stack)
        await stack.processes.run_while_healthy(asyncio.Event().wait())
    return 0


def beside_python(program: str) -> str:
    """How to call a program of this virtual environment from the current folder."""
    path = Path(sys.executable).with_name(program)
    return os.path.relpath(path) if path.exists() else program


def curl_command(stack: Stack, path: str) -> str:
    """A command that asks the API of a stack, with the key that was made for it, in lines of 80 columns."""
    return f"  curl --oauth2-bearer {stack.api_key} \\\n    {stack.addresses.web}{path}\n"


def introduce(stack: Stack) -> None:
    """Prints where everything is and what to try next."""
    at = stack.addresses
    provider = f"{at.simulator} (simulated {at.provider})" if at.simulator else "the real one"
    minutekeeper = beside_python("minutekeeper")
    print_line(
        "Minutekeeper is running; Ctrl-C stops it.\n\n"
        f"  Temporal UI   {at.ui}\n"
        f"  Temporal      {at.temporal}, namespace {at.namespace}\n"
        f"  Temporal HTTP {at.temporal_http}\n"
        f"  HTTP API      {at.web}\n"
        f"  Pages         {stack.page_link()}\n"
        "                (good once, for ten minutes; another: minutekeeper page-link)\n"
        f"  Bridge        {at.bridge}\n"
        f"  Provider      {provider}\n"
        f"  Recordings    {at.artifacts}\n"
        f"  Logs          {stack.folder.logs}\n\n"
        "Try next, in another terminal:\n\n"
        f"  set -a; . {os.path.relpath(stack.folder.environment)}; set +a\n"
        f"  {minutekeeper} schedule https://meet.google.com/abc-defg-hij --at +5m\n"
        f"  {minutekeeper} list\n\n"
        "Or over HTTP, from anywhere on this machine:\n\n"
        f"{curl_command(stack, '/api/v1/meetings')}\n"
    )
    if at.simulator and at.provider == DEFAULT_SIMULATED:
        accounts = f"{at.simulator}/_sim/calendars/accounts"
        print_line(
            "Or a calendar, with the simulated Google (more in docs/calendars.md):\n\n"
            f'  curl --json \'{{"email": "anna@example.com"}}\' {accounts} > anna.grant.json\n'
            f"  {minutekeeper} calendar connect --credentials anna.grant.json\n"
            f"  {minutekeeper} calendar list\n"
        )
