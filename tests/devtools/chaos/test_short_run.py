"""A bad day in small, with real processes: nothing is sent twice, left behind, lost or forgotten."""

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from devtools.chaos.judge import RULES
from tests.devtools.stack.processes import alive, descendants, eventually, measured_alone
from tests.system.stack import ROOT, clean_environment

pytestmark = pytest.mark.timeout(900)

MEETINGS = 60


def chaos(folder: Path) -> subprocess.Popen[str]:
    command = [*measured_alone("devtools.chaos"), "--short", "--meetings", str(MEETINGS), "--seed", "7"]
    measured = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
    return subprocess.Popen(
        [*command, "--data-dir", str(folder)],
        cwd=ROOT,
        env=clean_environment() | measured,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_sixty_meetings_survive_a_bad_day(tmp_path: Path) -> None:
    with chaos(tmp_path) as process:
        told, _ = process.communicate()
    assert process.returncode == 0, told
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["breaches"] == {name: [] for name in RULES}
    assert (report["seed"], report["booked"], sum(report["ends"].values())) == (7, MEETINGS, MEETINGS)
    process_faults = report["process_faults"]
    assert process_faults["SIGKILL worker"] >= 4
    assert process_faults["SIGKILL bridge"] >= 2
    assert process_faults["SIGSTOP worker"] >= 2
    assert process_faults["SIGKILL temporal"] + process_faults["outage temporal"] >= 2
    assert report["seconds_without_server"] >= 8
    assert sum(report["faults"].values()) > MEETINGS
    assert not list((tmp_path / "artifacts").iterdir()), "a clean run leaves nothing but its report"


def test_a_run_that_is_interrupted_leaves_no_process_behind(tmp_path: Path) -> None:
    with chaos(tmp_path) as process:
        eventually((tmp_path / "logs" / "bridge.log").exists, "the last process is started")
        started = descendants(process.pid)
        process.send_signal(signal.SIGINT)
        told, _ = process.communicate()
    assert process.returncode == 130, told
    assert len(started) >= 5
    assert not alive(started)
    assert not (tmp_path / "report.json").exists()
