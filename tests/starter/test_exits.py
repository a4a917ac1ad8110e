"""How a process ends: with the status of its work, whatever happens to its output."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def leave(body: str, stdout: int = subprocess.PIPE) -> tuple[int, bytes, bytes]:
    script = (
        f"import sys\nfrom minutekeeper.process import run_and_exit\ndef main():\n    {body}\nrun_and_exit(main)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, stdout=stdout, stderr=subprocess.PIPE, check=False
    )
    return done.returncode, done.stdout or b"", done.stderr


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("print('done'); return 0", 0),
        ("print('done'); return 3", 3),
        ("print('done'); sys.exit(4)", 4),
        ("print('done'); sys.exit()", 0),
    ],
)
def test_the_status_is_that_of_the_work_and_nothing_printed_is_lost(body: str, code: int) -> None:
    assert leave(body) == (code, b"done\n", b"")


def test_a_farewell_in_words_is_a_1() -> None:
    assert leave("sys.exit('no such thing')") == (1, b"", b"no such thing\n")


def test_the_farewell_of_the_interpreter_is_left_out() -> None:
    assert leave("import atexit; atexit.register(print, 'spoiled'); return 0") == (0, b"", b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full disk to write to")
def test_output_that_did_not_fit_is_no_success() -> None:
    with Path("/dev/full").open("wb") as full:
        assert leave("print('done'); return 0", full.fileno())[0] == 1


@pytest.mark.parametrize("closed", ["1", "2", "1 2"])
def test_closed_output_is_no_trouble(closed: str) -> None:
    script = "from minutekeeper.process import run_and_exit\nrun_and_exit(lambda: print('done') or 3)"
    closing = " ".join(f"{each}>&-" for each in closed.split())
    shell = ["/bin/sh", "-c", f'"$@" {closing}', "sh", sys.executable, "-c", script]
    done = subprocess.run(shell, cwd=ROOT, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (3, b"")


def test_a_process_with_a_thread_that_hangs_ends_within_its_time() -> None:
    began = time.monotonic()
    hangs = "exit_within(1); import threading; threading.Thread(target=threading.Event().wait).start(); "
    script = f"from minutekeeper.process import exit_within; {hangs} threading.Event().wait()"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, check=False, timeout=60)
    assert done.returncode == 1
    assert b"not stopped within 1 seconds" in done.stderr
    assert time.monotonic() - began < 30
