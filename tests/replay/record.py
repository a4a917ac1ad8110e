"""Records histories: `python -m tests.replay.record VERSION [PATH …]`, every path unless some are named."""

import argparse
import asyncio
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from temporalio.client import WorkflowHandle

from minutekeeper.process import run_and_exit
from tests.replay.compacting import compact
from tests.replay.paths import PATHS
from tests.replay.recorder import Recorded, Recorder, recording_environment

HISTORIES = Path(__file__).resolve().parent.parent / "histories"
_SECONDS = 60.0


async def record(folder: Path, names: Sequence[str]) -> None:
    """Records each path once; a history that was cut off becomes several files."""
    async with recording_environment() as env:
        for name in names:
            recorded = await asyncio.wait_for(PATHS[name](Recorder(env)), _SECONDS)
            for number, history in enumerate(await _runs(recorded)):
                part = f"-{number + 1}" if number else ""
                (folder / f"{name}{part}.json").write_text(compact(history))
            sys.stdout.write(f"{name}\n")


async def _runs(recorded: Recorded) -> list[str]:
    histories = []
    run = recorded.handle.first_execution_run_id
    while run:
        handle: WorkflowHandle[Any, Any] = recorded.env.client.get_workflow_handle(recorded.handle.id, run_id=run)
        history = await handle.fetch_history()
        histories.append(history.to_json())
        run = history.events[-1].workflow_execution_continued_as_new_event_attributes.new_execution_run_id
    return histories


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.replay.record", description="Records histories.")
    parser.add_argument("version", help="The release whose code is recorded, as in minutekeeper/__init__.py.")
    parser.add_argument("path", nargs="*", help="Only these paths, instead of all.")
    arguments = parser.parse_args(argv)
    if unknown := set(arguments.path) - set(PATHS):
        parser.error(f"no such path: {', '.join(sorted(unknown))}; there are {', '.join(PATHS)}")
    # The failures that the paths are about would fill the screen.
    logging.disable(logging.WARNING)
    folder = HISTORIES / arguments.version
    folder.mkdir(parents=True, exist_ok=True)
    if not arguments.path:
        # A path that is no longer cut off, or no longer there, must leave no old history behind.
        for file in folder.glob("*.json"):
            file.unlink()
    asyncio.run(record(folder, arguments.path or list(PATHS)))
    return 0


if __name__ == "__main__":
    run_and_exit(main)
