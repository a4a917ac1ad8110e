"""Copies of this project's code with an edit in them, as the next release would bring it."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.replay import replaying

ROOT = Path(__file__).resolve().parent.parent.parent
_CODE = ("activities", "minutekeeper", "workflows", "worker.py")


@dataclass(frozen=True)
class Edit:
    """`old`, which must occur exactly once in the file, becomes `new`."""

    file: str
    old: str
    new: str


def copy_with(folder: Path, *edits: Edit) -> Path:
    """The code in a folder of its own, edited."""
    for name in _CODE:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, folder / name)
    for edit in edits:
        file = folder / edit.file
        text = file.read_text()
        assert text.count(edit.old) == 1, f"{edit.file} no longer has what this test edits: {edit.old!r}"
        file.write_text(text.replace(edit.old, edit.new))
    return folder


def replay_in(folder: Path, files: Iterable[Path]) -> dict[str, str]:
    """What replays differently with the code in that folder."""
    done = subprocess.run(
        [sys.executable, replaying.__file__, *map(str, files)],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    # Before its last line, Temporal's native part has logged what it did not like.
    different: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return different
