import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from devtools.stack.data_folder import DataFolder
from devtools.stack.environment import Addresses
from devtools.stack.runner import beside_python, introduce
from devtools.stack.stack import Stack
from devtools.stack.supervisor import ProcessGroup
from minutekeeper.page_links import read_page_link

ADDRESSES = Addresses(
    temporal="127.0.0.1:1",
    namespace="default",
    temporal_http="http://127.0.0.1:5",
    ui="http://127.0.0.1:2",
    bridge="http://127.0.0.1:3",
    web="http://127.0.0.1:6",
    simulator="http://127.0.0.1:4",
    artifacts="file:///a/rather/long/path/" + "that/must/not/be/cut/" * 8,
)


def test_a_shell_can_take_over_the_environment(folder: DataFolder) -> None:
    folder.write_environment({"A": "plain", "B": "with 'quotes' and $dollars"})
    command = f'set -a; . "{folder.environment}"; set +a; printf "%s|%s" "$A" "$B"'
    read = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=True)
    assert read.stdout == "plain|with 'quotes' and $dollars"
    assert folder.environment.stat().st_mode & 0o077 == 0


def test_people_are_shown_every_place_whole_and_what_to_try(
    folder: DataFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    key = folder.new_api_key()
    introduce(Stack(ADDRESSES, folder, ProcessGroup(folder, print), "s" * 32, key))
    shown = capsys.readouterr().out
    places = (ADDRESSES.ui, ADDRESSES.bridge, ADDRESSES.web, ADDRESSES.simulator, ADDRESSES.artifacts)
    token = re.search(rf"{ADDRESSES.web}/sign-in/link\?token=(\S+)", shown)
    assert token
    assert read_page_link(["s" * 32], token[1])
    for place in (*places, str(folder.logs)):
        assert f"{place}" in shown
    assert f". {os.path.relpath(folder.environment)}" in shown
    assert "schedule https://" in shown
    assert f"  curl --oauth2-bearer {key} \\\n    {ADDRESSES.web}/api/v1/meetings\n" in shown
    own = (
        token[1],
        str(folder.logs),
        os.path.relpath(folder.environment),
        ADDRESSES.artifacts,
        "calendars/accounts",
    )
    assert [line for line in shown.splitlines() if len(line) > 80 and not any(each in line for each in own)] == []


def test_programs_of_the_virtual_environment_are_called_where_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "minutekeeper").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python"))
    assert beside_python("minutekeeper") == "bin/minutekeeper"
    assert beside_python("something") == "something"
