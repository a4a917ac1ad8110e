"""What was brought home from a bot: whether it is all, and under which paths."""

from typing import Any

import pytest

from minutekeeper.meetings.collection import (
    MANIFEST,
    MIN_RECORDING_BYTES,
    CollectInput,
    CollectResult,
    RecordingResult,
    TranscriptResult,
)
from minutekeeper.meetings.status import TranscriptState
from minutekeeper.meetings.views import Artifact, StoredFile

FILES = {"recording.mp4": 2000, "transcript.json": 30}
HASHES = {"recording.mp4": "ab", "transcript.json": "cd"}
HOME = CollectResult(files=FILES, sha256=HASHES, transcript=TranscriptState.READY)


def test_all_of_a_bot_is_wanted_unless_an_order_says_otherwise() -> None:
    assert dict(CollectInput(bot_id="b")) == {
        "bot_id": "b",
        **dict.fromkeys(("provider", "folder", "run", "delivery_path", "title"), ""),
        **dict.fromkeys(("start_time", "record")),
        "recording": True,
        "transcript": True,
        "transcript_finished": False,
        "audio": False,
        "screenshots": False,
        "is_problem_logged": False,
    }


def test_where_nothing_is_said_nothing_came_home() -> None:
    assert dict(RecordingResult()) == {"artifact": None, "others": (), "text": "", "is_lost": False}
    state = TranscriptState.EMPTY
    assert dict(TranscriptResult(state=state)) == {"state": state, "artifacts": (), "error": ""}
    assert dict(CollectResult()) == {
        "files": {},
        "sha256": {},
        **dict.fromkeys(("folder", "transcript_error", "no_recording_reason", "is_recording_lost"), ""),
        "transcript": TranscriptState.NOT_ASKED,
        "finished_at": None,
    }
    assert not CollectResult().is_complete
    assert not CollectResult().has_manifest


def test_only_the_manifest_is_missing() -> None:
    assert HOME.is_complete
    assert not HOME.has_manifest


@pytest.mark.parametrize(
    "missing",
    [
        {"no_recording_reason": "it was removed"},
        {"is_recording_lost": "its link has run out"},
        {"transcript_error": "the disk is full"},
        {"transcript": TranscriptState.PENDING},
        {"files": {}},
    ],
)
def test_something_is_missing_yet(missing: dict[str, Any]) -> None:
    assert not HOME.model_copy(update=missing).is_complete


def test_files_lie_in_the_folder_that_was_wanted_or_in_another_one_if_it_was_taken() -> None:
    assert HOME.artifacts_in("wanted") == [
        Artifact(path="wanted/recording.mp4", size=2000, sha256="ab"),
        Artifact(path="wanted/transcript.json", size=30, sha256="cd"),
    ]
    elsewhere = HOME.model_copy(update={"folder": "other", "sha256": {}})
    assert elsewhere.artifacts_in("wanted")[0] == Artifact(path="other/recording.mp4", size=2000)


def test_with_the_manifest_all_is_there_and_it_says_the_hashes() -> None:
    whole = HOME.with_manifest_file(Artifact(path="wanted/manifest.json", size=400, sha256="ef"))
    assert whole.has_manifest
    assert whole.files == FILES | {"manifest.json": 400}
    assert whole.sha256 == {}
    assert whole.transcript is TranscriptState.READY


def test_what_outcomes_show_of_a_file_is_its_path_and_its_size() -> None:
    assert Artifact(path="m/a", size=1).sha256 == ""
    assert Artifact(path="m/a", size=1, sha256="ab").kept == StoredFile(path="m/a", size=1)


def test_the_names_and_bounds_that_files_on_disks_rely_on() -> None:
    assert MANIFEST == "manifest.json"
    assert MIN_RECORDING_BYTES == 1024
