"""Recorded meetings come out the same when they are played again, and nothing that can happen to one is missing."""

import re
import sys
import tempfile
from pathlib import Path

import pytest

from minutekeeper import __version__
from minutekeeper.meetings.status import FailureReason, MeetingStatus
from tests.replay.copies import ROOT
from tests.replay.fingerprint.taking import take
from tests.replay.paths import PATHS
from tests.replay.paths.changes import REFUSED, UPDATES
from tests.replay.reading import Shown, all_text, shown_by
from tests.replay.record import HISTORIES
from tests.replay.replaying import load, replay

FILES = sorted(HISTORIES.glob("*/*.json"))
OF_CALENDARS = [file for file in FILES if file.stem.startswith("calendar-")]
OF_MEETINGS = [file for file in FILES if file not in OF_CALENDARS]

REASONS = set(FailureReason) - {FailureReason.TERMINATED}
"""A workflow that is terminated in Temporal ends without any code of ours."""

_BROKEN = """\
The meeting recorded in {file} does not replay with this code: {difference}

Meetings like this one, waiting or running when this code is deployed, would stop at their next step until the old
code is back. Keep the old path for them behind `workflow.patched`: docs/workflow-changes.md has it step by step."""

_RECORD = "record it: add a path to tests/replay/paths, then `make histories VERSION={version} PATHS=its-name`"

pytestmark = pytest.mark.no_cover

_PLACES = [str(place) for place in (ROOT, Path.home(), sys.prefix, tempfile.gettempdir()) if len(str(place)) > 1]
_OF_A_MACHINE = re.compile(
    "|".join(map(re.escape, _PLACES))
    + r'|site-packages|127\.0\.0\.1|localhost|"identity"|\d@\w|s3cret|/webhooks/|X-Amz|api[-_]key',
    re.IGNORECASE,
)
"""Where this checkout lies and runs, and what a recording of any machine could have kept of it."""


@pytest.fixture(scope="module")
def shown() -> Shown:
    return shown_by(OF_MEETINGS)


@pytest.mark.timeout(30)
@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
async def test_a_recorded_meeting_replays(file: Path) -> None:
    different = await replay([file])
    assert not different, _BROKEN.format(file=file.relative_to(HISTORIES), difference=different[file.name])


def test_meetings_of_this_release_are_recorded() -> None:
    recorded = {file.stem for file in (HISTORIES / __version__).glob("*.json")}
    missing = PATHS.keys() - recorded
    assert not missing, f"make histories VERSION={__version__} PATHS='{' '.join(sorted(missing))}'"


def test_every_end_is_recorded(shown: Shown) -> None:
    how = _RECORD.format(version=__version__)
    assert shown.statuses == {status for status in MeetingStatus if status.is_final}, how
    assert shown.reasons == REASONS, how
    assert shown.ends == {"completed", "failed", "canceled", "continued_as_new"}, how


@pytest.mark.parametrize("reason", sorted(REASONS))
def test_a_meeting_that_is_called_after_a_reason_ended_for_it(reason: FailureReason) -> None:
    name = f"failed-{reason.value.replace('_', '-')}"
    folder = HISTORIES / __version__
    assert shown_by([folder / f"{name}.json", *folder.glob(f"{name}-[0-9].json")]).reasons == {reason}


def test_every_update_is_recorded_in_every_phase(shown: Shown) -> None:
    how = _RECORD.format(version=__version__)
    commands = "\n".join(take(ROOT).commands)
    in_code = re.findall(r"^@workflow\.update .*\.MeetingWorkflow\.(\w+)$", commands, re.MULTILINE)
    assert sorted(UPDATES) == sorted(in_code), f"{how}, and name the update in tests/replay/paths/changes.py"
    phases = {phase for phase in MeetingStatus if not phase.is_final}
    assert shown.updates | REFUSED == {(update, phase) for update in UPDATES for phase in phases}, how


def test_every_update_and_end_of_a_calendar_is_recorded() -> None:
    commands = "\n".join(take(ROOT).commands)
    in_code = set(re.findall(r"^@workflow\.update .*\.CalendarWorkflow\.(\w+)$", commands, re.MULTILINE))
    events = [event for file in OF_CALENDARS for event in load(file).events]
    accepted = [event.workflow_execution_update_accepted_event_attributes for event in events]
    assert {each.accepted_request.input.name for each in accepted} - {""} == in_code
    ends = {load(file).events[-1].WhichOneof("attributes") for file in OF_CALENDARS}
    assert ends >= {
        f"workflow_execution_{end}_event_attributes" for end in ("completed", "failed", "continued_as_new")
    }


def test_every_activity_is_recorded(shown: Shown) -> None:
    # Those of calendars are asked for by another workflow.
    in_code = re.findall(r"(?:Bot|Recording)Activities\.(\w+)", "\n".join(take(ROOT).commands))
    assert shown.activities == set(in_code), _RECORD.format(version=__version__)


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_a_recorded_meeting_tells_nothing_of_the_machine_and_no_secret(file: Path) -> None:
    assert not _OF_A_MACHINE.findall(all_text(file))


def test_recorded_meetings_are_small() -> None:
    for folder in HISTORIES.iterdir():
        assert sum(file.stat().st_size for file in folder.iterdir()) < 2_500_000
