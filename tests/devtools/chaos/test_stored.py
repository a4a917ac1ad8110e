"""The store as a judge reads it: files, manifests, and the inbox as the bridge fills it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bridge.delivery import WebhookDelivery
from bridge.inbox import Inbox, InboxFolder
from devtools.chaos.stored import read_files, read_inbox, read_manifests
from minutekeeper.meetings.status import TranscriptState
from minutekeeper.storage.manifest import Manifest, ManifestFile
from minutekeeper.storage.store import ArtifactStore
from tests.devtools.chaos.support import COMPLETE, JOINED, NOON, URL, WORKFLOW, sha256


def delivery_of(event: str, body: bytes | None = None) -> WebhookDelivery:
    message = COMPLETE if event == "complete" else JOINED
    return WebhookDelivery(
        delivery=event, received_at=datetime.now(UTC), message=message, workflow_id=WORKFLOW, body=body
    )


@pytest.mark.parametrize("folder", list(InboxFolder))
async def test_whatever_the_bridge_keeps_is_found(tmp_path: Path, folder: InboxFolder) -> None:
    inbox = Inbox(ArtifactStore(tmp_path.as_uri()))
    await inbox.put(delivery_of("joining_call"), folder)
    await inbox.put(delivery_of("complete", b"body of complete"), folder)
    joined, complete = read_inbox(tmp_path)
    assert (joined.workflow_id, joined.event, joined.body_sha256) == (WORKFLOW, JOINED, "")
    assert (complete.event, complete.body_sha256) == (COMPLETE, sha256("body of complete"))


async def test_the_inbox_is_no_meeting_and_a_broken_file_in_it_is_passed_over(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path.as_uri())
    await store.put("inbox/rejected/1.json", b"{")
    await store.put("one/recording.mp4", b"recording")
    assert read_inbox(tmp_path) == []
    (file,) = read_files(tmp_path)
    assert (file.path, file.size, file.sha256) == ("one/recording.mp4", 9, sha256("recording"))


def test_an_empty_store_has_nothing(tmp_path: Path) -> None:
    assert (read_files(tmp_path), read_manifests(tmp_path), read_inbox(tmp_path)) == ([], {}, [])


async def test_a_manifest_names_files_in_its_own_folder(tmp_path: Path) -> None:
    manifest = Manifest(
        meeting_id="one",
        meeting_url=URL,
        title="",
        start_time=NOON,
        bots=("bot",),
        transcript=TranscriptState.READY,
        files=(ManifestFile(name="earlier/0/recording.mp4", size=9, sha256="abc"),),
        written_at=NOON,
    )
    await ArtifactStore(tmp_path.as_uri()).put("one~12345678/manifest.json", manifest.model_dump_json().encode())
    named = {"one~12345678/earlier/0/recording.mp4": "abc"}
    assert read_manifests(tmp_path) == {"one~12345678/manifest.json": named}
