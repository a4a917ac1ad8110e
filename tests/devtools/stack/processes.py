"""Looking at the processes of the machine, as the tests that must leave none behind do."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent.parent


def measured_alone(module: str) -> tuple[str, ...]:
    """Runs a module so that its own coverage is measured, but not that of the processes which it starts."""
    code = (
        "import os, runpy; os.environ.pop('COVERAGE_PROCESS_CONFIG', None); "
        f"runpy.run_module({module!r}, run_name='__main__', alter_sys=True)"
    )
    return sys.executable, "-c", code


def descendants(ancestor: int) -> dict[int, str]:
    """The processes that a process started, and those that these started: command lines by process id."""
    known = _processes()
    found: dict[int, str] = {}
    parents = {ancestor}
    while parents:
        parents = {pid for pid, (parent, _) in known.items() if parent in parents} - found.keys()
        found |= {pid: known[pid][1] for pid in parents}
    return found


def alive(pids: dict[int, str]) -> dict[int, str]:
    """Those that still run, under the same command line."""
    known = _processes()
    return {pid: args for pid, args in pids.items() if pid in known and known[pid][1] == args}


def eventually(condition: Callable[[], bool], what: str, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"{what}: not within {seconds:g} s")
        time.sleep(0.05)


def _processes() -> dict[int, tuple[int, str]]:
    """Parent and command line by process id, less the dead that nobody has buried yet."""
    listed = subprocess.run(
        ["ps", "-A", "-ww", "-o", "pid=,ppid=,stat=,args="],  # noqa: S607 - wherever the system keeps it
        check=True,
        capture_output=True,
        text=True,
    )
    rows = (line.split(None, 3) for line in listed.stdout.splitlines())
    return {int(row[0]): (int(row[1]), row[3]) for row in rows if len(row) == 4 and row[2][0] != "Z"}
