"""A meeting that ended long ago, with its record and a recording of any size."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from minutekeeper.meetings.record import MeetingRecord, RecordedFile
from minutekeeper.meetings.status import MeetingStatus, TranscriptState, WebhookState
from minutekeeper.storage import layout

MEETING = "filed"
RECORDING = f"{MEETING}/recording.mp4"

_BLOCK = bytes(range(256)) * 4096


def file_meeting(store: Path, size: int) -> None:
    """Puts the meeting into the folder of a store."""
    recording = store / RECORDING
    recording.parent.mkdir(parents=True, exist_ok=True)
    with recording.open("wb") as file:
        while file.tell() < size:
            file.write(_BLOCK[: size - file.tell()])
    ended = datetime.now(UTC).replace(microsecond=0) - timedelta(days=60)
    record = MeetingRecord.model_validate(
        {
            "meeting_id": MEETING,
            "workflow_id": MEETING,
            "status": MeetingStatus.COMPLETED,
            **dict.fromkeys(("trouble", "held_change", "title", "provider", "shared_with", "bot_id"), ""),
            **dict.fromkeys(
                ("reason", "evidence", "end_time", "next_deadline", "bot_goes_at", "waiting_since"), None
            ),
            "meeting_url": "https://meet.google.com/fil-edxx-xxx",
            "platform": "google_meet",
            "start_time": ended - timedelta(hours=1),
            "transcript": TranscriptState.NOT_ASKED,
            "artifacts": (),
            "dispatches": 1,
            "timeline": (),
            "webhooks": WebhookState.HEARD,
            "calendars": (),
            "metadata": {},
            "run": "filed-run",
            "booked_at": ended - timedelta(days=1),
            "written_at": ended,
            "folder": MEETING,
            "files": (RecordedFile(name="recording.mp4", content_type="video/mp4", size=size, sha256="0" * 64),),
        }
    )
    path = layout.record_path(record.start_time, MEETING)
    entry = store / layout.record_index_entry("meeting", record.workflow_id, path)
    for file_path, content in ((store / path, record.to_bytes()), (entry, b'{"record": ""}\n')):
        file_path.parent.mkdir(parents=True, exist_ok=True)
        file_path.write_bytes(content)
