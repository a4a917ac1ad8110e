"""The stack as its users have it: real processes on free ports, in a folder of their own."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from embedded.ports import claim_ports
from embedded.stack import Options, running_stack
from embedded.temporal_server import find_executable
from tests.embedded.processes import ROOT, alive, descendants, eventually
from workflows.attributes import ALL_KEYS

FREE_PORTS = ("--temporal-port=0", "--ui-port=0", "--bridge-port=0", "--simulator-port=0")

Start = Callable[..., "Dev"]


class Dev:
    """`minutekeeper dev` in a session of its own, as a terminal would have it."""

    def __init__(self, data_dir: Path, *arguments: str) -> None:
        self.data_dir = data_dir
        self.process = subprocess.Popen(
            [sys.executable, "-m", "embedded", "--json", "--data-dir", str(data_dir), *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def addresses(self) -> dict[str, Any]:
        """Waits until everything answers."""
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line, self.process.communicate()[1]
        parsed: dict[str, Any] = json.loads(line)
        return parsed

    def end(self) -> tuple[int, str, str]:
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out, err


@pytest.fixture
def start(tmp_path: Path, clean_environment: pytest.MonkeyPatch) -> Iterator[Start]:
    del clean_environment
    started: list[Dev] = []

    def start(*arguments: str, data_dir: Path = tmp_path / "data") -> Dev:
        started.append(Dev(data_dir, *(arguments or FREE_PORTS)))
        return started[-1]

    yield start
    for each in started:
        with suppress(ProcessLookupError):
            each.process.kill()
        each.process.communicate()


def temporal(address: str, *arguments: str) -> str:
    done = subprocess.run(
        [find_executable(), *arguments, "--address", address], check=True, capture_output=True, text=True
    )
    return done.stdout


def status_of(url: str) -> int:
    with urlopen(url, timeout=5) as response:  # noqa: S310 - addresses of this test's own processes
        status: int = response.status
        return status


def pid_of(held: dict[int, str], command: str) -> int:
    """The leash that holds a command."""
    return next(pid for pid, args in held.items() if "embedded.leash" in args and command in args)
