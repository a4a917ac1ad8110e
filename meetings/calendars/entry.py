"""One tracked event: what is desired, what was decided and why, and what was applied to its meeting."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from meetings.calendars.decision import Decision
from meetings.calendars.event import CalendarEvent, Title, expected_end, is_over
from meetings.calendars.identity import meeting_id_for_event
from meetings.request import BotOptions, CalendarOrigin, MeetingRequest, UtcDatetime


class BookedState(StrEnum):
    """What became of the workflow of a booked meeting."""

    RUNNING = "running"
    ENDED = "ended"
    """It ended on its own."""
    CANCELLED = "cancelled"
    """A user cancelled it."""
    RELEASED = "released"
    """Calendars released it, and one wants it again."""
    TERMINATED = "terminated"
    """It was terminated or timed out: nothing says that its meeting is not wanted."""
    ABSENT = "absent"

    @property
    def is_lost(self) -> bool:
        """Whether a meeting that its calendar still wants has to be booked again."""
        return self in {BookedState.RELEASED, BookedState.TERMINATED, BookedState.ABSENT}


class DesiredMeeting(BaseModel):
    """What a calendar wants of a meeting. `meeting_url` is empty for an event without a usable link."""

    model_config = ConfigDict(frozen=True)

    start_time: UtcDatetime
    end_time: UtcDatetime | None = None
    meeting_url: str = ""
    title: Title = ""
    bot: BotOptions | None = None

    @property
    def expected_end(self) -> datetime:
        return expected_end(self.start_time, self.end_time)

    def request(self, calendar_id: str, event_id: str) -> MeetingRequest:
        """The meeting to book. Raises pydantic's ValidationError where there is no usable link."""
        return MeetingRequest(
            meeting_url=self.meeting_url,
            start_time=self.start_time,
            end_time=self.end_time,
            title=self.title,
            bot=self.bot or BotOptions(),
            calendar=CalendarOrigin(calendar_id=calendar_id, event_id=event_id),
        )


class TrackedEvent(BaseModel):
    """One event. Whatever changes, it keeps its `meeting_id` until the meeting was held or the event is pruned."""

    model_config = ConfigDict(frozen=True)

    event_id: str
    meeting_id: str
    desired: DesiredMeeting
    record: bool
    rule: str
    reason: str = ""
    updated_at: UtcDatetime | None = None
    is_organizer: bool = False
    booked: bool = False
    """Whether the meeting was booked for this event. Of the events of one meeting, one at most has it."""
    applied_before: DesiredMeeting | None = None
    """What was last applied to the meeting, where the calendar wants something else by now."""
    ended_as: BookedState | None = None
    """How the booked meeting was seen to have ended; Temporal forgets it after its retention."""
    occurrence: int = 1
    """Counts the meetings of an event that was held, and then moved to another time."""

    @property
    def applied(self) -> DesiredMeeting:
        """What was applied to the meeting, if it was booked."""
        return self.applied_before or self.desired

    @property
    def last_end(self) -> datetime:
        return max(self.applied.expected_end, self.desired.expected_end)

    def is_over(self, now: datetime) -> bool:
        return is_over(self.last_end, now)

    def was_held(self, now: datetime) -> bool:
        """Whether the meeting that was booked for the event is over."""
        return self.booked and is_over(self.applied.expected_end, now)


def entry_for(event: CalendarEvent, decision: Decision) -> TrackedEvent:
    """The tracked form of an event, without the addresses and names of people."""
    link = event.link
    ends_after_start = event.end_time is not None and event.end_time > event.start_time
    return TrackedEvent(
        event_id=event.event_id,
        meeting_id=meeting_id_for_event(event),
        desired=DesiredMeeting(
            start_time=event.start_time,
            end_time=event.end_time if ends_after_start else None,
            meeting_url=link.url if link else "",
            title=event.title,
            bot=decision.bot,
        ),
        record=decision.record,
        rule=decision.rule,
        reason=decision.reason,
        updated_at=event.updated_at,
        is_organizer=event.is_organizer,
    )
