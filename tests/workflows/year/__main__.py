import argparse
import asyncio
import logging
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from temporalio.testing import TimeSkippingConfig, WorkflowEnvironment

from minutekeeper.process import run_and_exit
from minutekeeper.temporal import search_attributes
from tests.workflows.conftest import temporal_binary
from tests.workflows.year.verdict import Verdict, live_through


async def _whole_year(seed: int, events: int, days: float) -> Verdict:
    async with await WorkflowEnvironment.start_time_skipping_v2(
        ts_config=TimeSkippingConfig(enabled=False),
        dev_server_existing_path=temporal_binary(),
        dev_server_extra_args=["--dynamic-config-value", "frontend.WorkflowTimeSkippingEnabled=true"],
        search_attributes=list(search_attributes.ALL_KEYS),
    ) as env:
        with tempfile.TemporaryDirectory() as folder:
            return await live_through(env, Path(folder), seed, events, timedelta(days=days))


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.workflows.year", description="Lives a calendar's year.")
    parser.add_argument("--seed", type=int, default=7, help="the same one plans the same changes again")
    parser.add_argument("--events", type=int, default=200)
    parser.add_argument("--days", type=float, default=365)
    arguments = parser.parse_args(argv)
    # The troubles that the year is about would fill the screen.
    logging.disable(logging.CRITICAL)
    began = time.monotonic()
    verdict = asyncio.run(_whole_year(arguments.seed, arguments.events, arguments.days))
    for name, count in sorted(verdict.counts.items()):
        sys.stdout.write(f"{count:8,} {name}\n")
    sys.stdout.write(f"{verdict.longest_run:8,} events in the longest run of the calendar's workflow\n")
    sys.stdout.write(f"{time.monotonic() - began:8,.0f} seconds\n")
    for what in ("missing", "unexpected", "overdue"):
        sys.stdout.write(f"{what}: {getattr(verdict, what) or 'none'}\n")
    sys.stdout.write("".join(f"{tale}\n" for tale in verdict.tales))
    return int(not verdict.is_good)


if __name__ == "__main__":
    run_and_exit(main)
