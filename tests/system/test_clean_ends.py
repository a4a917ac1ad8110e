"""Starts and stops at random moments: whatever a process is in the middle of, it ends as if asked politely.

Few of each by default; `CLEAN_ENDS=100` in the environment makes it a hundred.
"""

import asyncio
import os
import random
import re
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio.client import Client

from devtools.stack.ports import claim_ports
from devtools.stack.temporal_server import server_command
from tests.devtools.stack.processes import alive, descendants, eventually
from tests.system.stack import KEY, ROOT, clean_environment

TIMES = int(os.environ.get("CLEAN_ENDS", "3"))

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(60 + 70 * TIMES),
]

LONGEST_START_SECONDS = 4.0
_PORTS = ("--temporal-port=0", "--ui-port=0", "--bridge-port=0", "--web-port=0", "--simulator-port=0")
COMMANDS = {
    "worker": ("-m", "worker"),
    "bridge": ("-m", "bridge"),
    "dev": ("-m", "devtools.stack", "--json", "--data-dir", "stack", *_PORTS),
}
_INTERRUPTED = 130
"""What `dev` ends with after Ctrl-C, as every command of the command line does."""
GRACE_SECONDS = {"worker": 40, "bridge": 20, "dev": 60}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def temporal(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    ports = claim_ports({"port": 0, "http": 0, "ui": 0})
    folder = tmp_path_factory.mktemp("temporal")
    process = await asyncio.create_subprocess_exec(
        *server_command(
            port=ports["port"], http_port=ports["http"], ui_port=ports["ui"], database=folder / "temporal.db"
        ),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    address = f"127.0.0.1:{ports['port']}"
    for _ in range(100):
        with suppress(RuntimeError):
            await Client.connect(address)
            break
        await asyncio.sleep(0.1)
    yield address
    process.terminate()
    await process.wait()


@pytest.mark.parametrize("name", COMMANDS)
async def test_a_stop_at_any_moment_ends_well_and_leaves_nobody_behind(
    name: str, temporal: str, tmp_path: Path
) -> None:
    moments = random.Random(name)  # noqa: S311 - moments, not secrets
    for turn in range(TIMES):
        after = moments.uniform(0, LONGEST_START_SECONDS)
        with (tmp_path / "log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, *COMMANDS[name]),
                cwd=tmp_path,
                env=_environment(temporal, tmp_path),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        # Before that Python itself is not up, and no code of ours can have a say.
        eventually(partial(_hears_signals, process.pid), "it hears signals")
        await asyncio.sleep(after)
        family = descendants(process.pid)
        number = moments.choice([signal.SIGTERM, signal.SIGINT])
        process.send_signal(number)
        try:
            status = await asyncio.wait_for(process.wait(), GRACE_SECONDS[name])
        except TimeoutError:
            process.kill()
            status = None
        seen = f"turn {turn}, told to stop after {after:.2f} s: {(tmp_path / 'log').read_text()[-2000:]}"
        assert status == (_INTERRUPTED if name == "dev" and number is signal.SIGINT else 0), seen
        eventually(partial(_are_gone, family), f"its children end too; {seen}")


def _hears_signals(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        time.sleep(1)  # Other systems do not tell.
        return True
    caught = re.search(r"^SigCgt:\s*([0-9a-f]+)$", status.read_text(), re.MULTILINE)
    return caught is not None and bool(int(caught[1], 16) >> (signal.SIGTERM - 1) & 1)


def _are_gone(family: dict[int, str]) -> bool:
    return not alive(family)


def _environment(temporal: str, folder: Path) -> dict[str, str]:
    return clean_environment() | {
        "TEMPORAL_ADDRESS": temporal,
        "ARTIFACTS_URL": (folder / "artifacts").as_uri(),
        "BRIDGE_PUBLIC_URL": "http://127.0.0.1:1",
        "BRIDGE_SECRET": "a secret of this test with enough letters",
        "MEETINGBAAS_API_KEY": KEY,
        "MEETINGBAAS_BASE_URL": "http://127.0.0.1:1",
        "MINUTEKEEPER_BRIDGE_PORT": "0",
        "PYTHONPATH": str(ROOT),
    }
