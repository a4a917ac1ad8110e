"""The events of a calendar with their decisions and meetings."""

from collections.abc import Iterable
from datetime import datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict
from temporalio.client import Client

from minutekeeper.calendars.tracked_events import TrackedEvent, TrackedEvents
from minutekeeper.meetings.ids import workflow_id_for
from minutekeeper.meetings.meeting_urls import public_url
from minutekeeper.meetings.status import MeetingStatus
from starter.meeting_list import meetings_by_workflow_id
from starter.meeting_models import MeetingSummary


class EventMeeting(BaseModel):
    """The meeting of an event. `status` is None if it was not booked, or if Temporal has deleted it."""

    model_config = ConfigDict(frozen=True)

    meeting_id: str
    status: MeetingStatus | None = None
    bot_id: str = ""


class DecidedEvent(BaseModel):
    """An event as the last reconciliation stored it. All times are UTC."""

    model_config = ConfigDict(frozen=True)

    calendar_id: str
    event_id: str
    title: str
    start_time: AwareDatetime
    end_time: AwareDatetime | None
    meeting_url: str
    record: bool
    rule: str
    reason: str
    meeting: EventMeeting


async def decided_events(
    temporal: Client, tracked: TrackedEvents, now: datetime, *, also_past: bool
) -> tuple[DecidedEvent, ...]:
    """Events in order of their start; without `also_past`, only events that are not over."""
    entries = [entry for entry in tracked.entries.values() if also_past or not entry.is_over(now)]
    meetings = await meetings_of(temporal, (entry.meeting_id for entry in entries))
    events = [_decided(tracked.calendar_id, entry, meetings[entry.meeting_id]) for entry in entries]
    return tuple(sorted(events, key=lambda event: (event.start_time, event.event_id)))


async def meetings_of(temporal: Client, meeting_ids: Iterable[str]) -> dict[str, EventMeeting]:
    """The meetings with these ids, by meeting id."""
    ids = {meeting_id: workflow_id_for(meeting_id) for meeting_id in meeting_ids}
    booked = await meetings_by_workflow_id(temporal, ids.values())
    return {meeting_id: _meeting(meeting_id, booked.get(name)) for meeting_id, name in ids.items()}


def _meeting(meeting_id: str, summary: MeetingSummary | None) -> EventMeeting:
    if summary is None:
        return EventMeeting(meeting_id=meeting_id)
    return EventMeeting(meeting_id=meeting_id, status=summary.status, bot_id=summary.bot_id)


def _decided(calendar_id: str, entry: TrackedEvent, meeting: EventMeeting) -> DecidedEvent:
    desired = entry.desired
    return DecidedEvent(
        calendar_id=calendar_id,
        event_id=entry.event_id,
        title=desired.title,
        start_time=desired.start_time,
        end_time=desired.end_time,
        meeting_url=public_url(desired.meeting_url),
        record=entry.record,
        rule=entry.rule,
        reason=entry.reason,
        meeting=meeting,
    )
