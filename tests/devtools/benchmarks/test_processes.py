import os
import subprocess
import sys

from devtools.benchmarks.processes import usage


def test_the_leader_of_a_group_does_not_count_and_its_members_do() -> None:
    inner = "import sys; block = bytearray(50_000_000); print('up', flush=True); sys.stdin.read()"
    outer = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}])"
    leader = subprocess.Popen(
        [sys.executable, "-c", outer],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with leader:
        assert leader.stdout is not None
        assert leader.stdin is not None
        assert leader.stdout.readline() == "up\n"
        used = usage(os.getpgid(leader.pid))
        leader.stdin.close()
    assert used.memory > 50_000_000
    assert used.cpu >= 0


def test_a_group_that_is_gone_uses_nothing() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""], start_new_session=True)
    process.wait()
    assert usage(process.pid).memory == 0
