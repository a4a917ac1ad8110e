"""Plans the changes that make a calendar's meetings match its events, and works out the load of bots."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from minutekeeper.calendars.tracked_events import DesiredMeeting, TrackedEvent, TrackedEvents
from minutekeeper.meetings.fields import UtcDatetime
from minutekeeper.meetings.meeting_keys import meeting_key

_LONG_AGO = datetime.min.replace(tzinfo=UTC)

_PLACE_AND_TIME = {"start_time", "end_time", "meeting_url"}


class ChangeKind(StrEnum):
    """In the order in which changes of the same instant are made."""

    RELEASE = "release"
    """Cancel the meeting, as far as this calendar goes."""
    MOVE = "move"
    """Its time or its link changed."""
    UPDATE = "update"
    """Only its title or its bot changed."""
    BOOK = "book"
    KEEP = "keep"
    """Nothing to do, or at most to take over the claim of another event for the same meeting."""


class PlannedChange(BaseModel):
    """One meeting and what becomes of it, with the rule and the reason behind it.

    `desired` is what is to be applied, and of a release what was. `before` is what was applied to a changed one.
    """

    model_config = ConfigDict(frozen=True)

    kind: ChangeKind
    event_id: str
    meeting_id: str
    desired: DesiredMeeting
    applied: DesiredMeeting | None = None
    rule: str = ""
    reason: str = ""

    @property
    def changes(self) -> frozenset[str]:
        """The desired fields that are new to the meeting."""
        return _changed_fields(self.applied, self.desired)


class ReconcilePlan(BaseModel):
    """The tracked events with all decisions, and the changes to make, soonest meeting first."""

    model_config = ConfigDict(frozen=True)

    events: TrackedEvents
    changes: tuple[PlannedChange, ...] = ()


def make_plan(
    events: TrackedEvents,
    seen: Iterable[TrackedEvent],
    now: datetime,
    *,
    complete: bool,
    gone: Collection[str] = (),
) -> ReconcilePlan:
    """The plan after the calendar was read, see `TrackedEvents.with_snapshot`."""
    return plan_changes(events.with_snapshot(seen, now, complete=complete, gone=gone), now)


def plan_changes(snapshot: TrackedEvents, now: datetime) -> ReconcilePlan:
    """The plan for events as they were read.

    Only what was seen to be unwanted, or is missing from a complete reading, is released. Meetings that are over
    are left alone; those under way are not.
    """
    meetings: defaultdict[str, list[TrackedEvent]] = defaultdict(list)
    for entry in snapshot.entries.values():
        meetings[entry.meeting_id].append(entry)
    changes = [change for entries in meetings.values() if (change := _change_for(entries, now))]
    order = list(ChangeKind)
    changes.sort(key=lambda each: (each.desired.start_time, order.index(each.kind), each.meeting_id))
    return ReconcilePlan(events=snapshot, changes=tuple(changes))


def apply_change(events: TrackedEvents, change: PlannedChange) -> TrackedEvents:
    """The tracked events once a change is made. Repeating it has no further effect."""
    if change.kind is ChangeKind.RELEASE:
        return events.without_booking(change.meeting_id)
    return events.with_booking(change.meeting_id, change.event_id, change.desired)


def _change_for(entries: list[TrackedEvent], now: datetime) -> PlannedChange | None:
    """What becomes of one meeting, from the events that stand for it in this calendar."""
    holder = next((entry for entry in entries if entry.booked), None)
    wanting = [entry for entry in entries if entry.record and not entry.is_over(now)]
    if wanting:
        # The one that has the meeting decides, so that two copies of one invitation do not alternate.
        leader = max(wanting, key=lambda each: (each.booked, each.updated_at or _LONG_AGO, each.event_id))
        return _change_towards(leader, holder)
    if holder is None or holder.was_held(now):
        return None
    return _change(ChangeKind.RELEASE, holder, holder.applied)


def _change_towards(leader: TrackedEvent, holder: TrackedEvent | None) -> PlannedChange:
    if holder is None:
        return _change(ChangeKind.BOOK, leader, leader.desired)
    changed = _changed_fields(holder.applied, leader.desired)
    if not changed:
        return _change(ChangeKind.KEEP, leader, leader.desired)
    kind = ChangeKind.MOVE if changed & _PLACE_AND_TIME else ChangeKind.UPDATE
    return _change(kind, leader, leader.desired, holder.applied)


def _change(
    kind: ChangeKind, entry: TrackedEvent, desired: DesiredMeeting, before: DesiredMeeting | None = None
) -> PlannedChange:
    return PlannedChange(
        kind=kind,
        event_id=entry.event_id,
        meeting_id=entry.meeting_id,
        desired=desired,
        applied=before,
        rule=entry.rule,
        reason=entry.reason,
    )


def _changed_fields(before: DesiredMeeting | None, desired: DesiredMeeting) -> frozenset[str]:
    if before is None:
        return frozenset()
    names = DesiredMeeting.model_fields
    return frozenset(name for name in names if getattr(before, name) != getattr(desired, name))


class PeakLoad(BaseModel):
    """So many bots, in the time that begins at `since`; None if there are none."""

    model_config = ConfigDict(frozen=True)

    bots: int = 0
    since: UtcDatetime | None = None


class BotLoad(BaseModel):
    """Hours and days are any 60 minutes and any 24 hours, as providers count them, and not those of a clock."""

    model_config = ConfigDict(frozen=True)

    bots: int
    busiest_hour: PeakLoad
    busiest_day: PeakLoad
    at_once: PeakLoad


def bot_load(changes: Iterable[PlannedChange]) -> BotLoad:
    """The bots of all meetings that a plan books or leaves booked, each from its start to its expected end.

    A bot that may stay for some minutes after the planned end (`leave_at_end`) counts for these minutes as well.
    """
    meetings = [change.desired for change in changes if change.kind is not ChangeKind.RELEASE]
    starts = sorted(meeting.start_time for meeting in meetings)
    return BotLoad(
        bots=len(starts),
        busiest_hour=_busiest(starts, timedelta(hours=1)),
        busiest_day=_busiest(starts, timedelta(days=1)),
        at_once=_most_at_once(_stays(meetings)),
    )


def _stays(meetings: Iterable[DesiredMeeting]) -> Iterator[tuple[datetime, datetime]]:
    """When each meeting's bot comes and leaves; it leaves for the next meeting in its room."""
    rooms: defaultdict[str, list[DesiredMeeting]] = defaultdict(list)
    for meeting in meetings:
        rooms[meeting_key(meeting.meeting_url)].append(meeting)
    for in_room in rooms.values():
        starts = sorted(meeting.start_time for meeting in in_room)
        for meeting in in_room:
            following = bisect_left(starts, meeting.expected_end)
            next_start = starts[following] if following < len(starts) else meeting.leaves_at
            yield meeting.start_time, min(meeting.leaves_at, next_start)


def _busiest(starts: Sequence[datetime], span: timedelta) -> PeakLoad:
    """The fullest stretch of that length, its end not counted. `starts` are in order."""
    peak, first = PeakLoad(), 0
    for number, start in enumerate(starts, start=1):
        while starts[first] <= start - span:
            first += 1
        if number - first > peak.bots:
            peak = PeakLoad(bots=number - first, since=starts[first])
    return peak


def _most_at_once(meetings: Iterable[tuple[datetime, datetime]]) -> PeakLoad:
    # At the same instant a bot leaves before the next one comes.
    turns = sorted(turn for start, end in meetings for turn in ((start, 1), (end, -1)))
    peak, present = PeakLoad(), 0
    for instant, change in turns:
        present += change
        if present > peak.bots:
            peak = PeakLoad(bots=present, since=instant)
    return peak
