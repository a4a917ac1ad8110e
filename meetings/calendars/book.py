"""The events of one calendar that are tracked, each with what was decided and what was applied."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict

from meetings.calendars.entry import BookedState, DesiredMeeting, TrackedEvent
from meetings.calendars.rules import BuiltinRule

KEPT_FOR = timedelta(days=14)
"""How long the reason for an event can be looked up after its end."""

MOST_IDLE = 5000
"""Events without a meeting whose reasons are kept, because every checkpoint contains all events."""

_NOT_BOOKED = {"booked": False, "applied_before": None, "ended_as": None}


class TrackedEvents(BaseModel):
    """All tracked events of one calendar, by event id. Immutable: every method returns a changed copy.

    An event that was held and then moved has several entries: earlier occurrences lie under `<event id>#<number>`.
    """

    model_config = ConfigDict(frozen=True)

    calendar_id: str
    entries: dict[str, TrackedEvent] = {}

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
            update={"booked": True, "applied_before": applied_before, "ended_as": _lasting(entry.ended_as)}
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
        return self.model_copy(update={"entries": kept})


def _after(old: TrackedEvent, fresh: TrackedEvent, **more: object) -> TrackedEvent:
    """What was read now, with the meeting that it already had."""
    return fresh.model_copy(update={"meeting_id": old.meeting_id, "occurrence": old.occurrence} | more)


def _lasting(state: BookedState | None) -> BookedState | None:
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
    return _after(old, fresh, booked=old.booked, applied_before=applied_before, ended_as=old.ended_as)


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
    if entry.rule in {BuiltinRule.DELETED, BuiltinRule.GONE}:
        return entry
    reason = "Not recorded: the calendar no longer knows the event."
    return entry.model_copy(update={"record": False, "rule": BuiltinRule.GONE.value, "reason": reason})
