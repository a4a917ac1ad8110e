"""The two-field start, as any service in any language makes it, carried to the files in the store."""

import hashlib
import json
import subprocess
import uuid
from typing import Any

import pytest

from minutekeeper.meetings.status import MeetingStatus, TranscriptState
from tests.system.stack import KEY, RunningStack, in_four_minutes
from tests.workflows.conftest import temporal_binary

pytestmark = pytest.mark.asyncio(loop_scope="session")


def meeting_url() -> str:
    """A Meet link that no other test uses: a second bot for one meeting would be refused."""
    letters = "".join(chr(ord("a") + int(digit, 16)) for digit in uuid.uuid4().hex[:10])
    return f"https://meet.google.com/{letters[:3]}-{letters[3:7]}-{letters[7:]}"


def start_with_the_temporal_command(stack: RunningStack, workflow_id: str, request: dict[str, Any]) -> None:
    subprocess.run(
        [
            *(temporal_binary(), "workflow", "start", "--address", stack.addresses["temporal"]),
            *("--type", "MeetingWorkflow", "--task-queue", "meetings", "--workflow-id", workflow_id),
            *("--input", json.dumps(request)),
        ],
        check=True,
        capture_output=True,
        env=stack.environment,
    )


async def test_two_fields_and_the_temporal_command_are_enough(stack: RunningStack) -> None:
    name = f"any name: {uuid.uuid4()}"
    start_with_the_temporal_command(stack, name, {"meeting_url": meeting_url(), "start_time": in_four_minutes()})
    outcome = await stack.outcome(name)
    assert (outcome.status, outcome.transcript) == (MeetingStatus.COMPLETED, TranscriptState.READY)

    (bot,) = await stack.bots_of(name)
    assert (bot["reserved"], bot["id"]) == (True, outcome.bot_id)
    files = {artifact.path.rsplit("/", 1)[1]: artifact for artifact in outcome.artifacts}
    texts = {f"transcript.{form}" for form in ("json", "md", "vtt", "srt", "txt")}
    assert set(files) == texts | {"recording.mp4", "manifest.json"}
    recording = (stack.artifacts / files["recording.mp4"].path).read_bytes()
    assert hashlib.sha256(recording).hexdigest() == bot["recording"]["sha256"]
    manifest = json.loads((stack.artifacts / files["manifest.json"].path).read_text())
    assert manifest["meeting_id"] == name
    (kept,) = [file for file in manifest["files"] if file["name"] == "recording.mp4"]
    assert (kept["size"], kept["sha256"]) == (files["recording.mp4"].size, bot["recording"]["sha256"])

    history = await stack.history(name)
    assert name in history
    assert bot["id"] in history
    token = bot["webhook_url"].rsplit("/", 1)[1]
    transcript = json.loads((stack.artifacts / files["transcript.json"].path).read_text())
    for secret in (KEY, token, "X-Amz-Signature", "/media/", transcript["segments"][0]["text"]):
        assert secret not in history
