import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from tests.devtools.stack.processes import ROOT, alive, descendants, eventually

FOREVER = (sys.executable, "-c", "import time; time.sleep(600)")
STUBBORN = (sys.executable, "-c", "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(600)")
WITH_CHILD = (sys.executable, "-c", f"import subprocess; subprocess.run({STUBBORN!r})")


IMPATIENT = (
    "import sys; from devtools.stack import process_guard as leash; leash.GRACE_SECONDS = 0.1; "
    "sys.exit(leash.main(sys.argv))"
)


@contextmanager
def on_leash(*command: str, parts: int = 1) -> Iterator[tuple[subprocess.Popen[bytes], dict[int, str]]]:
    """A leash in a group of its own, and the processes that it holds once all are there."""
    process = subprocess.Popen(
        [sys.executable, "-c", IMPATIENT, "--", *command],
        stdin=subprocess.PIPE,
        cwd=ROOT,
        start_new_session=True,
    )
    try:
        eventually(lambda: list(descendants(process.pid).values()).count(" ".join(command)) == 1, "the command")
        eventually(lambda: len(descendants(process.pid)) >= parts, "all of its processes")
        yield process, descendants(process.pid)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert process.stdin
        process.stdin.close()


@pytest.mark.parametrize(
    ("code", "status"), [("raise SystemExit(7)", 7), ("import os; os.kill(os.getpid(), 9)", 137)]
)
def test_the_exit_status_is_that_of_the_command(code: str, status: int) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "devtools.stack.process_guard", "--", sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        cwd=ROOT,
    ) as process:
        assert process.wait() == status


def test_the_command_ends_when_whoever_holds_the_pipe_is_gone() -> None:
    with on_leash(*FOREVER) as (process, held):
        assert process.stdin
        process.stdin.close()
        eventually(lambda: not alive(held), "the end of the command")


def test_a_command_that_does_not_stop_is_killed_with_all_it_started() -> None:
    with on_leash(*WITH_CHILD, parts=2) as (process, held):
        assert process.stdin
        process.stdin.close()
        eventually(lambda: not alive(held), "the end of the command and of its child")


def test_the_leash_outlives_a_signal_to_its_group_until_the_command_has_ended() -> None:
    code = "import signal, time; signal.signal(15, lambda *_: exit(3)); print('up', flush=True); time.sleep(600)"
    process = subprocess.Popen(
        [sys.executable, "-m", "devtools.stack.process_guard", "--", sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        start_new_session=True,
    )
    with process:
        assert process.stdout
        assert process.stdout.readline() == b"up\n"
        os.killpg(process.pid, signal.SIGTERM)
        assert process.wait() == 3


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux kills the command of a leash that was killed")
def test_a_killed_leash_takes_the_command_with_it() -> None:
    with on_leash(*FOREVER) as (process, held):
        process.kill()
        eventually(lambda: not alive(held), "the end of the command")
