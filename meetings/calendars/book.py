"""What a calendar remembers of all its events."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict

from meetings.calendars.entry import BookedState, BookEntry, Wish
from meetings.calendars.rules import FixedRule

KEPT_FOR = timedelta(days=14)
"""How long the reason for an event can be asked for after its end."""

MOST_IDLE = 5000
"""Events without a meeting whose reasons are kept. The whole book is written anew at every change."""

_NOT_BOOKED = {"claimed": False, "before": None, "ended_as": None}


class Book(BaseModel):
    """All events of one calendar, by event id. Nothing in it changes: every method returns another book.

    An event that was held and then moved has an entry for each sitting, earlier ones under `<event id>#<number>`.
    """

    model_config = ConfigDict(frozen=True)

    calendar_id: str
    entries: dict[str, BookEntry] = {}

    def noted(
        self, seen: Iterable[BookEntry], now: datetime, *, complete: bool, gone: Collection[str] = ()
    ) -> "Book":
        """The book after a look into the calendar.

        `gone` are the ids of events that were asked for and no longer exist. `complete` says that the look covered
        everything to come: then what is to come and was not seen is gone as well.
        """
        entries = dict(self.entries)
        fresh = {entry.event_id: entry for entry in seen}
        for event_id, entry in self.entries.items():
            missed = complete and entry.wish.start_time > now
            if event_id not in fresh and (missed or (event_id in gone and not entry.is_over(now))):
                entries[event_id] = _vanished(entry)
        for event_id, entry in fresh.items():
            old = self.entries.get(event_id)
            if old and old.was_held(now) and entry.wish.start_time >= old.told.expected_end:
                entries[f"{event_id}#{old.sitting}"] = _as_told(old)
                entries[event_id] = _after(old, entry)
            else:
                entries[event_id] = _merged(old, entry, now) if old else entry
        return self.model_copy(update={"entries": _seated(entries, now)})

    def booked(self, meeting_id: str, event_id: str, told: Wish) -> "Book":
        """The book after a meeting was booked for an event, or told of its changes."""
        released = self.released(meeting_id)
        entry = self.entries[event_id]
        before = None if entry.wish == told else told
        claimed = entry.model_copy(update={"claimed": True, "before": before, "ended_as": _lasting(entry.ended_as)})
        return released.model_copy(update={"entries": released.entries | {event_id: claimed}})

    def released(self, meeting_id: str) -> "Book":
        """The book after a meeting was cancelled, as far as this calendar goes."""
        changed = {
            event_id: entry.model_copy(update=_NOT_BOOKED)
            for event_id, entry in self.entries.items()
            if entry.claimed and entry.meeting_id == meeting_id
        }
        return self.model_copy(update={"entries": self.entries | changed})

    def compared(self, states: Mapping[str, BookedState]) -> "Book":
        """The book after it was compared with Temporal: what is lost counts as not booked."""
        entries = dict(self.entries)
        for event_id, entry in self.entries.items():
            state = states.get(entry.meeting_id) if entry.claimed else None
            if state is not None and state.is_lost:
                entries[event_id] = entry.model_copy(update=_NOT_BOOKED)
            elif state is not None:
                entries[event_id] = entry.model_copy(
                    update={"ended_as": None if state is BookedState.RUNNING else state}
                )
        return self.model_copy(update={"entries": entries})

    def pruned(self, now: datetime, kept_for: timedelta = KEPT_FOR, most_idle: int = MOST_IDLE) -> "Book":
        """The book without the events that ended longer ago than `kept_for`, and with the soonest of the idle ones.

        Idle are those without a meeting: over, or not recorded. Of the others none is ever left out.
        """
        kept = {event_id: entry for event_id, entry in self.entries.items() if entry.last_end + kept_for > now}
        idle = [
            key for key, entry in kept.items() if not entry.claimed and (not entry.record or entry.is_over(now))
        ]
        for key in sorted(idle, key=lambda key: abs(kept[key].wish.start_time - now))[most_idle:]:
            del kept[key]
        return self.model_copy(update={"entries": kept})


def _after(old: BookEntry, fresh: BookEntry, **more: object) -> BookEntry:
    """What was seen now, as what it was known as."""
    return fresh.model_copy(update={"meeting_id": old.meeting_id, "sitting": old.sitting} | more)


def _lasting(state: BookedState | None) -> BookedState | None:
    """What people cancelled stays cancelled, also when its event changes."""
    return state if state is BookedState.CANCELLED else None


def _as_told(entry: BookEntry) -> BookEntry:
    return entry.model_copy(update={"wish": entry.told, "before": None})


def _merged(old: BookEntry, fresh: BookEntry, now: datetime) -> BookEntry:
    if old.is_over(now) and not fresh.record:
        return old
    if fresh.rule == FixedRule.OVER and old.told.start_time <= now:
        # It was shortened while it ran: what runs comes to its end by itself.
        return _as_told(old)
    before = old.told if old.claimed and old.told != fresh.wish else None
    return _after(old, fresh, claimed=old.claimed, before=before, ended_as=old.ended_as)


def _seated(entries: dict[str, BookEntry], now: datetime) -> dict[str, BookEntry]:
    """The entries, with new meetings for the events that take place after their meeting was held."""
    holders = {entry.meeting_id: entry for entry in entries.values() if entry.claimed}
    return {
        key: entry if entry.claimed or entry.is_over(now) else _seat(entry, holders, now)
        for key, entry in entries.items()
    }


def _seat(entry: BookEntry, holders: dict[str, BookEntry], now: datetime) -> BookEntry:
    holder = holders.get(entry.meeting_id)
    while holder and holder.was_held(now) and entry.wish.start_time >= holder.told.expected_end:
        first = entry.meeting_id.removesuffix(f"-{entry.sitting}") if entry.sitting > 1 else entry.meeting_id
        sitting = entry.sitting + 1
        entry = entry.model_copy(update={"meeting_id": f"{first}-{sitting}", "sitting": sitting})
        holder = holders.get(entry.meeting_id)
    return entry


def _vanished(entry: BookEntry) -> BookEntry:
    if entry.rule in {FixedRule.DELETED, FixedRule.GONE}:
        return entry
    reason = "Not recorded: the calendar no longer knows the event."
    return entry.model_copy(update={"record": False, "rule": FixedRule.GONE.value, "reason": reason})
