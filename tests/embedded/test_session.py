import sys
from pathlib import Path

import pytest

from embedded.environment import Addresses
from embedded.folder import DataFolder
from embedded.session import beside_python, introduce
from embedded.stack import Stack

ADDRESSES = Addresses(
    temporal="127.0.0.1:1",
    namespace="default",
    ui="http://127.0.0.1:2",
    bridge="http://127.0.0.1:3",
    simulator="http://127.0.0.1:4",
    artifacts="file:///a/rather/long/path/" + "that/must/not/be/cut/" * 8,
)


def test_people_are_shown_every_place_whole_and_what_to_try(
    folder: DataFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    introduce(Stack(ADDRESSES, folder, print))
    shown = capsys.readouterr().out
    for place in (ADDRESSES.ui, ADDRESSES.bridge, ADDRESSES.simulator, ADDRESSES.artifacts, str(folder.logs)):
        assert f"{place}" in shown
    assert f"export TEMPORAL_ADDRESS=127.0.0.1:1 ARTIFACTS_URL={ADDRESSES.artifacts}\n" in shown
    assert "schedule https://" in shown


def test_programs_of_the_virtual_environment_are_called_where_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "minutekeeper").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python"))
    assert beside_python("minutekeeper") == "bin/minutekeeper"
    assert beside_python("something") == "something"
