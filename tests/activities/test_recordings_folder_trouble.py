"""A disk that is full, read-only or forbidden: the error says what to do, and the next attempt finishes."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from minutekeeper.meetings.collection import NEEDS_PERSON
from tests.activities.media_server import MediaServer
from tests.activities.programs import told_by

MOUNTS_OF_ITS_OWN = ("unshare", "--map-root-user", "--mount")
WITHOUT_POWERS = ("setpriv", "--bounding-set=-all", "--inh-caps=-all") if os.geteuid() == 0 else ()
"""Root writes wherever it likes, so it has to lay that down first."""


def can_mount() -> bool:
    order = [*MOUNTS_OF_ITS_OWN, "mount", "-t", "tmpfs", "tmpfs", "/tmp"]  # noqa: S108 - its own /tmp, for a moment
    return (
        shutil.which("unshare") is not None
        and subprocess.run(order, check=False, capture_output=True).returncode == 0
    )


NEEDS_MOUNTS = pytest.mark.skipif(not can_mount(), reason="needs mounts: run as root, or allow user namespaces")
NEEDS_NO_POWERS = pytest.mark.skipif(
    bool(WITHOUT_POWERS) and shutil.which("setpriv") is None,
    reason="needs setpriv to drop root's rights: apt-get install util-linux",
)
ENDINGS = {
    "body": ["m/raw/complete.json"],
    "inbox": ["inbox/1.json"],
    "recording 0": ["m/0/recording.mp4"],
    "recording 1": ["m/1/recording.mp4"],
    "recording 2": ["m/2/recording.mp4"],
    "transcript": [f"m/transcript.{form}" for form in ("json", "md", "srt", "txt", "vtt")],
    "manifest": ["m/manifest.json"],
}


@pytest.mark.parametrize(
    ("trouble", "powers", "words"),
    [
        pytest.param("full", MOUNTS_OF_ITS_OWN, "the disk is full; free some space", marks=NEEDS_MOUNTS),
        pytest.param(
            "read-only", MOUNTS_OF_ITS_OWN, "the folder is read-only; make it writable", marks=NEEDS_MOUNTS
        ),
        pytest.param(
            "forbidden",
            WITHOUT_POWERS,
            "permission denied; make the folder writable for the user of this process",
            marks=NEEDS_NO_POWERS,
        ),
    ],
)
async def test_a_folder_in_trouble_gets_nothing_and_all_of_it_afterwards(
    media_server: MediaServer, tmp_path: Path, trouble: str, powers: tuple[str, ...], words: str
) -> None:
    told = await told_by("store_troubles", str(tmp_path), media_server.link(), trouble, powers=powers)

    assert [line["what"] for line in told] == list(ENDINGS)
    for line in told:
        assert line["said"].startswith("Cannot write "), line
        assert line["said"].endswith(f": {words}"), line
        is_activity = line["what"] not in {"body", "inbox"}
        assert line["kind"] == (NEEDS_PERSON if is_activity else "StoreUnusableError"), line
        assert line["there"] == line["before"], line
        added = sorted(line["in_the_end"].keys() - line["before"].keys())
        assert [name for name in added if not name.startswith("records/")] == ENDINGS[line["what"]]
        assert any(name.startswith("records/2026/") for name in added) == (line["what"] == "manifest")
        for name, digest in line["in_the_end"].items():
            assert not name.endswith(".mp4") or digest == media_server.sha256
