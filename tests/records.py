"""Records of meetings as their workflows would have them written."""

from datetime import UTC, datetime, timedelta
from typing import Any

from minutekeeper.meetings.meeting_urls import parse_meeting_url
from minutekeeper.meetings.record import MeetingRecord
from minutekeeper.meetings.status import MeetingStatus, TranscriptState, WebhookState

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
URL = "https://meet.google.com/abc-defg-hij"


def a_record(meeting_id: str, *, bots: tuple[str, ...] = ("bot-1",), **fields: Any) -> MeetingRecord:
    """A meeting of an hour from 10:00 on, which ended at noon unless `fields` say otherwise."""
    start = fields.get("start_time", NOON - timedelta(hours=2))
    status = fields.get("status", MeetingStatus.COMPLETED)
    ended = fields.get("written_at", start + timedelta(hours=2))
    url = fields.get("meeting_url", URL)
    usual: dict[str, Any] = {
        "meeting_id": meeting_id,
        "workflow_id": f"meeting-{meeting_id}",
        "status": status,
        **dict.fromkeys(("trouble", "held_change", "title", "provider", "shared_with"), ""),
        **dict.fromkeys(("reason", "end_time", "next_deadline", "bot_goes_at", "waiting_since")),
        "evidence": {"event": "complete", "at": ended, "text": "its own words"},
        "bot_id": bots[-1] if bots else "",
        "meeting_url": url,
        "platform": parse_meeting_url(url).platform,
        "start_time": start,
        "transcript": TranscriptState.READY,
        "artifacts": (),
        "dispatches": len(bots),
        "timeline": (
            {"at": start - timedelta(days=1), "event": "booked", "text": "Booked."},
            {"at": ended, "event": status.value, "text": f"The meeting ended: {status.value}."},
        ),
        "webhooks": WebhookState.HEARD,
        "calendars": (),
        "metadata": {},
        "run": f"run-of-{meeting_id}",
        "booked_at": start - timedelta(days=1),
        "written_at": ended,
        "bots": tuple({"bot_id": bot, "sent_at": start} for bot in bots),
    }
    return MeetingRecord.model_validate(usual | fields)
