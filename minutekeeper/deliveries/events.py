"""Outgoing events: what other services are told, and the text that is sent to each endpoint. Pure."""

import hashlib
import json
from datetime import datetime
from typing import Any
from urllib.parse import quote

from pydantic import AwareDatetime, BaseModel, ConfigDict

from minutekeeper.deliveries.endpoint import DeliveryFormat, OutgoingEventType, WebhookEndpoint
from minutekeeper.meetings.reasons import REASON, what_to_do
from minutekeeper.meetings.record import MeetingRecord, RecordedFile
from minutekeeper.meetings.status import FailureReason, MeetingStatus
from minutekeeper.meetings.views import MeetingView

MAX_BODY_BYTES = 20_000

MEETING_URL = "meeting_url"
"""What an endpoint can `include`: the link by which people join the meeting."""

_TYPE_OF_END = {
    MeetingStatus.COMPLETED: OutgoingEventType.MEETING_COMPLETED,
    MeetingStatus.FAILED: OutgoingEventType.MEETING_FAILED,
    MeetingStatus.CANCELLED: OutgoingEventType.MEETING_CANCELLED,
}

END_TYPES = frozenset(_TYPE_OF_END.values())

_MEETING_TEXT = {
    OutgoingEventType.MEETING_BOOKED: "is booked",
    OutgoingEventType.MEETING_MOVED: "was moved",
    OutgoingEventType.MEETING_RECORDING: "is being recorded",
    OutgoingEventType.MEETING_COMPLETED: "is completed",
    OutgoingEventType.MEETING_FAILED: "failed",
    OutgoingEventType.MEETING_CANCELLED: "was cancelled",
    OutgoingEventType.MEETING_ERASED: "was erased",
}

_CALENDAR_TEXT = {
    OutgoingEventType.CALENDAR_CONNECTED: "is connected",
    OutgoingEventType.CALENDAR_TROUBLE: "cannot be read",
    OutgoingEventType.CALENDAR_RECOVERED: "can be read again",
    OutgoingEventType.CALENDAR_DISCONNECTED: "is disconnected",
}


class MeetingFacts(BaseModel):
    """What an event says of its meeting: no transcript, and nothing with which files can be fetched.

    `what_to_do` is one sentence about a `reason`; `files` have the names and hashes of the API's file list.
    """

    model_config = ConfigDict(frozen=True)

    meeting_id: str
    workflow_id: str
    status: MeetingStatus
    reason: FailureReason | None = None
    what_to_do: str | None = None
    title: str
    platform: str
    start_time: AwareDatetime
    end_time: AwareDatetime | None = None
    bot_id: str | None = None
    booked_at: AwareDatetime | None = None
    closed_at: AwareDatetime | None = None
    duration_seconds: int = 0
    metadata: dict[str, str] = {}
    files: tuple[RecordedFile, ...] = ()


class CalendarFacts(BaseModel):
    """What an event says of its calendar. `problem` and `what_to_do` say why it cannot be read."""

    model_config = ConfigDict(frozen=True)

    calendar_id: str
    workflow_id: str
    problem: str | None = None
    what_to_do: str | None = None


class OutgoingEvent(BaseModel):
    """One event. `workflow_id` is that of the meeting or calendar that it is about.

    `sequence` grows with each event of one booking, or of one calendar. `text` says the event in one sentence.
    """

    model_config = ConfigDict(frozen=True)

    event_id: str
    type: OutgoingEventType
    timestamp: AwareDatetime
    sequence: int
    workflow_id: str
    url: str
    """The address of what it is about in the API."""
    text: str
    meeting: MeetingFacts | None = None
    meeting_url: str = ""
    """The link of the meeting, for endpoints that include it."""
    calendar: CalendarFacts | None = None

    def body_for(self, endpoint: WebhookEndpoint) -> str:
        """The text that is sent to an endpoint: less than 20 kB, because long lists are shortened."""
        if endpoint.form is DeliveryFormat.SLACK:
            return _json({"text": self.text})
        link = self.meeting_url if MEETING_URL in endpoint.include else ""
        if self.meeting is None:
            return _json(self._envelope(None, link))
        meeting = self.meeting
        while len((text := _json(self._envelope(meeting, link))).encode()) >= MAX_BODY_BYTES:
            meeting = _shortened(meeting)
        return text

    def _envelope(self, meeting: MeetingFacts | None, link: str) -> dict[str, Any]:
        data: dict[str, Any] = {"sequence": self.sequence}
        if meeting is not None:
            data["meeting"] = meeting.model_dump(mode="json") | ({MEETING_URL: link} if link else {})
        if self.calendar is not None:
            data["calendar"] = self.calendar.model_dump(mode="json")
        stamp = self.model_dump(mode="json", include={"timestamp"})
        return {"type": self.type.value, **stamp, "data": data | {"url": self.url}}


def event_id_for(workflow_id: str, run: str, kind: OutgoingEventType, sequence: int) -> str:
    """The `webhook-id` of an event: the same whoever tells it, and however often."""
    key = "\n".join([workflow_id, run, kind.value, str(sequence)])
    return f"evt_{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"


def end_event(record: MeetingRecord, api_url: str) -> OutgoingEvent:
    """The event of a meeting that has ended."""
    kind = _TYPE_OF_END[record.status]
    meeting = meeting_facts(record).model_copy(
        update={
            "booked_at": record.booked_at,
            "closed_at": record.written_at,
            "duration_seconds": record.duration_seconds,
            "files": record.files,
        }
    )
    return meeting_event(kind, meeting, record.run, record.sequence, record.written_at, api_url).model_copy(
        update={"meeting_url": record.meeting_url}
    )


def meeting_facts(view: MeetingView) -> MeetingFacts:
    """What an event says of a meeting, by its view."""
    return MeetingFacts(
        meeting_id=view.meeting_id,
        workflow_id=view.workflow_id,
        status=view.status,
        reason=view.reason,
        what_to_do=what_to_do(view.reason) or None,
        title=view.title,
        platform=view.platform,
        start_time=view.start_time,
        end_time=view.end_time,
        bot_id=view.bot_id or None,
        metadata=view.metadata,
    )


def meeting_event(  # noqa: PLR0913, PLR0917 - each is a part of the event
    kind: OutgoingEventType,
    meeting: MeetingFacts,
    run: str,
    sequence: int,
    timestamp: datetime,
    api_url: str,
) -> OutgoingEvent:
    """An event of a meeting; `run` is the first run of its workflow."""
    because = f": {REASON[meeting.reason]}" if meeting.reason else ""
    return OutgoingEvent(
        event_id=event_id_for(meeting.workflow_id, run, kind, sequence),
        type=kind,
        timestamp=timestamp,
        sequence=sequence,
        workflow_id=meeting.workflow_id,
        url=f"{api_url}/api/v1/meetings/{quote(meeting.meeting_id, safe='')}",
        text=f"{meeting.title or meeting.meeting_id} ({meeting.start_time:%Y-%m-%d %H:%M} UTC) "
        f"{_MEETING_TEXT[kind]}{because}.",
        meeting=meeting,
    )


def calendar_event(
    kind: OutgoingEventType, calendar: CalendarFacts, sequence: int, timestamp: datetime, api_url: str
) -> OutgoingEvent:
    """An event of a calendar."""
    because = f": {calendar.problem}" if calendar.problem else ""
    return OutgoingEvent(
        event_id=event_id_for(calendar.workflow_id, "", kind, sequence),
        type=kind,
        timestamp=timestamp,
        sequence=sequence,
        workflow_id=calendar.workflow_id,
        url=f"{api_url}/api/v1/calendars/{quote(calendar.calendar_id, safe='')}",
        text=f"The calendar {calendar.calendar_id} {_CALENDAR_TEXT[kind]}{because}.",
        calendar=calendar,
    )


def endpoint_test_event(endpoint_id: str, sequence: int, timestamp: datetime, api_url: str) -> OutgoingEvent:
    """An event with which people try an endpoint; each try has a `sequence` of its own."""
    kind = OutgoingEventType.WEBHOOK_TEST
    return OutgoingEvent(
        event_id=event_id_for(endpoint_id, "", kind, sequence),
        type=kind,
        timestamp=timestamp,
        sequence=sequence,
        workflow_id="",
        url=f"{api_url}/api/v1/webhooks/{quote(endpoint_id, safe='')}",
        text="This is a test: events of Minutekeeper arrive here.",
    )


def is_wanted(endpoint: WebhookEndpoint, kind: OutgoingEventType) -> bool:
    """Whether an endpoint is told of events of this type. Tests are sent to any."""
    return kind is OutgoingEventType.WEBHOOK_TEST or kind in endpoint.types


def _shortened(meeting: MeetingFacts) -> MeetingFacts:
    """The meeting without its last files, and then without its last metadata."""
    if meeting.files:
        return meeting.model_copy(update={"files": meeting.files[: len(meeting.files) * 3 // 4]})
    if meeting.metadata:
        return meeting.model_copy(update={"metadata": dict(list(meeting.metadata.items())[:-1])})
    return meeting.model_copy(update={"title": meeting.title[: len(meeting.title) // 2]})


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
