import os
import subprocess
import sys
from pathlib import Path

import pytest

from devtools.stack import data_folder as folder_module
from devtools.stack.data_folder import DataFolder
from devtools.stack.errors import UsageError


def test_a_second_stack_in_the_same_folder_is_refused_and_told_by_whom(folder: DataFolder) -> None:
    with pytest.raises(UsageError, match=rf"process {os.getpid()}\).*--data-dir"):
        DataFolder(folder.path)


def test_a_folder_is_free_again_after_its_stack(tmp_path: Path) -> None:
    other = DataFolder(tmp_path / "other")
    other.close()
    DataFolder(tmp_path / "other").close()


def test_the_leftovers_of_a_killed_stack_are_waited_for(tmp_path: Path) -> None:
    killed = DataFolder(tmp_path)
    heir = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1)"], pass_fds=[killed.lock_fd])
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    os.pwrite(killed.lock_fd, f"{gone.pid}\n".encode(), 0)
    killed.close()
    DataFolder(tmp_path).close()
    assert heir.wait() == 0


def test_leftovers_that_stay_are_not_waited_for_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_module, "_LEFTOVER_SECONDS", 0.2)
    killed = DataFolder(tmp_path)
    os.truncate(killed.lock_fd, 0)
    os.pwrite(killed.lock_fd, b"999999999\n", 0)
    with pytest.raises(UsageError, match="process 999999999"):
        DataFolder(tmp_path)
    killed.close()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match=r"--data-dir .*file/data"):
        DataFolder(tmp_path / "file" / "data")


def test_the_secret_is_made_once_and_nobody_else_can_read_it(folder: DataFolder) -> None:
    secret = folder.secret()
    assert len(secret) >= 32
    assert folder.secret() == secret
    assert (folder.path / "bridge-secret").stat().st_mode & 0o777 == 0o600


def test_the_logs_of_the_last_run_are_kept_aside(folder: DataFolder) -> None:
    folder.log("worker").write_text("old")
    folder.rotate_logs()
    assert not folder.log("worker").exists()
    assert (folder.logs / "worker.log.1").read_text() == "old"


def test_a_log_that_has_grown_large_starts_again_while_it_is_written(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_module, "_MAX_LOG_BYTES", 10)
    folder.log("small").write_text("short")
    with folder.log("worker").open("ab", buffering=0) as log:
        log.write(b"much more than that\n")
        folder.truncate_logs()
        log.write(b"and on\n")
    assert folder.log("worker").read_text() == "and on\n"
    assert (folder.logs / "worker.log.1").read_text() == "much more than that\n"
    assert folder.log("small").read_text() == "short"


def test_the_tail_of_a_log_names_the_log(folder: DataFolder) -> None:
    folder.log("worker").write_text("\n".join(f"line {number}" for number in range(100)))
    tail = folder.log_tail("worker").splitlines()
    assert tail[0] == f"{folder.log('worker')}:"
    assert tail[-1] == "  line 99"
    assert len(tail) == 21
    assert folder.log_tail("bridge").endswith("bridge.log:\n  (empty)")


def test_a_crash_can_be_looked_into_after_several_restarts(tmp_path: Path) -> None:
    crash = "Traceback: the worker crashed"
    folder = DataFolder(tmp_path)
    folder.log("worker").write_text(crash)
    for run in range(4):
        folder.rotate_logs()
        folder.log("worker").write_text(f"run {run}")
        folder.log("bridge").write_text("")
    folder.close()
    assert (folder.logs / "worker.log.4").read_text() == crash
    assert (folder.logs / "worker.log.1").read_text() == "run 2"
    assert not list(folder.logs.glob("bridge.log.*"))
