"""The stack as its users have it: real processes on free ports, in a folder of their own."""

import asyncio
import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from devtools.stack.stack import StackOptions, running_stack
from devtools.stack.temporal_server import find_executable
from minutekeeper.temporal.search_attributes import ALL_KEYS
from tests.devtools.stack.processes import ROOT, alive, descendants, eventually, measured_alone

FREE_PORTS = (
    "--temporal-port=0",
    "--temporal-http-port=0",
    "--ui-port=0",
    "--bridge-port=0",
    "--web-port=0",
    "--simulator-port=0",
)

Start = Callable[..., "Dev"]


class Dev:
    """`minutekeeper dev` in a session of its own, as a terminal would have it."""

    def __init__(self, data_dir: Path, *arguments: str) -> None:
        self.data_dir = data_dir
        self.process = subprocess.Popen(
            [*measured_alone("devtools.stack"), "--json", "--data-dir", str(data_dir), *arguments],
            cwd=data_dir.parent,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
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


def leash_of(held: dict[int, str], command: str) -> int:
    return next(pid for pid, args in held.items() if "devtools.stack.process_guard" in args and command in args)


def test_a_session_from_its_start_to_ctrl_c(start: Start, tmp_path: Path) -> None:
    dev = start()
    at = dev.addresses()
    assert set(at) == {"temporal", "namespace", "ui", "bridge", "web", "simulator", "artifacts"}
    assert at["namespace"] == "default"
    assert at["artifacts"] == (dev.data_dir / "artifacts").as_uri()
    for url in (at["ui"], f"{at['bridge']}/readyz", f"{at['simulator']}/_sim/ledger"):
        assert status_of(url) == 200

    attributes = temporal(at["temporal"], "operator", "search-attribute", "list")
    assert all(key.name in attributes for key in ALL_KEYS)
    assert "720h0m0s" in temporal(at["temporal"], "operator", "namespace", "describe", "--namespace", "default")

    status, _, err = start().end()
    assert status == 2
    assert f"in use by another stack (process {dev.process.pid})" in err
    bridge_port = at["bridge"].rpartition(":")[2]
    status, out, err = start(*FREE_PORTS, f"--ui-port={bridge_port}", data_dir=tmp_path / "other").end()
    assert (status, out) == (2, "")
    assert f"Port {bridge_port} cannot be used" in err
    assert "--ui-port" in err

    held = descendants(dev.process.pid)
    assert len(held) == 10
    os.kill(leash_of(held, "-m bridge"), signal.SIGKILL)
    eventually(lambda: "-m bridge" not in str(alive(held)), "the end of the first bridge")
    eventually(lambda: "-m bridge" in str(descendants(dev.process.pid)), "the second bridge")
    held |= descendants(dev.process.pid)

    os.killpg(dev.process.pid, signal.SIGINT)
    status, out, err = dev.end()
    assert (status, out) == (130, "")
    assert err.startswith("bridge ended unexpectedly")
    assert err.splitlines()[1:] == ["Interrupted."]
    assert not alive(held)


async def test_data_survive_and_nobody_survives_a_killed_stack(start: Start, tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    async with running_stack(StackOptions(data_dir), print) as stack:
        booking = ("workflow", "start", "--type", "Kept", "--task-queue", "nobody", "--workflow-id", "kept")
        await stack.processes.run_while_healthy(asyncio.to_thread(temporal, stack.addresses.temporal, *booking))

    dev = start()
    assert "kept" in temporal(dev.addresses()["temporal"], "workflow", "list")
    held = descendants(dev.process.pid)
    dev.process.kill()
    eventually(lambda: not alive(held), "the end of everything that the killed stack had started")


def test_a_stack_that_is_stopped_while_it_starts_leaves_nothing_behind(start: Start) -> None:
    dev = start()
    eventually(lambda: len(descendants(dev.process.pid)) >= 2, "the first service")
    held = descendants(dev.process.pid)
    dev.process.terminate()
    assert dev.end() == (0, "", "")
    assert not alive(held)


def test_a_service_that_cannot_start_fails_the_stack_with_its_log(start: Start, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "temporal.db").write_text("This is no database, however long one looks at it. " * 100)
    dev = start()
    status, out, err = dev.end()
    assert (status, out) == (1, "")
    restarts, _, end = err.partition("temporal ended at once (status 1), 4 times in a row.\n")
    assert restarts.count("starting it again") == 3
    assert end.startswith(f"{dev.data_dir}/logs/temporal.log:\n  ")
    assert "not a database" in end
    assert not descendants(dev.process.pid)


def test_the_real_api_without_a_key_is_refused(start: Start) -> None:
    status, out, err = start(*FREE_PORTS, "--no-simulator").end()
    assert (status, out) == (2, "")
    assert "MEETINGBAAS_API_KEY" in err
