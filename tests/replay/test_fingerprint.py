"""The fingerprint objects to what breaks sleeping meetings, in words that help, and to nothing else."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.replay.copies import ROOT, Edit, copy_with
from tests.replay.edits import BREAKING, GUARDED, HARMLESS, OLD_WAY_KEPT, OTHER_RULES
from tests.replay.fingerprint import baseline

pytestmark = pytest.mark.no_cover


def test_the_fingerprint_is_the_recorded_one() -> None:
    objection = baseline.objection(ROOT)
    assert not objection, f"\n{objection}"


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the fingerprint of the code as it is, be it the recorded one or not."""
    folder = tmp_path_factory.mktemp("fingerprint")
    baseline.write(ROOT, folder)
    return folder


@pytest.mark.parametrize("edit", BREAKING.values(), ids=BREAKING.keys())
def test_what_breaks_sleeping_meetings_is_objected_to(recorded: Path, tmp_path: Path, edit: Edit) -> None:
    objection = baseline.objection(copy_with(tmp_path, edit), recorded)
    assert objection.startswith("This edit changes what meetings ask of Temporal, or in which order")
    assert re.search(r"^    [+-] ", objection, re.MULTILINE), "it shows the lines"
    for help_ in ("stand still", 'if workflow.patched("', "make fingerprint", "docs/workflow-changes.md"):
        assert help_ in objection


@pytest.mark.parametrize("edit", OLD_WAY_KEPT.values(), ids=OLD_WAY_KEPT.keys())
def test_a_patch_that_keeps_the_old_way_is_recognised(recorded: Path, tmp_path: Path, edit: Edit) -> None:
    objection = baseline.objection(copy_with(tmp_path, edit), recorded)
    assert "leaves the old way whole" in objection
    assert "make fingerprint" in objection


@pytest.mark.parametrize("edit", OTHER_RULES.values(), ids=OTHER_RULES.keys())
def test_another_rule_is_told_apart_from_another_order(recorded: Path, tmp_path: Path, edit: Edit) -> None:
    objection = baseline.objection(copy_with(tmp_path, edit), recorded)
    assert objection.startswith("This edit changes rules by which meetings decide")
    assert "hand the answer to the rule" in objection


@pytest.mark.parametrize("edit", HARMLESS.values(), ids=HARMLESS.keys())
def test_nothing_is_said_about_what_no_replay_notices(recorded: Path, tmp_path: Path, edit: Edit) -> None:
    assert not baseline.objection(copy_with(tmp_path, edit), recorded)


def test_a_recorded_edit_is_not_objected_to_again(tmp_path: Path) -> None:
    edited = copy_with(tmp_path / "code", GUARDED)
    baseline.write(edited, tmp_path)
    assert not baseline.objection(edited, tmp_path)


def test_it_needs_nothing_but_the_standard_library() -> None:
    code = (
        "import sys; sys.path.insert(0, ''); from tests.replay.fingerprint.taking import take, Path; take(Path())"
    )
    subprocess.run([sys.executable, "-I", "-S", "-c", code], cwd=ROOT, check=True)
