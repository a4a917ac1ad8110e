"""Plays histories again with the code that is on Python's path: `python replaying.py FILE …` tells by JSON."""

import asyncio
import json
import sys
from collections.abc import Iterable
from pathlib import Path

from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from minutekeeper.process import run_and_exit
from minutekeeper.temporal.worker_connection import plugin
from workflows.calendar import CalendarWorkflow
from workflows.calendar_health import CalendarHealthWorkflow
from workflows.meeting import MeetingWorkflow


async def replay(files: Iterable[Path]) -> dict[str, str]:
    """What went differently, by the files' names; nothing for a history that came out the same."""
    kinds = [MeetingWorkflow, CalendarWorkflow, CalendarHealthWorkflow]
    replayer = Replayer(workflows=kinds, plugins=[plugin()])
    different = {}
    for file in files:
        result = await replayer.replay_workflow(load(file), raise_on_replay_failure=False)
        if result.replay_failure is not None:
            different[file.name] = str(result.replay_failure)
    return different


def load(file: Path) -> WorkflowHistory:
    text = file.read_text()
    started = json.loads(text)["events"][0]["workflowExecutionStartedEventAttributes"]
    return WorkflowHistory.from_json(started["workflowId"], text)


def main() -> int:
    different = asyncio.run(replay(Path(name) for name in sys.argv[1:]))
    sys.stdout.write(f"{json.dumps(different)}\n")
    return 0


if __name__ == "__main__":
    run_and_exit(main)
