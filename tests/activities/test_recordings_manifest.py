"""The manifest, which is written last and says what the folder holds."""

import hashlib
import json
from datetime import timedelta

from minutekeeper.meetings.views import Artifact
from minutekeeper.storage.manifest import Manifest
from tests.activities.recording_runner import BODY, ORDER, RECORD, RecordingRunner, manifest_of


async def test_says_what_the_folder_holds(desk: RecordingRunner) -> None:
    recording = await desk.download()

    artifact = await desk.manifest(manifest_of(recording.artifact))

    data = await desk.store.get("m/manifest.json")
    assert artifact == Artifact(path="m/manifest.json", size=len(data), sha256=hashlib.sha256(data).hexdigest())
    content = json.loads(data)
    assert content.pop("written_at")
    assert content == {
        "meeting_id": "Board: Q4",
        "meeting_url": "https://meet.google.com/abc-defg-hij",
        "title": "Board",
        "run": "test-run",
        "deliveries": [],
        "start_time": "2026-12-01T10:00:00Z",
        "bots": ["bot-0", "bot-1"],
        "transcript": "ready",
        "files": [
            {"name": "recording.mp4", "size": desk.server.size, "sha256": desk.server.sha256},
        ],
    }


async def test_leaves_nothing_of_the_downloads(desk: RecordingRunner) -> None:
    await desk.download()
    await desk.download(ORDER.model_copy(update={"folder": "m/earlier/0"}))
    await desk.store.put(BODY, b"{}")

    await desk.manifest(manifest_of())

    assert await desk.kept() == [
        "m/earlier/0/recording.mp4",
        "m/manifest.json",
        BODY,
        "m/recording.mp4",
    ]


async def test_a_second_attempt_writes_the_same_bytes(desk: RecordingRunner) -> None:
    first = await desk.manifest(manifest_of())

    assert await desk.manifest(manifest_of()) == first


async def test_other_facts_make_a_new_one(desk: RecordingRunner) -> None:
    await desk.store.put("m/manifest.json", b"not ours")
    await desk.manifest(manifest_of())
    first = Manifest.model_validate_json(await desk.store.get("m/manifest.json"))

    late = Artifact(path="m/recording.mp4", size=1, sha256="00")
    later = RECORD.model_copy(update={"written_at": RECORD.written_at + timedelta(hours=1)})
    await desk.manifest(manifest_of(late).model_copy(update={"record": later}))

    second = Manifest.model_validate_json(await desk.store.get("m/manifest.json"))
    assert first.files == ()
    assert [file.name for file in second.files] == ["recording.mp4"]
    assert (first.written_at, second.written_at) == (RECORD.written_at, later.written_at)


async def test_a_second_run_of_the_same_name_keeps_its_files_apart(desk: RecordingRunner) -> None:
    first, second = {"run": "0000-aaaaaaaa"}, {"run": "0000-bbbbbbbb"}
    await desk.download(ORDER.model_copy(update=first))
    await desk.manifest(manifest_of().model_copy(update=first))

    kept = await desk.download(ORDER.model_copy(update=second))
    await desk.download(ORDER.model_copy(update=second | {"folder": "m/earlier/0"}))
    manifest = await desk.manifest(manifest_of(kept.artifact).model_copy(update=second))

    assert manifest.path == "m~bbbbbbbb/manifest.json"
    assert await desk.kept() == [
        "m/manifest.json",
        "m/recording.mp4",
        "m~bbbbbbbb/earlier/0/recording.mp4",
        "m~bbbbbbbb/manifest.json",
        "m~bbbbbbbb/recording.mp4",
    ]
    content = Manifest.model_validate_json(await desk.store.get(manifest.path))
    assert [file.name for file in content.files] == ["recording.mp4"]
