"""The events of one calendar that are tracked, each with what was decided and what was applied."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from minutekeeper.calendars.decisions import Decision
from minutekeeper.calendars.event import CalendarEvent, Title, expected_end, is_past, meeting_id_for_event
from minutekeeper.calendars.limits import USUAL_IMPORTANCE, LeftOut
from minutekeeper.calendars.objections import VetoScope
from minutekeeper.calendars.rules import BuiltinRule
from minutekeeper.meetings.fields import BotOptions, Metadata, UtcDatetime, WantedArtifacts
from minutekeeper.meetings.ids import base_meeting_id
from minutekeeper.meetings.request import CalendarEventRef, MeetingRequest


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
    wanted: WantedArtifacts | None = None
    metadata: Metadata = {}

    @property
    def expected_end(self) -> datetime:
        return expected_end(self.start_time, self.end_time)

    @property
    def leaves_at(self) -> datetime:
        """When its bot leaves, as far as that can be foreseen."""
        minutes = self.bot.leave_at_end if self.bot and self.end_time else None
        latest = self.expected_end + timedelta(minutes=minutes or 0)
        longest = self.bot.longest_stay if self.bot else None
        return latest if longest is None else min(latest, self.start_time + timedelta(minutes=longest))

    def request(self, calendar_id: str, event_id: str) -> MeetingRequest:
        """The meeting to book. Raises pydantic's ValidationError where there is no usable link."""
        return MeetingRequest(
            meeting_url=self.meeting_url,
            start_time=self.start_time,
            end_time=self.end_time,
            title=self.title,
            bot=self.bot or BotOptions(),
            wanted=self.wanted or WantedArtifacts(),
            metadata=self.metadata,
            calendar=CalendarEventRef(calendar_id=calendar_id, event_id=event_id),
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
    series: str = ""
    """The key of its series; empty for a single event."""
    booked: bool = False
    """Whether the meeting was booked for this event. Of the events of one meeting, one at most has it."""
    applied_before: DesiredMeeting | None = None
    """What was last applied to the meeting, where the calendar wants something else by now."""
    ended_as: BookedState | None = None
    """How the booked meeting was seen to have ended; Temporal forgets it after its retention."""
    objected: VetoScope | None = None
    """For whom the objection of this calendar speaks that the meeting has heard."""
    importance: int = USUAL_IMPORTANCE
    left_out: LeftOut | None = None
    """The limit that leaves it out, and what was decided without it."""
    occurrence: int = 1
    """Counts the meetings of an event that was held, and then moved to another time."""

    @property
    def applied(self) -> DesiredMeeting:
        """What was applied to the meeting, if it was booked."""
        return self.applied_before or self.desired

    @property
    def last_end(self) -> datetime:
        return max(self.applied.expected_end, self.desired.expected_end)

    @property
    def is_cancelled(self) -> bool:
        return self.rule in {BuiltinRule.DELETED, BuiltinRule.GONE}

    def is_over(self, now: datetime) -> bool:
        return is_past(self.last_end, now)

    def was_held(self, now: datetime) -> bool:
        """Whether the meeting that was booked for the event is over."""
        return self.booked and is_past(self.applied.expected_end, now)


def entry_for(event: CalendarEvent, decision: Decision) -> TrackedEvent:
    """The tracked form of an event, without addresses and names of people other than those in the bot's texts."""
    link = event.link
    start_time, end_time = decision.start_time or event.start_time, decision.end_time or event.end_time
    ends_after_start = end_time is not None and end_time > start_time
    return TrackedEvent(
        event_id=event.event_id,
        meeting_id=meeting_id_for_event(event),
        desired=DesiredMeeting(
            start_time=start_time,
            end_time=end_time if ends_after_start else None,
            meeting_url=link.url if link else "",
            title=event.title,
            bot=decision.bot,
            wanted=decision.wanted,
            metadata=decision.metadata,
        ),
        record=decision.record,
        rule=decision.rule,
        reason=decision.reason,
        updated_at=event.updated_at,
        is_organizer=event.is_organizer,
        series=event.series,
        importance=decision.importance,
    )


class PassedOccurrences(BaseModel):
    """How many occurrences of a series took place before those that are tracked, and when the last of them did."""

    model_config = ConfigDict(frozen=True)

    count: int
    until: UtcDatetime


KEPT_FOR = timedelta(days=14)
"""How long the reason for an event can be looked up after its end."""

MOST_IDLE = 5000
"""Events without a meeting whose reasons are kept, because every checkpoint contains all events."""

_COUNTED_FOR = timedelta(days=400)
"""How long the occurrences of a series are counted on after the last one, so that yearly ones are."""

_NOT_BOOKED = {"booked": False, "applied_before": None, "ended_as": None}


class TrackedEvents(BaseModel):
    """All tracked events of one calendar, by event id. Immutable: every method returns a changed copy.

    An event that was held and then moved has several entries: earlier occurrences lie under `<event id>#<number>`.
    """

    model_config = ConfigDict(frozen=True)

    calendar_id: str
    entries: dict[str, TrackedEvent] = {}
    passed: dict[str, PassedOccurrences] = {}
    """By the key of the series."""

    def identify(self, events: Iterable[CalendarEvent]) -> list[CalendarEvent]:
        """The events with the meeting ids by which they are known.

        There are two if what an id follows from was changed, or told completely, only after the event was tracked.
        When a series is moved, the later one may be the id of another of its events, and then counts for that only.
        """
        firsts = {key: base_meeting_id(entry.meeting_id) for key, entry in self.entries.items()}
        taken = frozenset(firsts.values())

        def identified(event: CalendarEvent) -> CalendarEvent:
            if (first := firsts.get(event.event_id)) is None:
                return event
            later = {meeting_id_for_event(event)} - taken
            return event.model_copy(update={"known_ids": (first, *later)})

        return list(map(identified, events))

    def with_snapshot(
        self, seen: Iterable[TrackedEvent], now: datetime, *, complete: bool, gone: Collection[str] = ()
    ) -> "TrackedEvents":
        """The events after the calendar was read.

        `gone` are the ids of events that were asked for and no longer exist. `complete` says that everything to
        come was read: then what is to come and was not seen is gone as well.
        """
        entries = dict(self.entries)
        fresh = {entry.event_id: entry for entry in seen}
        for event_id, entry in self.entries.items():
            missed = complete and entry.desired.start_time > now
            if event_id not in fresh and (missed or (event_id in gone and not entry.is_over(now))):
                entries[event_id] = _mark_missing(entry)
        for event_id, entry in fresh.items():
            old = self.entries.get(event_id)
            if old and old.was_held(now) and entry.desired.start_time >= old.applied.expected_end:
                entries[f"{event_id}#{old.occurrence}"] = _as_applied(old)
                entries[event_id] = _after(old, entry)
            else:
                entries[event_id] = _merged(old, entry, now) if old else entry
        return self.model_copy(update={"entries": _assign_new_meetings(entries, now)})

    def with_booking(self, meeting_id: str, event_id: str, applied: DesiredMeeting) -> "TrackedEvents":
        """The events after a meeting was booked for one of them, or changes were applied to it."""
        released = self.without_booking(meeting_id)
        entry = self.entries[event_id]
        applied_before = None if entry.desired == applied else applied
        updated = entry.model_copy(
            update={"booked": True, "applied_before": applied_before, "ended_as": _still_tracked(entry.ended_as)}
        )
        return released.model_copy(update={"entries": released.entries | {event_id: updated}})

    def without_booking(self, meeting_id: str) -> "TrackedEvents":
        """The events after a meeting was cancelled, as far as this calendar goes."""
        changed = {
            event_id: entry.model_copy(update=_NOT_BOOKED)
            for event_id, entry in self.entries.items()
            if entry.booked and entry.meeting_id == meeting_id
        }
        return self.model_copy(update={"entries": self.entries | changed})

    def with_objections(self, objected: Mapping[str, VetoScope | None]) -> "TrackedEvents":
        """The events after their meetings heard of objections, or that these were withdrawn; by event id."""
        changed = {
            event_id: entry.model_copy(update={"objected": objected[event_id]})
            for event_id, entry in self.entries.items()
            if event_id in objected
        }
        return self.model_copy(update={"entries": self.entries | changed})

    def with_workflow_states(self, states: Mapping[str, BookedState]) -> "TrackedEvents":
        """The events after they were compared with Temporal: what is lost counts as not booked."""
        entries = dict(self.entries)
        for event_id, entry in self.entries.items():
            state = states.get(entry.meeting_id) if entry.booked else None
            if state is not None and state.is_lost:
                entries[event_id] = entry.model_copy(update=_NOT_BOOKED)
            elif state is not None:
                entries[event_id] = entry.model_copy(
                    update={"ended_as": None if state is BookedState.RUNNING else state}
                )
        return self.model_copy(update={"entries": entries})

    def pruned(self, now: datetime, kept_for: timedelta = KEPT_FOR, most_idle: int = MOST_IDLE) -> "TrackedEvents":
        """Without the events that ended longer ago than `kept_for`, and with the soonest of the idle ones.

        Idle are those without a meeting: over, or not recorded. The others are always kept.
        """
        kept = {event_id: entry for event_id, entry in self.entries.items() if entry.last_end + kept_for > now}
        idle = [key for key, entry in kept.items() if not entry.booked and (not entry.record or entry.is_over(now))]
        for key in sorted(idle, key=lambda key: abs(kept[key].desired.start_time - now))[most_idle:]:
            del kept[key]
        old = [entry for key, entry in self.entries.items() if key not in kept and entry.is_over(now)]
        return self.model_copy(update={"entries": kept, "passed": self._passed_with(old, now)})

    def _passed_with(self, old: Iterable[TrackedEvent], now: datetime) -> dict[str, PassedOccurrences]:
        """The counts of all series with those that are dropped now. One that is read again is not counted twice."""
        passed = {key: each for key, each in self.passed.items() if each.until + _COUNTED_FOR > now}
        for entry in sorted(old, key=lambda entry: entry.desired.start_time):
            before, start = passed.get(entry.series), entry.desired.start_time
            if entry.series and not entry.is_cancelled and (before is None or start > before.until):
                passed[entry.series] = PassedOccurrences(count=before.count + 1 if before else 1, until=start)
        return passed


def _after(old: TrackedEvent, fresh: TrackedEvent, **more: object) -> TrackedEvent:
    """What was read now, with the meeting that it already had."""
    return fresh.model_copy(update={"meeting_id": old.meeting_id, "occurrence": old.occurrence} | more)


def _kept_of(old: TrackedEvent) -> dict[str, object]:
    """What is known of the meeting of an event, and stays when the event is read again."""
    return {"booked": old.booked, "ended_as": old.ended_as, "objected": old.objected}


def _still_tracked(state: BookedState | None) -> BookedState | None:
    """What a user cancelled stays cancelled, also when its event changes."""
    return state if state is BookedState.CANCELLED else None


def _as_applied(entry: TrackedEvent) -> TrackedEvent:
    return entry.model_copy(update={"desired": entry.applied, "applied_before": None})


def _merged(old: TrackedEvent, fresh: TrackedEvent, now: datetime) -> TrackedEvent:
    if old.is_over(now) and not fresh.record:
        return old
    if fresh.rule == BuiltinRule.OVER and old.applied.start_time <= now:
        # It was shortened while it ran: the running meeting ends on its own.
        return _as_applied(old)
    applied_before = old.applied if old.booked and old.applied != fresh.desired else None
    return _after(old, fresh, **_kept_of(old) | {"applied_before": applied_before})


def _assign_new_meetings(entries: dict[str, TrackedEvent], now: datetime) -> dict[str, TrackedEvent]:
    """The entries, with new meetings for the events that take place after their meeting was held."""
    holders = {entry.meeting_id: entry for entry in entries.values() if entry.booked}
    return {
        key: entry if entry.booked or entry.is_over(now) else _assign_meeting(entry, holders, now)
        for key, entry in entries.items()
    }


def _assign_meeting(entry: TrackedEvent, holders: dict[str, TrackedEvent], now: datetime) -> TrackedEvent:
    holder = holders.get(entry.meeting_id)
    while holder and holder.was_held(now) and entry.desired.start_time >= holder.applied.expected_end:
        first = entry.meeting_id.removesuffix(f"-{entry.occurrence}") if entry.occurrence > 1 else entry.meeting_id
        occurrence = entry.occurrence + 1
        entry = entry.model_copy(update={"meeting_id": f"{first}-{occurrence}", "occurrence": occurrence})
        holder = holders.get(entry.meeting_id)
    return entry


def _mark_missing(entry: TrackedEvent) -> TrackedEvent:
    if entry.is_cancelled:
        return entry
    reason = "Not recorded: the calendar no longer knows the event."
    missing = {"record": False, "rule": BuiltinRule.GONE.value, "reason": reason, "left_out": None}
    return entry.model_copy(update=missing)
