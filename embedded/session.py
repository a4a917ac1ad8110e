"""What `minutekeeper dev` shows: where everything answers, for people or for programs."""

import asyncio
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from embedded.stack import Options, Stack, running_stack


async def serve(options: Options, *, as_json: bool) -> int:
    """Runs the stack for as long as it stays up."""
    screen = Console(stderr=True, soft_wrap=True, highlight=False)
    async with running_stack(options, screen.print) as stack:
        if as_json:
            sys.stdout.write(f"{json.dumps(asdict(stack.addresses))}\n")
            sys.stdout.flush()
        else:
            _introduce(stack)
        await stack.keep(asyncio.Event().wait())
    return 0


def beside_python(program: str) -> str:
    """How to call a program of this virtual environment from the current folder."""
    path = Path(sys.executable).with_name(program)
    return os.path.relpath(path) if path.exists() else program


def _introduce(stack: Stack) -> None:
    at = stack.addresses
    places = Table(box=None, show_header=False, padding=(0, 2))
    places.add_row("Temporal UI", at.ui)
    places.add_row("Temporal", f"{at.temporal}, namespace {at.namespace}")
    places.add_row("Bridge", at.bridge)
    places.add_row("Meeting BaaS", f"{at.simulator} (simulated)" if at.simulator else "the real one")
    places.add_row("Recordings", at.artifacts)
    places.add_row("Logs", str(stack.folder.logs))
    minutekeeper = beside_python("minutekeeper")
    screen = Console(soft_wrap=True, highlight=False)
    screen.print("Minutekeeper is running; Ctrl-C stops it.\n")
    screen.print(places, crop=False)
    screen.print(
        "\nTry next, in another terminal:\n\n"
        f"  export TEMPORAL_ADDRESS={at.temporal} ARTIFACTS_URL={at.artifacts}\n"
        f"  {minutekeeper} schedule https://meet.google.com/abc-defg-hij --at +5m\n"
        f"  {minutekeeper} list\n"
    )
