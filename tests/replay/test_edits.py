"""What the fingerprint says of edits is what happens to recorded meetings."""

from pathlib import Path

from tests.replay.copies import copy_with, replay_in
from tests.replay.edits import GUARDED, HARMLESS, UNGUARDED
from tests.replay.record import HISTORIES

FILES = sorted(HISTORIES.glob("*/*.json"))


def asleep(file: Path, folder: Path) -> Path:
    """The beginning of a recorded meeting, up to its first timer: since then it sleeps."""
    lines = file.read_text().splitlines()
    until = next(number for number, line in enumerate(lines) if "EVENT_TYPE_TIMER_STARTED" in line)
    beginning = folder / "asleep.json"
    beginning.write_text("\n".join([*lines[:until], lines[until].rstrip(","), "]}"]))
    return beginning


def test_an_edit_without_a_patch_breaks_a_sleeping_meeting(tmp_path: Path) -> None:
    code = copy_with(tmp_path / "code", UNGUARDED)
    sleeper = asleep(FILES[0].parent / "completed.json", tmp_path)
    assert "Nondeterminism" in replay_in(code, [sleeper])["asleep.json"]


def test_the_same_edit_behind_a_patch_breaks_nothing(tmp_path: Path) -> None:
    sleeper = asleep(FILES[0].parent / "completed.json", tmp_path)
    assert replay_in(copy_with(tmp_path / "code", GUARDED), [sleeper, *FILES]) == {}


def test_what_the_fingerprint_calls_harmless_is_harmless(tmp_path: Path) -> None:
    assert replay_in(copy_with(tmp_path, *HARMLESS.values()), FILES) == {}
