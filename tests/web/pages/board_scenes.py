"""Meetings as the board is given them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from minutekeeper.meetings.record import MeetingRecord
from minutekeeper.meetings.status import MeetingStatus
from minutekeeper.meetings.views import MeetingView
from tests.records import a_record
from web.pages.board import EndedMeeting

NOW = datetime(2026, 12, 1, 14, 3, 7, tzinfo=UTC)


def a_view(meeting_id: str, status: MeetingStatus, minutes: float = 0, **fields: Any) -> MeetingView:
    """A meeting that starts so many minutes from now."""
    usual: dict[str, Any] = {
        "status": status,
        "start_time": NOW + timedelta(minutes=minutes),
        "evidence": None,
        "timeline": (),
        "title": meeting_id.replace("-", " ").capitalize(),
    }
    return a_record(meeting_id, **(usual | fields)).view


def an_ended(meeting_id: str, minutes: float = -60, **fields: Any) -> EndedMeeting:
    """A meeting that ended so many minutes from now, half an hour after its start."""
    return EndedMeeting.of_record(an_ended_record(meeting_id, minutes, **fields))


def an_ended_record(meeting_id: str, minutes: float = -60, now: datetime = NOW, **fields: Any) -> MeetingRecord:
    ended = now + timedelta(minutes=minutes)
    usual: dict[str, Any] = {
        "written_at": ended,
        "start_time": ended - timedelta(minutes=30),
        "end_time": ended,
        "title": meeting_id.replace("-", " ").capitalize(),
        "artifacts": ({"path": f"{meeting_id}/recording.mp4", "size": 48_000_000},),
    }
    if "reason" in fields:
        usual |= {"status": MeetingStatus.FAILED, "artifacts": ()}
    return a_record(meeting_id, **(usual | fields))
