import json
import os
import re
import subprocess
from pathlib import Path

import av
import pytest

from tests.devtools.stack.processes import ROOT, measured_alone

TRANSCRIPTS = {f"transcript.{form}" for form in ("json", "md", "srt", "txt", "vtt")}


def without_times(text: str) -> str:
    return re.sub(r"[0-9-]{10} [0-9:]{8} UTC", "<time>", text)


@pytest.mark.usefixtures("clean_environment")
def test_the_demo_shows_a_meeting_and_a_calendar_and_leaves_recordings_that_play(tmp_path: Path) -> None:
    done = subprocess.run(
        [*measured_alone("devtools.stack.demo"), "--speed", "200"],
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    told = [
        done.stdout.find(word) for word in ("UI: http://", "booked", "bot_sent", "in_call_recording", "complete")
    ]
    assert told == sorted(told)
    assert -1 not in told

    shown = re.findall(r"^2[0-9: -]+UTC (.*)$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert len(shown) > 2
    for line in shown:
        assert without_times(line) in without_times(done.stdout), "the README shows what the demo does not print"

    assert re.search(
        r"^  curl --oauth2-bearer mk_\S+ \\\n    http://\S+/api/v1/meetings/\S+$", done.stdout, re.MULTILINE
    )

    calendar = ("Connected", "and it is booked", "rescheduled", "Planning with Ben is completed.")
    told = [done.stdout.find(words) for words in calendar]
    assert told == sorted(told)
    assert -1 not in told

    folders = sorted((tmp_path / ".minutekeeper" / "demo" / "artifacts").glob("*/manifest.json"))
    assert [path.parent.name.startswith("cal-") for path in folders] == [False, True]
    assert done.stdout.rstrip().endswith(f"/meetings/{folders[0].parent.name}"), (
        "it ends with the page of the meeting"
    )
    for folder in (path.parent for path in folders):
        manifest = json.loads((folder / "manifest.json").read_text())
        kept = {path.name for path in folder.iterdir()}
        assert kept >= TRANSCRIPTS | {"manifest.json", "recording.mp4"}
        assert all(name in done.stdout for name in kept - {"raw"})
        assert manifest["meeting_id"] == folder.name
        with av.open(str(folder / "recording.mp4")) as recording:
            assert any(True for _ in recording.decode(video=0))


@pytest.mark.usefixtures("clean_environment")
@pytest.mark.parametrize("provider", ["meetingbaas-v2", "recall"])
def test_the_demo_shows_a_meeting_of_another_provider(tmp_path: Path, provider: str) -> None:
    done = subprocess.run(
        [*measured_alone("devtools.stack.demo"), "--speed", "200", "--provider", provider],
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    (manifest,) = (tmp_path / ".minutekeeper" / "demo" / "artifacts").glob("*/manifest.json")
    assert {path.name for path in manifest.parent.iterdir()} >= TRANSCRIPTS | {"manifest.json", "recording.mp4"}
