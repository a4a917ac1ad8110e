import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from devtools.stack.data_folder import DataFolder


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[DataFolder]:
    folder = DataFolder(tmp_path / "data")
    yield folder
    folder.close()


@pytest.fixture
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """An environment, and a current folder, without any setting of ours."""
    for name in list(os.environ):
        if name.startswith(("MEETINGBAAS_", "BRIDGE_", "ARTIFACTS_", "MINUTEKEEPER_", "TEMPORAL_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return monkeypatch
