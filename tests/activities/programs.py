"""Programs of these tests, which run in processes of their own."""

import asyncio
import json
import os
import sys
from typing import Any


async def told_by(module: str, *arguments: str, powers: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """What a program wrote, one line of JSON each; `powers` is a command that starts it with others than ours.

    Its coverage is not measured, which would double the work of a hundred processes: it runs what other tests run.
    """
    process = await asyncio.create_subprocess_exec(
        *powers,
        *(sys.executable, "-m", f"tests.activities.{module}", *arguments),
        env={name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    return [json.loads(line) for line in output.splitlines()]
